// SPDX-License-Identifier: Apache-2.0
// A request for the log-probabilities of a given text. All its rows want logits, so nothing is taken from the
// cache. Owned by the scheduler.
#pragma once

#include <vector>

#include "engine/schedule/task.h"

namespace tendril::engine {

/// log-softmax in place, [vocabulary]; sums in double. False when a logit is not finite (minus infinity may
/// occur).
bool log_softmax(std::span<float> logits);

class Scoring final : public Task {
  public:
    /// At least two tokens, at most context + 1, all below the vocabulary.
    Scoring(RequestId id, ScoreRequest request, EventSink sink);

    std::size_t reusable() const override { return 0; }
    bool wants_logits(std::size_t) const override { return true; }
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> logits) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    TokenId last_;  // is scored, but its own row is not needed
    std::uint32_t top_;
    std::vector<TokenId> order_;
    ScoredEvent result_;
};

}  // namespace tendril::engine
