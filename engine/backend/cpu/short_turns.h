// SPDX-License-Identifier: Apache-2.0
// How long a thread keeps its core when others want it too. Any thread; it speaks for itself alone.
#pragma once

#include <cstdint>

namespace tendril::engine {

/// What the threads of a fork-join ask for.
inline constexpr std::uint64_t kShortTurn = 100'000;  // nanoseconds, the least that Linux grants

/// Asks the system to give the calling thread its unchanged share of the machine in short turns, so that it
/// gets a core soon after it was woken. Threads that it starts later inherit this. False: refused or not
/// known here (a real-time or idle thread, Linux before 6.12 grants and ignores it); nothing is changed then.
bool ask_for_short_turns();

}  // namespace tendril::engine
