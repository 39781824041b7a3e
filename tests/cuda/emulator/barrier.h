// SPDX-License-Identifier: Apache-2.0
// Barriers of blocks and grids, as the scheduler needs them.
#pragma once

#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

// A thread of the block has ended: what waited only for it goes on.
void leave_barriers(Worker&, Block&);

}  // namespace tendril::emulator
