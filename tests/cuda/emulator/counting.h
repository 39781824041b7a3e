// SPDX-License-Identifier: Apache-2.0
// Counters of what was run. Workers count for themselves; counters() adds them up.
#pragma once

#include <cstdint>

#include "tests/cuda/emulator/control.h"

namespace tendril::emulator {

void count(uint64_t Counters::*what, uint64_t by = 1);

}  // namespace tendril::emulator
