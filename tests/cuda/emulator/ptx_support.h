// SPDX-License-Identifier: Apache-2.0
// What translated PTX needs of the emulator beyond runtime.h: the shared window, and accesses for the
// checker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/cuda/emulator/runtime.h"

namespace tendril::emulator {

// Where the running block's shared memory starts; PTX's shared addresses are offsets from here.
extern TENDRIL_EMULATOR_API __thread char* shared_memory_start __attribute__((tls_model("initial-exec")));
inline constexpr size_t kSharedWindow = 512 * 1024;

enum class PtxAccess { kRead, kWrite, kAtomic, kRelaxed, kAcquire, kRelease };

// Whether the library is its check build: only then ptx_see does anything.
extern TENDRIL_EMULATOR_API const bool ptx_checks;
TENDRIL_EMULATOR_API void ptx_see(const void*, size_t bytes, PtxAccess, Location);
TENDRIL_EMULATOR_API void ptx_misaligned(size_t bytes, Location);
TENDRIL_EMULATOR_API void ptx_report(const char* kind, const char* text, Location);

// The memory in which cooperative_groups counts the blocks that have come to its grid barrier.
TENDRIL_EMULATOR_API uint64_t grid_workspace();

}  // namespace tendril::emulator
