// SPDX-License-Identifier: Apache-2.0
// The first part of the runtime API: memory, copies and launches, done at once.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>

#include "tests/cuda/emulator/run_launch.h"

namespace tendril::emulator {

cudaError_t enqueue_kernel(const void* kernel, const KernelSignature& signature, dim3 grid, dim3 block,
                           size_t shared_bytes, cudaStream_t, bool cooperative,
                           const void* const* arguments) {
    KernelLaunch launch;
    launch.kernel = kernel;
    launch.call = signature.call;
    launch.grid = grid;
    launch.block = block;
    launch.shared_bytes = shared_bytes;
    launch.cooperative = cooperative;
    launch.arguments.assign(arguments, arguments + signature.argument_count);
    return run_launch(launch) ? cudaSuccess : cudaErrorLaunchFailure;
}

}  // namespace tendril::emulator

extern "C" {
#pragma GCC visibility push(default)
cudaError_t CUDARTAPI cudaMalloc(void** p, size_t bytes) {
    *p = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    return *p == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
cudaError_t CUDARTAPI cudaFree(void* p) {
    std::free(p);
    return cudaSuccess;
}
cudaError_t CUDARTAPI cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
    std::memmove(to, from, bytes);
    return cudaSuccess;
}
cudaError_t CUDARTAPI cudaDeviceSynchronize() {
    return cudaSuccess;
}
#pragma GCC visibility pop
}
