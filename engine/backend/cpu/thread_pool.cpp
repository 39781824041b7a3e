// SPDX-License-Identifier: Apache-2.0
// Fork-join pool; see thread_pool.h.
#include "engine/backend/cpu/thread_pool.h"

#include <pthread.h>

#include <chrono>
#include <exception>

#include "engine/backend/cpu/short_turns.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tendril::engine {
namespace {

// A ticket: job number (24 bits), number of pieces (20), next piece (20).
constexpr std::uint64_t kPieceBits = 20;
constexpr std::uint64_t kPieceMask = (1U << kPieceBits) - 1;

constexpr std::uint64_t next_piece(std::uint64_t ticket) {
    return ticket & kPieceMask;
}
constexpr std::uint64_t piece_count(std::uint64_t ticket) {
    return ticket >> kPieceBits & kPieceMask;
}
constexpr bool has_piece(std::uint64_t ticket) {
    return next_piece(ticket) < piece_count(ticket);
}

// Between two forks of a step the caller works alone for some microseconds: a thread that slept at once would
// be woken (5 to 50 microseconds) for each of them. Longer waits are the end of a step.
constexpr std::chrono::microseconds kWorkerSpin{80};
// Whoever holds the last piece has most likely lost its core: free ours, so that the system can run it here.
constexpr std::chrono::microseconds kCallerSpin{30};

// Beside busy programs, within a long step. A wait longer than a piece means that a thread lost its core, for
// a whole turn of the other program. The rest of us had better be away in the same turn: a thread that yields
// earns its share of the core meanwhile, one that sleeps does not, and is away later, in turns of its own,
// while we wait for it. A wait longer than some turns is no wait for a piece.
constexpr std::chrono::microseconds kTogetherSpin{40};
constexpr std::chrono::microseconds kTogether{20'000};

// Before the clock is asked at all; and where the cores are short.
constexpr int kFirstGlances = 256;
constexpr int kGlances = 16;
// Ticks until the first look at the load, while their length is not known yet: 0.05 to 0.3 seconds.
constexpr std::uint64_t kFirstLook = std::uint64_t{1} << 28U;
// A window longer than this was mostly a pause of ours, and says little of what others do now.
constexpr double kOldWindow = 10 * kLoadWindow;

/// A clock that is cheap to ask in every fork, of unknown speed.
std::uint64_t ticks() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

}  // namespace

/// Spins until `ready()` or the time is over; true: ready.
template <typename Ready>
bool ThreadPool::spin(std::chrono::microseconds limit, Ready&& ready) const {
    const bool asleep = waits_asleep();
    for (int i = 0; i < (asleep ? kGlances : kFirstGlances); ++i) {
        if (ready()) {
            return true;
        }
        pause();
    }
    if (asleep) {
        return ready();
    }
    const bool short_of_cores = short_of_cores_.load(std::memory_order_relaxed);
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + (short_of_cores ? kTogether : limit);
    const auto yield_after = short_of_cores ? begin + kTogetherSpin : begin;
    for (auto now = begin; now < end; now = std::chrono::steady_clock::now()) {
        for (int i = 0; i < 32; ++i) {
            if (ready()) {
                return true;
            }
            pause();
        }
        if (now >= yield_after) {
            std::this_thread::yield();
        }
    }
    return ready();
}

ThreadPool::ThreadPool(unsigned threads, const MakeLoadReader& make_reader) {
    if (threads > 1) {
        ask_for_short_turns();
    }
    std::vector<clockid_t> clocks;
    for (unsigned i = 1; i < threads; ++i) {
        try {
            workers_.emplace_back([this, i] { worker_loop(i); });
        } catch (const std::exception&) {
            break;  // fewer threads are slower, not wrong
        }
        clockid_t clock{};
        if (pthread_getcpuclockid(workers_.back().native_handle(), &clock) == 0) {
            clocks.push_back(clock);
        }
    }
    if (!workers_.empty() && clocks.size() == workers_.size() && make_reader) {
        load_ = make_reader(clocks);
    }
    look_after_ = kFirstLook;
}

ThreadPool::~ThreadPool() {
    stop_.store(true);
    wake_.fetch_add(1);
    wake_.notify_all();
    for (std::thread& worker : workers_) {
        worker.join();
    }
}

void ThreadPool::run_pieces(std::size_t pieces, Function function, void* context) {
    if (pieces <= 1 || workers_.empty() || pieces > kPieceMask) {
        for (std::size_t i = 0; i < pieces; ++i) {
            function(context, i, 0);
        }
        return;
    }
    fork_join(pieces, function, context);
}

void ThreadPool::fork_join(std::size_t pieces, Function function, void* context) {
    if (load_ != nullptr && ticks() - last_look_ > look_after_) {
        look_at_load();
    }
    if (forks_ != nullptr) {
        ++*forks_;
    }
    function_ = function;
    context_ = context;
    done_.store(0, std::memory_order_relaxed);
    job_ = (job_ + 1) & 0xFFFFFFU;
    ticket_.store(std::uint64_t{job_} << (2 * kPieceBits) | std::uint64_t{pieces} << kPieceBits);
    // Sequentially consistent with worker_loop(): either the sleeper sees the ticket, or we see the sleeper.
    if (sleepers_.load() > 0) {
        wake_.fetch_add(1);
        wake_.notify_all();
    }
    while (take_piece(0)) {
    }
    const auto count = static_cast<std::uint32_t>(pieces);
    if (spin(kCallerSpin, [&] { return done_.load(std::memory_order_acquire) == count; })) {
        return;
    }
    caller_sleeps_.store(true);
    for (std::uint32_t done = done_.load(); done != count; done = done_.load()) {
        done_.wait(done);
    }
    caller_sleeps_.store(false, std::memory_order_relaxed);
}

bool ThreadPool::take_piece(unsigned thread) {
    std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
    do {
        if (!has_piece(ticket)) {
            return false;
        }
    } while (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                            std::memory_order_acquire));
    function_(context_, next_piece(ticket), thread);
    // From here on the caller may offer the next job: nothing of this one is read but the ticket that we
    // hold.
    if (done_.fetch_add(1) + 1 == piece_count(ticket) && thread != 0 && caller_sleeps_.load()) {
        done_.notify_one();
    }
    return true;
}

void ThreadPool::worker_loop(unsigned thread) {
    while (!stop_.load(std::memory_order_relaxed)) {
        while (take_piece(thread)) {
        }
        const auto ready = [this] {
            return has_piece(ticket_.load(std::memory_order_relaxed)) ||
                   stop_.load(std::memory_order_relaxed);
        };
        if (!spin(kWorkerSpin, ready)) {
            sleep_until_wanted();
        }
    }
}

void ThreadPool::sleep_until_wanted() {
    const std::uint32_t seen = wake_.load();
    sleepers_.fetch_add(1);
    if (!has_piece(ticket_.load()) && !stop_.load()) {
        wake_.wait(seen);
    }
    sleepers_.fetch_sub(1);
}

/// Between two jobs: compares the sums with those of the last look and chooses how to wait.
void ThreadPool::look_at_load() {
    const std::uint64_t now = ticks();
    const std::optional<LoadReading> reading = load_->read();
    if (reading && last_reading_) {
        const double seconds = reading->clock - last_reading_->clock;
        if (seconds > 0) {
            look_after_ =
                static_cast<std::uint64_t>(static_cast<double>(now - last_look_) * kLoadWindow / seconds);
        }
        if (seconds < kOldWindow) {
            short_of_cores_.store(
                waits_asleep_beside(work_of_others(*last_reading_, *reading), reading->cores, threads(),
                                    short_of_cores_.load(std::memory_order_relaxed)),
                std::memory_order_relaxed);
        }
    }
    last_reading_ = reading;
    last_look_ = now;
}

}  // namespace tendril::engine
