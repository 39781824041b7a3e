// SPDX-License-Identifier: Apache-2.0
// A request to read tokens into the cache, so that a later one need not: while the user types, or between two
// turns. Draws nothing. Owned by the scheduler, on the engine thread.
#pragma once

#include "engine/schedule/task.h"

namespace tendril::engine {

class Prefill final : public Task {
  public:
    /// The ids are below the vocabulary, and there are not more of them than the context holds.
    Prefill(RequestId id, PrefillRequest request, EventSink sink, Clock::time_point submitted);

    std::size_t reusable() const override { return tokens_.size(); }
    bool unhurried() const override { return true; }
    bool wants_logits(std::size_t position) const override {
        return losses_ && position + 1 < tokens_.size();
    }
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> logits) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    void finish(bool complete);

    PrefilledEvent result_;
    bool losses_;
    bool ran_ = false;
    Clock::time_point submitted_;
};

}  // namespace tendril::engine
