// SPDX-License-Identifier: Apache-2.0
// The only header that kernels include for what a GPU has and a CPU has not. nvcc sees the real constructs
// and inline PTX; a build with TENDRIL_CUDA_EMULATED sees tests/cuda/emulator, which runs the same kernel
// bodies on the CPU. A new name here needs three things: the PTX, the emulation, and a conformance test
// (tests/cuda/README.md).
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>
#include <vector_functions.h>
#include <vector_types.h>

#include <cstddef>
#include <cstdint>

#if defined(TENDRIL_CUDA_EMULATED)
#include "tests/cuda/emulator/device.h"
#else
#include <cooperative_groups.h>
#include <cuda_runtime.h>

// The feature level of the code being compiled: 750, 800, 860, 890, 900, 1200; 0 in the host's pass.
#if defined(__CUDA_ARCH__)
#define TENDRIL_ARCH __CUDA_ARCH__
#else
#define TENDRIL_ARCH 0
#endif

#define TENDRIL_KERNEL __global__ void
#define TENDRIL_DEVICE __device__ __forceinline__
// A table that is the same for all threads: TENDRIL_CONSTANT int8_t kValues[16] = {...};
#define TENDRIL_CONSTANT static __device__ const
// An array that a block's threads share: TENDRIL_SHARED(float, tile, [32][33]);
#define TENDRIL_SHARED(type, name, dims) __shared__ __align__(16) type name dims
// The block's dynamic shared memory (its size is given at the launch) seen as an array of type.
#define TENDRIL_DYNAMIC_SHARED(type, name)                                   \
    extern __shared__ __align__(128) unsigned char tendril_dynamic_shared[]; \
    type* name = reinterpret_cast<type*>(tendril_dynamic_shared)

namespace tendril::cuda {

template <class... P, class... A>
cudaError_t launch_with(bool cooperative, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                        cudaStream_t stream, A&&... args) {
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = cooperative ? 1 : 0;
    return cudaLaunchKernelEx(&config, kernel, static_cast<P>(args)...);
}

// Enqueues a kernel; the arguments are converted to the kernel's types and copied. Errors as
// cudaLaunchKernelExC.
template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                   A&&... args) {
    return launch_with(false, kernel, grid, block, shared_bytes, stream, args...);
}
// The same for a kernel that calls grid_sync(): all of its blocks must fit the device at once.
template <class... P, class... A>
cudaError_t launch_cooperative(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes,
                               cudaStream_t stream, A&&... args) {
    return launch_with(true, kernel, grid, block, shared_bytes, stream, args...);
}

}  // namespace tendril::cuda

#include "engine/backend/cuda/port_nvcc.h"  // IWYU pragma: export
#endif
