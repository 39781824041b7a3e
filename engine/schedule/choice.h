// SPDX-License-Identifier: Apache-2.0
// A request for the log-probabilities of a few tokens behind a prompt: one row's logits, nothing drawn. Owned
// by the scheduler, on the engine thread.
#pragma once

#include <vector>

#include "engine/schedule/task.h"

namespace tendril::engine {

class Choice final : public Task {
  public:
    /// The prompt is not empty and not longer than the context; the options are below the vocabulary.
    Choice(RequestId id, ChooseRequest request, EventSink sink, Clock::time_point submitted);

    std::size_t reusable() const override { return tokens_.size() - 1; }
    /// A question about a text is nobody's text.
    std::size_t worth_keeping() const override;
    bool wants_logits(std::size_t position) const override { return position + 1 == tokens_.size(); }
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> logits) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    std::vector<TokenId> options_;
    ChosenEvent result_;
    std::size_t keep_;
    bool ran_ = false;
    bool chosen_ = false;
    Clock::time_point submitted_;
};

}  // namespace tendril::engine
