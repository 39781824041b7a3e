// SPDX-License-Identifier: Apache-2.0
// Short turns on a core; see short_turns.h.
#include "engine/backend/cpu/short_turns.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tendril::engine {

#if defined(__linux__) && defined(SYS_sched_setattr)

namespace {

/// The first version of the kernel's sched_attr (see sched_setattr(2)): glibc 2.36 does not declare it.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;  // of an ordinary thread: the length of its turns, 0 for the system's own
    std::uint64_t deadline;
    std::uint64_t period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

bool ask_for_short_turns() {
    SchedulingAttributes attributes{};
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) {
        return false;
    }
    if (attributes.policy != SCHED_OTHER) {
        return false;
    }
    attributes.size = sizeof attributes;
    attributes.runtime = kShortTurn;
    return ::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

#else

bool ask_for_short_turns() {
    return false;
}

#endif

}  // namespace tendril::engine
