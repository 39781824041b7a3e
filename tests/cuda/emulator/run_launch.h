// SPDX-License-Identifier: Apache-2.0
// Runs one launch to its end, on the calling thread and the workers.
#pragma once

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

// False: a deadlock ended it (reported).
bool run_launch(const KernelLaunch&);

}  // namespace tendril::emulator
