// SPDX-License-Identifier: Apache-2.0
// Rounds activations to int8 by blocks of 32 (scale = largest / 127, to nearest even), as all products of
// quantised weights take them. A warp a block of 32.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 128;

TENDRIL_KERNEL __launch_bounds__(kThreads) quantise_kernel(QuantiseArgs a) {
    const size_t block = (static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x) / 32;
    if (block >= a.rows * a.out.stride) {
        return;  // the whole warp: its 32 lanes have one block
    }
    const size_t row = block / a.out.stride;
    const size_t column = (block - row * a.out.stride) * 32 + threadIdx.x % 32;
    const float value = column < a.width ? a.in[row * a.width + column] : 0.0F;
    quantise_block(value, a.out, block);
}

}  // namespace

cudaError_t quantise(const QuantiseArgs& args, cudaStream_t stream) {
    const size_t warps = args.rows * args.out.stride;
    const auto blocks = static_cast<unsigned>((warps * 32 + kThreads - 1) / kThreads);
    return launch(quantise_kernel, dim3(blocks), dim3(kThreads), 0, stream, args);
}

}  // namespace tendril::cuda
