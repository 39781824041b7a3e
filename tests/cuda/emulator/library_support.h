// SPDX-License-Identifier: Apache-2.0
// For libraries that stand in for NVIDIA's: work of theirs on streams, and operands in device memory.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

#include "tests/cuda/emulator/control.h"

namespace tendril::emulator {

// The work runs when the stream comes to it (it may be captured), with device memory open.
TENDRIL_EMULATOR_API cudaError_t enqueue_library_work(cudaStream_t, std::function<void()>);
// Whether the bytes lie in one live allocation of device memory.
TENDRIL_EMULATOR_API bool is_device_memory(const void*, size_t bytes);
// Bytes that the work has read (reported if they have no value) or written, for the checker.
TENDRIL_EMULATOR_API void library_reads(const void*, size_t bytes, const char* what);
TENDRIL_EMULATOR_API void library_writes(const void*, size_t bytes);

}  // namespace tendril::emulator
