// SPDX-License-Identifier: Apache-2.0
// Teacher-forced log-probabilities.
#include "engine/schedule/scoring.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tendril::engine {
namespace {

std::vector<TokenId> without_last(const std::vector<TokenId>& tokens) {
    return {tokens.begin(), tokens.end() - 1};
}

}  // namespace

bool log_softmax(std::span<float> logits) {
    float best = -std::numeric_limits<float>::infinity();
    for (const float logit : logits) {
        if (!(logit <= std::numeric_limits<float>::max())) {
            return false;
        }
        best = std::max(best, logit);
    }
    if (!std::isfinite(best)) {
        return false;
    }
    double sum = 0;
    for (const float logit : logits) {
        sum += static_cast<double>(std::exp(logit - best));
    }
    const float log_sum = best + static_cast<float>(std::log(sum));
    for (float& logit : logits) {
        logit -= log_sum;
    }
    return true;
}

Scoring::Scoring(RequestId id, ScoreRequest request, EventSink sink)
    : Task(id, Priority::background, without_last(request.tokens), std::move(sink), request.cache),
      last_(request.tokens.back()),
      first_row_(unscored(request)),
      top_(request.top) {
    set_moved(std::move(request.moved));
    result_.tokens.reserve(tokens_.size() - first_row_);
}

void Scoring::started(std::size_t) {
    result_.tokens.clear();  // after a pause the wanted rows come again from the first
}

void Scoring::take(std::size_t position, std::span<float> logits) {
    if (!log_softmax(logits)) {
        fail_with({ErrorCode::malformed,
                   "The model gave numbers that are not finite; its file may be damaged.", "score"});
        return;
    }
    ScoredToken scored;
    scored.token = position + 1 < tokens_.size() ? tokens_[position + 1] : last_;
    scored.logprob = logits[static_cast<std::size_t>(scored.token)];
    const std::size_t top = std::min<std::size_t>(top_, logits.size());
    if (top > 0) {
        order_.resize(logits.size());
        std::iota(order_.begin(), order_.end(), 0);
        const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(top);
        std::partial_sort(order_.begin(), middle, order_.end(), [&](TokenId a, TokenId b) {
            const float left = logits[static_cast<std::size_t>(a)];
            const float right = logits[static_cast<std::size_t>(b)];
            return left > right || (left == right && a < b);
        });
        for (auto token = order_.begin(); token != middle; ++token) {
            scored.top.emplace_back(*token, logits[static_cast<std::size_t>(*token)]);
        }
    }
    result_.tokens.push_back(std::move(scored));
}

void Scoring::step_done(std::size_t, std::size_t) {
    if (!finished() && pending() == 0) {
        end(std::move(result_));
    }
}

void Scoring::cancel() {
    fail_with({ErrorCode::cancelled, "The scoring was stopped.", {}});
}

}  // namespace tendril::engine
