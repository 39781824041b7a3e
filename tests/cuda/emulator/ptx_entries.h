// SPDX-License-Identifier: Apache-2.0
// The kernels that were translated from PTX (tests/cuda/ptx/), by architecture and name.
#pragma once

#include "tests/cuda/emulator/runtime.h"

namespace tendril::emulator {

// A kernel as translated: its arguments lie at the given addresses.
using PtxEntry = void (*)(const void* const* arguments);

TENDRIL_EMULATOR_API void register_ptx_entry(int arch, const char* name, PtxEntry);
// The translation of this kernel; null, and reported, if there is none for the architecture or the kernel has
// no name.
PtxEntry find_ptx_entry(const void* kernel, int arch);

}  // namespace tendril::emulator
