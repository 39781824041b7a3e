// SPDX-License-Identifier: Apache-2.0
// Views of several segments over strands of keys and values, for the tests of attention: what a backend makes
// of them, and the definition in double precision.
#pragma once

#include <string>

#include "tests/ops/ops_fixture.h"

namespace tendril::engine::test {

/// Positions that were written one after the other, as a conversation writes them.
struct Strand {
    std::size_t start = 0;  ///< slot of the first, within the first page
    std::size_t length = 0;
};

/// Positions [first, first + length) of a strand.
struct Piece {
    std::size_t strand = 0;
    std::size_t first = 0;
    std::size_t length = 0;
    std::int32_t delta = 0;
};

struct SceneView {
    std::vector<Piece> pieces;
    std::size_t rows = 1;
};

struct SceneSetup {
    std::string what;
    std::size_t kv_heads = 2;
    std::size_t shared = 3;
    std::size_t size = 64;
    std::vector<Strand> strands;
    std::vector<SceneView> views;
    std::size_t window = 0;
    float softcap = 0.0F;
    KvType type = KvType::f16;
    bool window_group = false;  ///< keys and values lie in the window group, ids let go where nobody looks
    bool plain = false;         ///< normal values, without the usual one in 50 that is ten times as large
    float outlier = 0.0F;       ///< added to two channels of each key
    RopeSettings rope{};
};

class Scene {
  public:
    Scene(SceneSetup setup, unsigned seed);

    /// Pages of this backend with all strands stored, `chunk` positions a step.
    std::unique_ptr<KvPages> fill(Backend& backend, std::size_t chunk = 1000) const;
    /// Rows of the named views (all when empty), one after the other.
    std::vector<float> attend(Backend& backend, const KvPages& pages,
                              std::span<const std::size_t> views = {}) const;
    std::vector<float> run(Backend& backend, std::size_t chunk = 1000) const {
        return attend(backend, *fill(backend, chunk));
    }

    enum class Rounding : std::uint8_t { exact, as_stored, unturned };
    /// In double; keys and values as they are, as the type keeps them, or rounded without the Hadamard turn.
    /// `planted`: as a backend that forgets every delta would have it.
    std::vector<float> by_definition(Rounding rounding = Rounding::as_stored, bool planted = false) const;

    const SceneSetup& setup() const { return setup_; }
    std::size_t q_width() const { return setup_.kv_heads * setup_.shared * setup_.size; }
    std::size_t kv_width() const { return setup_.kv_heads * setup_.size; }
    std::size_t page_count() const { return page_count_; }
    std::size_t length(std::size_t view) const;
    /// Other page ids for a strand, with the same contents after the next fill().
    std::size_t add_copy_of(std::size_t strand);
    void use_strand(std::size_t view, std::size_t piece, std::size_t strand) {
        setup_.views[view].pieces[piece].strand = strand;
    }

  private:
    struct Written {
        std::vector<float> keys, values;  // [length][kv_width]
        std::vector<PageId> pages;
    };
    std::vector<float> rounded(std::span<const float> head, Rounding rounding) const;
    Written rounded(const Written& written, Rounding rounding) const;
    void one_head(const SceneView& view, std::size_t row, std::size_t kv_head,
                  const std::vector<Written>& strands, bool planted, const float* q, float* out) const;

    SceneSetup setup_;
    Random random_;
    std::size_t page_count_ = 0;
    std::vector<PageId> free_;
    std::vector<Written> written_;
    std::vector<std::vector<float>> queries_;  // [view][rows][q_width]
};

constexpr double kLargestValue = 30.0;  // random_rows: ten times three sigma

bool same_bits(std::span<const float> a, std::span<const float> b);

}  // namespace tendril::engine::test
