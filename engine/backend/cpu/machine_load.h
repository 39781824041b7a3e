// SPDX-License-Identifier: Apache-2.0
// How busy the cores are with other programs' work, and what that means for a fork-join. The engine thread
// reads; the rule is a pure function.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace tendril::engine {

/// Sums up to now; two of them make a window.
struct LoadReading {
    double clock = 0;  ///< seconds
    double idle = 0;   ///< seconds that the cores we may use did nothing, all of them together
    double ours = 0;   ///< seconds that our threads had a core, all of them together
    unsigned cores = 0;
};

/// Where readings come from; tests inject their own.
class LoadReader {
  public:
    virtual ~LoadReader() = default;
    /// Called by the thread that computes as thread 0, every kLoadWindow. Allocates nothing. None: not known.
    virtual std::optional<LoadReading> read() = 0;
};

inline constexpr double kLoadWindow = 0.2;  ///< seconds; the system counts idle time in hundredths

/// Cores' worth of work of others between two readings: what was neither idle nor ours. The time that a
/// virtual machine's host took away counts as well.
double work_of_others(const LoadReading& from, const LoadReading& to);

/// Whether a thread of a fork-join of `threads` that waits should give its core up at once (true), instead of
/// spinning first, beside `others` cores' worth of work, where it does `now` or not. Spinning spends the
/// share of the core that the piece to come needs, and a thread that yields comes back a whole turn later,
/// whereas one that sleeps is woken into the core: so waits are slept where the cores are well short of what
/// all want. Beside one busy program spinning measured better. Near the border things stay as they are. Fewer
/// threads were measured too: beside as many busy programs as cores they are slower than all threads that
/// wait asleep.
bool waits_asleep_beside(double others, unsigned cores, unsigned threads, bool now);

/// Idle seconds of the cores in `wanted` (a list of their numbers, ascending) by the text of Linux's
/// /proc/stat, `ticks` to the second; none when one of them is missing.
std::optional<double> idle_seconds(std::string_view proc_stat, const std::vector<unsigned>& wanted,
                                   double ticks);

/// Reads /proc/stat for the cores that the calling thread may use, and the clocks of the calling thread and
/// of `others`. Null where the system has neither.
std::unique_ptr<LoadReader> make_load_reader(const std::vector<clockid_t>& others);

}  // namespace tendril::engine
