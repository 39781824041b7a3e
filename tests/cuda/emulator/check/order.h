// SPDX-License-Identifier: Apache-2.0
// Which accesses are ordered: by __syncthreads, __syncwarp, grid barriers, and atomic updates after fences.
#pragma once

#include <cstdint>

#include "tests/cuda/emulator/block.h"
#include "tests/cuda/emulator/check/shadow.h"

namespace tendril::emulator {

// The record of an access by this thread now.
Record record_of(const Thread&);
// Whether an access by this thread now comes after the recorded one in every schedule.
bool is_ordered(const Record&, const Thread&);
// Nothing is handed on yet (see check_hand_on, check_release, check_acquire).
void forget_hand_overs();

}  // namespace tendril::emulator
