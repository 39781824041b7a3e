// SPDX-License-Identifier: Apache-2.0
// From final states to one vector.
#include "engine/schedule/embedding.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tendril::engine {

TextEmbedding::TextEmbedding(RequestId id, EmbedRequest request, EventSink sink)
    : Task(id, Priority::background, std::move(request.tokens), std::move(sink), request.cache),
      mean_(request.pooling.value_or(Pooling::mean) == Pooling::mean) {
    if (request.pooling == Pooling::first) {
        tokens_.resize(1);  // no token changes the state of one in front of it
    }
}

void TextEmbedding::started(std::size_t reused) {
    reused_ = std::max(reused_, reused);
    sum_.clear();  // after a pause all rows come again
}

void TextEmbedding::take(std::size_t, std::span<float> state) {
    sum_.resize(state.size());
    for (std::size_t i = 0; i < state.size(); ++i) {
        sum_[i] += static_cast<double>(state[i]);
    }
}

void TextEmbedding::step_done(std::size_t, std::size_t) {
    if (finished() || pending() > 0) {
        return;
    }
    const double by = mean_ ? 1.0 / static_cast<double>(tokens_.size()) : 1.0;
    EmbeddedEvent result;
    result.vector.reserve(sum_.size());
    for (const double value : sum_) {
        if (!std::isfinite(value)) {
            fail_with({ErrorCode::malformed,
                       "The model gave numbers that are not finite; its file may be damaged.", "embed"});
            return;
        }
        result.vector.push_back(static_cast<float>(value * by));
    }
    end(std::move(result));
}

void TextEmbedding::cancel() {
    fail_with({ErrorCode::cancelled, "Embedding the text was stopped.", {}});
}

}  // namespace tendril::engine
