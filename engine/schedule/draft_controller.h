// SPDX-License-Identifier: Apache-2.0
// Decides how many guessed tokens are worth their rows: more while they are right and rows are cheap, none
// where a plain step is quicker. Owned by a generation, on the engine thread.
#pragma once

#include <cstddef>

#include "engine/schedule/step_cost.h"

namespace tendril::engine {

class DraftController {
  public:
    static constexpr std::size_t kMost = 8;

    /// The number of guesses, up to `available`, that brings most tokens per millisecond beside `other_rows`
    /// rows of the step. Expected tokens of a step with n guesses that are right with probability a: (1 -
    /// a^(n+1)) / (1 - a).
    std::size_t choose(const StepCost& cost, std::size_t other_rows, std::size_t available);
    void record(std::size_t drafted, std::size_t accepted);

    double acceptance() const { return acceptance_; }

  private:
    double acceptance_ = 0.7;  // moving average over guessed tokens; the beginning is a hope
    std::size_t refused_ = 0;  // steps in a row for which guesses were at hand but not worth it
};

}  // namespace tendril::engine
