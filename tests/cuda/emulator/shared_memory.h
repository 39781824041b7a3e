// SPDX-License-Identifier: Apache-2.0
// A block's shared memory: an arena with the dynamic part first, then the named arrays, with gaps between
// them.
#pragma once

#include <cstddef>

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

// The block starts with all of it filled with 0xFF (NaN as floats) and out of bounds but for the dynamic
// part.
void prepare_shared_memory(const LaunchState&, Block&);
// What lies behind an address of the arena: the array that has all these bytes, or null. `name` is for
// reports.
struct SharedRange {
    const char* name = nullptr;
    bool found = false;
};
SharedRange find_shared(const LaunchState&, const Block&, const void*, size_t bytes);

}  // namespace tendril::emulator
