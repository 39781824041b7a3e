// SPDX-License-Identifier: Apache-2.0
// Measures t(M), the cost of a step of M rows with logits for each, one step at a time, so that it can be
// done in idle moments. The rows are branches of one text of 128 tokens. Owned by the engine thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/cache/kv_cache.h"
#include "engine/model/forward.h"
#include "engine/requests.h"

namespace tendril::engine {

/// M of t(M).
inline constexpr std::array<std::uint32_t, 10> kCurveRows = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

class CurveMeter {
  public:
    /// `samples` of each M, after one that does not count. Holds no pages between two steps.
    CurveMeter(ForwardPass& forward, KvCache& cache, std::size_t samples);

    bool done() const { return next_ == kCurveRows.size() * (samples_ + 1); }
    enum class Outcome : std::uint8_t { measured, interrupted /* to be done again */, no_room };
    /// One step. With few free pages the rows share branches; nothing that is kept is let go for a
    /// measurement.
    Outcome step(const std::atomic<bool>& interrupt);
    /// Medians, once done.
    std::vector<CurvePoint> result() const;

  private:
    bool lay_out(std::vector<View>& branches, std::size_t rows);

    ForwardPass& forward_;
    KvCache& cache_;
    std::size_t samples_;
    std::size_t next_ = 0;  // all M in turn, so that a busy moment spoils one sample of each
    std::array<std::vector<double>, kCurveRows.size()> times_;
    std::minstd_rand random_{20240229};
    std::vector<TokenId> tokens_;
    std::vector<std::int32_t> positions_;
    std::vector<StepView> views_;
    std::vector<std::uint32_t> wanted_;
};

}  // namespace tendril::engine
