// SPDX-License-Identifier: Apache-2.0
// Meetings of a warp's lanes, as the rest of the emulator needs them.
#pragma once

#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

// A lane has left: collectives that waited only for it are completed.
void complete_meetings(Worker&, Block&, Warp&, unsigned warp);

}  // namespace tendril::emulator
