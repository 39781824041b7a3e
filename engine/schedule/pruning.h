// SPDX-License-Identifier: Apache-2.0
// A request to keep of a text's keys and values those that matter (PruneRequest): the text is read, then its
// last part is repeated in chunks while the attention of those rows is measured (KVzip, arXiv 2505.23416),
// and the most looked at keys of each layer and head are gathered in pages of their own. The text itself
// stays as it is until all is done. Owned by the scheduler, on the engine thread.
#pragma once

#include <span>
#include <vector>

#include "engine/cache/kv_cache.h"
#include "engine/schedule/task.h"

namespace tendril::engine {

/// What pruning has to know of a model.
struct PruneShape {
    std::size_t layers = 0;
    std::size_t kv_heads = 0;
    std::size_t context = 0;
};

class Pruning final : public Task {
  public:
    /// How many tokens are repeated at once at most, with `ask` tokens in front; 0: the context has no room.
    static std::size_t longest_chunk(const PruneRequest& request, std::size_t context);

    /// The request is a stretch of a text that the context holds, its `ask` is not empty; the cache has no
    /// windows; the backend can measure longest_chunk() keys.
    Pruning(RequestId id, PruneRequest request, EventSink sink, Clock::time_point submitted, KvCache& cache,
            PruneShape shape);

    std::size_t reusable() const override { return phase_ == Phase::looking ? looking_from_ : text_; }
    std::size_t worth_keeping() const override { return text_; }
    std::size_t worth_keeping_for_itself() const override { return text_; }
    bool wants_logits(std::size_t) const override { return false; }
    std::optional<StepWatch> watch() override;
    bool has_piece() const override { return phase_ == Phase::gathering; }
    void do_piece() override;
    void paused() override;
    void started(std::size_t reused) override;
    void take(std::size_t, std::span<float>) override {}
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    enum class Phase : std::uint8_t { reading, looking, gathering };

    void look_on();
    void look_at_chunk();
    void look_back();
    void take_measures();
    void gather_layer();
    std::vector<std::uint32_t> wanted_keys(std::size_t layer, std::size_t head) const;
    void finish();

    PruneRequest request_;  // without its tokens
    KvCache& cache_;
    PruneShape shape_;
    Clock::time_point submitted_;
    std::uint64_t key_;
    std::size_t text_;  // tokens of it
    std::size_t kept_;  // keys of the stretch
    Phase phase_ = Phase::reading;
    std::size_t chunk_ = 0;       // its first token in the stretch; what is in front has been looked at
    std::size_t chunk_size_ = 0;  // of the one that is being repeated
    std::size_t looking_from_ = 0;
    std::vector<float> measures_;  // [layer][head][keys of the chunk], of the step or chunk that runs
    std::vector<float> scores_;    // [layer][head][length]
    std::size_t layer_ = 0;        // to be gathered next
    View made_;
};

}  // namespace tendril::engine
