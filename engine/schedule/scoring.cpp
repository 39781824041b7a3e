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

/// The logarithm of the sum of exponentials.
std::optional<float> log_sum_of(std::span<const float> logits) {
    float best = -std::numeric_limits<float>::infinity();
    for (const float logit : logits) {
        if (!(logit <= std::numeric_limits<float>::max())) {
            return std::nullopt;
        }
        best = std::max(best, logit);
    }
    if (!std::isfinite(best)) {
        return std::nullopt;
    }
    double sum = 0;
    for (const float logit : logits) {
        sum += static_cast<double>(std::exp(logit - best));
    }
    return best + static_cast<float>(std::log(sum));
}

}  // namespace

bool log_softmax(std::span<float> logits) {
    const std::optional<float> log_sum = log_sum_of(logits);
    if (!log_sum) {
        return false;
    }
    for (float& logit : logits) {
        logit -= *log_sum;
    }
    return true;
}

std::optional<float> log_probability(std::span<const float> logits, std::size_t index) {
    const std::optional<float> log_sum = log_sum_of(logits);
    return log_sum ? std::optional(logits[index] - *log_sum) : std::nullopt;
}

Scoring::Scoring(RequestId id, ScoreRequest request, EventSink sink)
    : Task(id, request.priority, without_last(request.tokens), std::move(sink), request.cache),
      last_(request.tokens.back()),
      first_row_(unscored(request)),
      top_(request.top),
      keep_(request.keep) {
    set_moved(std::move(request.moved));
    result_.tokens.reserve(tokens_.size() - first_row_);
}

void Scoring::started(std::size_t reused) {
    reused_ = std::max(reused_, reused);
    result_.tokens.clear();  // after a pause the wanted rows come again from the first
}

void Scoring::take(std::size_t position, std::span<float> logits) {
    ScoredToken scored;
    scored.token = position + 1 < tokens_.size() ? tokens_[position + 1] : last_;
    const auto token = static_cast<std::size_t>(scored.token);
    const std::size_t top = std::min<std::size_t>(top_, logits.size());
    std::optional<float> logprob;
    if (top == 0) {
        logprob = log_probability(logits, token);
    } else if (log_softmax(logits)) {
        logprob = logits[token];
    }
    if (!logprob) {
        fail_with({ErrorCode::malformed,
                   "The model gave numbers that are not finite; its file may be damaged.", "score"});
        return;
    }
    scored.logprob = *logprob;
    if (top > 0) {
        order_.resize(logits.size());
        std::iota(order_.begin(), order_.end(), 0);
        const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(top);
        std::partial_sort(order_.begin(), middle, order_.end(), [&](TokenId a, TokenId b) {
            const float left = logits[static_cast<std::size_t>(a)];
            const float right = logits[static_cast<std::size_t>(b)];
            return left > right || (left == right && a < b);
        });
        for (auto best = order_.begin(); best != middle; ++best) {
            scored.top.emplace_back(*best, logits[static_cast<std::size_t>(*best)]);
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
