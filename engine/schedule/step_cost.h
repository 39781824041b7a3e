// SPDX-License-Identifier: Apache-2.0
// What a step of M rows costs on this machine with this model: t(M), learnt from the steps themselves. Chunk
// sizes and draft lengths are decided from it. Pure arithmetic; owned by the engine thread.
#pragma once

#include <array>
#include <cstddef>

namespace tendril::engine {

class StepCost {
  public:
    static constexpr std::size_t kSmall = 33;  ///< steps of fewer rows than this are remembered one by one

    void record(std::size_t rows, double milliseconds);
    /// Expected time of a step; 0 while nothing is known. Between known row counts: interpolated.
    double milliseconds(std::size_t rows) const;
    bool knows(std::size_t rows) const { return rows < kSmall && small_[rows] > 0; }
    /// How many prefill rows may join `other_rows` so that the step takes about `target` milliseconds, at
    /// least `least` and at most `most`. A guess of `least` while nothing is known.
    std::size_t prefill_rows(std::size_t other_rows, double target, std::size_t least,
                             std::size_t most) const;

  private:
    std::array<double, kSmall> small_{};  // moving averages, 0 = unknown
    double per_row_ = 0;                  // of larger steps
};

}  // namespace tendril::engine
