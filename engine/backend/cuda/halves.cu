// SPDX-License-Identifier: Apache-2.0
// What cuBLAS is given (cuda_blas.h): rows and weights as halves; and the bias, which it does not add. A
// thread an element.
#include "engine/backend/cuda/embedding.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr unsigned kThreads = 256;

TENDRIL_DEVICE unsigned short half_of(float value) {
    return __half_as_ushort(__float2half(value));
}

TENDRIL_KERNEL __launch_bounds__(kThreads) halve_rows_kernel(HalveRowsArgs a) {
    const size_t i = static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
    if (i < a.count) {
        a.out[i] = half_of(a.in[i]);
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) halve_weight_kernel(HalveWeightArgs a) {
    const unsigned column = blockIdx.x * kThreads + threadIdx.x;
    const unsigned row = blockIdx.y;
    if (column < a.width) {
        a.out[static_cast<size_t>(row) * a.width + column] =
            half_of(table_element(a.weight, static_cast<size_t>(a.first) + row, column));
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) add_bias_kernel(BiasArgs a) {
    const unsigned column = blockIdx.x * kThreads + threadIdx.x;
    if (column < a.width) {
        a.to[static_cast<size_t>(blockIdx.y) * a.width + column] += a.bias[column];
    }
}

unsigned blocks_for(size_t count) {
    return static_cast<unsigned>((count + kThreads - 1) / kThreads);
}

}  // namespace

cudaError_t halve_rows(const HalveRowsArgs& args, cudaStream_t stream) {
    return launch(halve_rows_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

cudaError_t halve_weight(const HalveWeightArgs& args, cudaStream_t stream) {
    return launch(halve_weight_kernel, dim3(blocks_for(args.width), args.rows), dim3(kThreads), 0, stream,
                  args);
}

cudaError_t add_bias(const BiasArgs& args, cudaStream_t stream) {
    return launch(add_bias_kernel, dim3(blocks_for(args.width), args.rows), dim3(kThreads), 0, stream, args);
}

}  // namespace tendril::cuda
