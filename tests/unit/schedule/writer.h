// SPDX-License-Identifier: Apache-2.0
// A task that writes and keeps all logits, texts put together of others, and how far two texts' logits are
// apart. For tests and measurements. One thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "engine/schedule/scheduler.h"
#include "engine/schedule/scoring.h"
#include "tests/support/random_tokens.h"
#include "tests/unit/cache/cache_faults.h"

namespace tendril::test {

using namespace engine;

using Logits = std::vector<std::vector<float>>;

struct Written {
    Logits logits;                ///< of the rows that were asked for
    std::vector<TokenId> tokens;  ///< the most likely ones, drawn from them
    std::size_t reused = 0;
    std::size_t moved = 0;
    bool ended = false;
};

/// Writes the most likely tokens behind a text, or only reads it, and keeps all logits behind `first` tokens.
class Writer final : public Task {
  public:
    /// `answer`: 0 reads only.
    Writer(RequestId id, std::vector<TokenId> text, std::size_t first, std::size_t answer, Written& written,
           std::vector<MovedText> moved = {}, CacheScope scope = {})
        : Task(
              id, Priority::interactive, std::move(text), [](RequestId, const Event&) {}, scope),
          first_(first),
          answer_(answer),
          written_(written) {
        set_moved(std::move(moved));
    }
    std::size_t reusable() const override { return answer_ == 0 ? first_ : tokens_.size() - 1; }
    bool wants_logits(std::size_t position) const override {
        return answer_ == 0 ? position >= first_ : position + 1 >= tokens_.size();
    }
    void started(std::size_t reused) override {
        if (!std::exchange(ran_, true)) {
            written_.reused = reused;
        }
        if (on_started) {
            on_started(*this);
        }
    }
    void take(std::size_t, std::span<float> logits) override {
        written_.logits.emplace_back(logits.begin(), logits.end());
        if (written_.tokens.size() < answer_) {
            const auto best = std::max_element(logits.begin(), logits.end());
            written_.tokens.push_back(static_cast<TokenId>(best - logits.begin()));
            if (written_.tokens.size() < answer_) {
                tokens_.push_back(written_.tokens.back());
            }
        }
    }
    void step_done(std::size_t, std::size_t) override {
        if (answer_ == 0 ? pending() == 0 : written_.tokens.size() == answer_) {
            written_.moved = moved_tokens;
            written_.ended = true;
            end(Error{});
        }
    }
    void cancel() override { fail_with({}); }
    std::function<void(Task&)> on_started;  ///< to break what a test must notice

  private:
    std::size_t first_;
    std::size_t answer_;
    Written& written_;
    bool ran_ = false;
};

/// A text made of others: `start`, then the last `lengths` tokens of each context, each behind `glue`, then
/// `rest`.
struct Stitched {
    std::vector<TokenId> tokens;
    std::vector<MovedText> moved;
    std::size_t end = 0;  ///< of the last stretch
};

inline Stitched stitch(const std::vector<TokenId>& start, const std::vector<std::vector<TokenId>>& contexts,
                       const std::vector<std::size_t>& lengths, const std::vector<TokenId>& glue,
                       const std::vector<TokenId>& rest) {
    Stitched made{start, {}, 0};
    for (std::size_t i = 0; i < contexts.size(); ++i) {
        made.tokens = joined(std::move(made.tokens), glue);
        const auto at = static_cast<std::uint32_t>(made.tokens.size());
        made.moved.push_back({at, contexts[i], static_cast<std::uint32_t>(lengths[i])});
        made.tokens.insert(made.tokens.end(), contexts[i].end() - static_cast<std::ptrdiff_t>(lengths[i]),
                           contexts[i].end());
    }
    made.end = made.tokens.size();
    made.tokens = joined(std::move(made.tokens), rest);
    return made;
}

/// Logits of all rows from `first` on.
inline Written read(Scheduler& scheduler, const std::vector<TokenId>& tokens, std::size_t first,
                    std::vector<MovedText> moved = {}, std::function<void(Task&)> on_started = {}) {
    Written written;
    auto task = std::make_unique<Writer>(1, tokens, first, 0, written, std::move(moved));
    task->on_started = std::move(on_started);
    scheduler.add(std::move(task));
    const std::atomic<bool> interrupt{false};
    while (!scheduler.idle()) {
        scheduler.step(interrupt);
    }
    return written;
}

/// Moved keys are then taken as if they had been written where they stand.
inline void forget_deltas(Task& task) {
    for (Task::Stretch& stretch : task.stretches) {
        CacheFaults::set_deltas(stretch.pages, -static_cast<std::int32_t>(stretch.at));
    }
}

/// Mean over the rows of KL(exact || other), natural.
inline double mean_kl(Logits exact, Logits other) {
    double sum = 0;
    for (std::size_t row = 0; row < exact.size(); ++row) {
        log_softmax(exact[row]);
        log_softmax(other[row]);
        for (std::size_t i = 0; i < exact[row].size(); ++i) {
            const double p = static_cast<double>(exact[row][i]);
            sum += std::exp(p) * (p - static_cast<double>(other[row][i]));
        }
    }
    return sum / static_cast<double>(std::max<std::size_t>(exact.size(), 1));
}

inline float farthest(const Logits& a, const Logits& b) {
    float most = a.size() == b.size() ? 0.0F : 1e9F;
    for (std::size_t row = 0; row < std::min(a.size(), b.size()); ++row) {
        for (std::size_t i = 0; i < a[row].size(); ++i) {
            most = std::max(most, std::abs(a[row][i] - b[row][i]));
        }
    }
    return most;
}

}  // namespace tendril::test
