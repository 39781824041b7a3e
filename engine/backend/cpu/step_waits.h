// SPDX-License-Identifier: Apache-2.0
// How the threads of the pool spend their waits within a step when other programs want the cores too
// (ThreadPool::keep_together()). Engine thread; the CPU backend's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

/// Steps that the calling thread computes for longer are long: about half of an ordinary program's turn on a
/// core (4 ms at 250 Hz). Most shorter ones end before a thread of ours loses its core, and then asleep is
/// better.
inline constexpr std::chrono::microseconds kLongStep{2000};

class StepWaits {
  public:
    using Seconds = std::chrono::duration<double>;
    /// `clock`: the time that the calling thread had a core; tests give their own.
    explicit StepWaits(ThreadPool& pool, Seconds (*clock)() = computing_time);

    /// The layers of a step of so many rows begin.
    void begin(std::size_t rows);
    /// The logits of that step begin.
    void begin_logits();
    void end();

    static Seconds computing_time();

  private:
    static constexpr unsigned kAgain = 64;  // steps until a long one is measured again

    ThreadPool& pool_;
    Seconds (*clock_)();
    std::array<Seconds, kFewRows + 1> times_{};  // [rows] of the last step that was measured
    Seconds began_{};
    std::size_t rows_ = 0;
    unsigned steps_ = 0;
    bool together_ = false;
    bool measures_ = false;
};

}  // namespace tendril::engine
