// SPDX-License-Identifier: Apache-2.0
// A request for the log-probabilities of a given text. The rows in front of the tokens that are scored want
// logits, so only what stands before those is taken from the cache. Owned by the scheduler.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/schedule/task.h"

namespace tendril::engine {

/// log-softmax in place, [vocabulary]; sums in double. False when a logit is not finite (minus infinity may
/// occur).
bool log_softmax(std::span<float> logits);
/// One of them alone, with the same bits; none as above.
std::optional<float> log_probability(std::span<const float> logits, std::size_t index);

class Scoring final : public Task {
  public:
    /// At least two tokens, at most context + 1, all below the vocabulary; `from` is one of them.
    Scoring(RequestId id, ScoreRequest request, EventSink sink);

    /// How many first tokens of a request need no logits behind them.
    static std::size_t unscored(const ScoreRequest& request) {
        return request.from > 0 ? request.from - std::size_t{1} : 0;
    }
    std::size_t reusable() const override { return first_row_; }
    std::size_t worth_keeping() const override { return keep_ ? tokens_.size() : std::max(reused_, shared); }
    bool wants_logits(std::size_t position) const override { return position >= first_row_; }
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> logits) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    TokenId last_;           // is scored, but its own row is not needed
    std::size_t first_row_;  // whose logits are wanted
    std::uint32_t top_;
    bool keep_;
    std::size_t reused_ = 0;
    std::vector<TokenId> order_;
    ScoredEvent result_;
};

}  // namespace tendril::engine
