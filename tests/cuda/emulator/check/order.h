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
// An atomic update of *p: the thread's block learns what others have handed on through p, and hands on its
// own.
void hand_on(Thread&, const void* p);
// PTX's .release and .acquire, apart from an update.
void release_through(Thread&, const void* p);
void acquire_through(Thread&, const void* p);
void forget_hand_overs();

}  // namespace tendril::emulator
