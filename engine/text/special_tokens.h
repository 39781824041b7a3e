// SPDX-License-Identifier: Apache-2.0
// Tokens that are not made of merges: which ids begin and end texts, and the search for special texts.
// Immutable after creation; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/gguf.h"
#include "engine/text/vocabulary.h"
#include "engine/types.h"

namespace tendril::engine {

/// The ids with a role, as the file names them or as their texts tell.
struct SpecialRoles {
    std::optional<TokenId> bos;
    std::optional<TokenId> eos;
    std::optional<TokenId> unknown;
    bool adds_bos = false;
    bool adds_eos = false;
    std::vector<TokenId> ends;  ///< sorted: every token that ends an answer

    /// May change types in `vocabulary`: "<|im_end|>" is a control token whatever the file says.
    /// Out-of-range ids are ignored with a warning.
    static SpecialRoles read(const GgufFile& file, Vocabulary& vocabulary, const SpecialRoles& defaults,
                             std::vector<std::string>& warnings);
};

struct TrieDraft;

/// Finds special texts: leftmost, then longest, as HF tokenizers do. A walk is at most kMaxText bytes, so a
/// search is linear.
class SpecialMatcher {
  public:
    static constexpr std::size_t kMaxText = 512;
    static constexpr std::size_t kMaxNodes = std::size_t{1} << 22;

    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
        TokenId id = -1;  ///< -1: none, begin = end = text.size()
    };

    SpecialMatcher() = default;
    SpecialMatcher(const Vocabulary& vocabulary, std::vector<std::string>& warnings);
    /// The next match from `from` on. User-defined tokens always match, control and unknown tokens only with
    /// `control`.
    Match next(std::string_view text, std::size_t from, bool control) const;

  private:
    struct Node {
        std::uint32_t children = 0;  // index of the first; they lie together, sorted by byte
        std::uint16_t child_count = 0;
        unsigned char byte = 0;
        bool control = false;
        TokenId id = -1;
    };
    void pack(const std::vector<TrieDraft>& draft);
    std::uint32_t child_of(std::uint32_t node, unsigned char byte) const;  // 0: none

    std::vector<Node> nodes_ = std::vector<Node>(1);
    std::array<std::array<bool, 256>, 2> first_{};  // [control] bytes that begin a special text
};

}  // namespace tendril::engine
