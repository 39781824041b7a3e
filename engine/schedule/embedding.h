// SPDX-License-Identifier: Apache-2.0
// A request for a vector that stands for a text: final states, drawn from nothing. Owned by the scheduler, on
// the engine thread.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/schedule/task.h"

namespace tendril::engine {

class TextEmbedding final : public Task {
  public:
    /// The tokens are below the vocabulary; at least one, and not more than the context holds.
    TextEmbedding(RequestId id, EmbedRequest request, EventSink sink);

    std::size_t reusable() const override { return mean_ ? 0 : tokens_.size() - 1; }
    std::size_t worth_keeping() const override { return std::max(reused_, shared); }
    bool wants_states() const override { return true; }
    bool wants_logits(std::size_t position) const override { return mean_ || position + 1 == tokens_.size(); }
    void started(std::size_t reused) override;
    void take(std::size_t position, std::span<float> state) override;
    void step_done(std::size_t drafted, std::size_t accepted) override;
    void cancel() override;

  private:
    bool mean_;
    std::size_t reused_ = 0;
    std::vector<double> sum_;  // [width], of the states so far
};

}  // namespace tendril::engine
