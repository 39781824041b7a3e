// SPDX-License-Identifier: Apache-2.0
// Fork-join over small pieces, for one caller (the engine thread). Built to share the machine: pieces are
// taken one at a time from a counter, so a thread that lost its core delays its own piece only; threads that
// wait spin shortly, yield, then sleep, and all ask the system for short turns. Beside other busy programs
// they sleep at once (machine_load.h), or within long steps stay together (step_waits.h).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "engine/backend/cpu/machine_load.h"

namespace tendril::engine {

/// Steps of more rows read prompts: their pieces take long.
inline constexpr std::size_t kFewRows = 32;

using MakeLoadReader = std::function<std::unique_ptr<LoadReader>(const std::vector<clockid_t>& others)>;

class ThreadPool {
  public:
    /// `threads` counts the caller, which should be the thread that makes the pool (see
    /// ask_for_short_turns(); the others inherit it); 0 and 1 mean: no other thread. `make_reader` is given
    /// the clocks of the other threads; none, or a null reader: threads that
    /// wait always spin first.
    explicit ThreadPool(unsigned threads, const MakeLoadReader& make_reader = make_load_reader);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    unsigned threads() const { return static_cast<unsigned>(workers_.size()) + 1; }
    /// Whether threads that wait sleep at once, because others want the cores too.
    bool waits_asleep() const {
        return short_of_cores_.load(std::memory_order_relaxed) && !together_.load(std::memory_order_relaxed);
    }
    /// Whether others want so much that the cores are well short of what all want.
    bool short_of_cores() const { return short_of_cores_.load(std::memory_order_relaxed); }
    /// From now on job follows job without a pause (the layers of a step), or no longer so. Where the cores
    /// are short, threads that wait meanwhile spin, then yield instead of sleeping at once: asleep, eight
    /// rows lost half of their speed beside busy programs.
    void keep_together(bool together) { together_.store(together, std::memory_order_relaxed); }

    /// Adds one to `count` with each fork-join from now on; null: nobody counts.
    void count_forks(std::uint64_t* count) { forks_ = count; }

    /// Calls work(piece, thread) once for each piece below `pieces`, thread < threads(), and returns when all
    /// are done. The caller takes part (as thread 0). `work` must not throw and not call run(). Allocates
    /// nothing.
    template <typename Work>
    void run(std::size_t pieces, Work&& work) {
        using Plain = std::remove_reference_t<Work>;
        run_pieces(
            pieces,
            [](void* context, std::size_t piece, unsigned thread) {
                (*static_cast<Plain*>(context))(piece, thread);
            },
            const_cast<std::remove_const_t<Plain>*>(std::addressof(work)));
    }

  private:
    using Function = void (*)(void* context, std::size_t piece, unsigned thread);

    void run_pieces(std::size_t pieces, Function function, void* context);
    void fork_join(std::size_t pieces, Function function, void* context);
    bool take_piece(unsigned thread);
    void worker_loop(unsigned thread);
    void sleep_until_wanted();
    void look_at_load();
    template <typename Ready>
    bool spin(std::chrono::microseconds limit, Ready&& ready) const;

    // The job on offer: its number, its pieces, and the next piece to take, in one word, so that a late
    // thread cannot take a piece of another job than the one whose function it will read.
    alignas(64) std::atomic<std::uint64_t> ticket_{0};
    alignas(64) std::atomic<std::uint32_t> done_{0};
    std::atomic<bool> caller_sleeps_{false};
    alignas(64) std::atomic<std::uint32_t> wake_{0};
    std::atomic<std::uint32_t> sleepers_{0};
    std::atomic<bool> stop_{false};
    // Written by the caller before a ticket is offered, read by those that took a piece of it.
    alignas(64) Function function_ = nullptr;
    void* context_ = nullptr;
    std::uint32_t job_ = 0;
    std::uint64_t* forks_ = nullptr;
    // The caller's: when it last looked at the machine's load, and when it will again, in the processor's
    // ticks.
    std::unique_ptr<LoadReader> load_;
    std::optional<LoadReading> last_reading_;
    std::uint64_t last_look_ = 0;
    std::uint64_t look_after_ = 0;
    alignas(64) std::atomic<bool> short_of_cores_{false};
    std::atomic<bool> together_{false};
    std::vector<std::thread> workers_;
};

}  // namespace tendril::engine
