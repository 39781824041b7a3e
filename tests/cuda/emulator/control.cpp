// SPDX-License-Identifier: Apache-2.0
// Settings and counters.
#include "tests/cuda/emulator/control.h"

#include <atomic>

#include "tests/cuda/emulator/counting.h"
#include "tests/cuda/emulator/environment.h"
#include "tests/cuda/emulator/sanitizer.h"

namespace tendril::emulator {

Settings& settings() {
    static Settings current = environment().settings;
    return current;
}

namespace {
thread_local Counters own;
}  // namespace

void count(uint64_t Counters::*what, uint64_t by) {
    own.*what += by;
}

Counters counters() {
    return own;
}

std::string_view build_name() {
#if defined(TENDRIL_EMULATOR_CHECK)
    return "check";
#else
    return kAddressSanitizer ? "asan" : "fast";
#endif
}

}  // namespace tendril::emulator
