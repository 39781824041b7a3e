// SPDX-License-Identifier: Apache-2.0
// The kernels of api_kernels.h.
#include "engine/backend/cuda/port.h"
#include "tests/cuda/conformance/api_kernels.h"

namespace tendril::conformance {

using namespace tendril::cuda;

TENDRIL_KERNEL scale_kernel(float* values, float factor, const float* add, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        values[i] = values[i] * factor + *add;
    }
}
cudaError_t scale(float* values, float factor, const float* add, int n, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((n + 63) / 64);
    return launch(scale_kernel, dim3(blocks), dim3(64), 0, stream, values, factor, add, n);
}
const void* scale_kernel_address() {
    return reinterpret_cast<const void*>(&scale_kernel);
}

TENDRIL_KERNEL hang_kernel() {
    TENDRIL_SHARED(int, shared, [32]);
    shared[threadIdx.x] = 0;
    if (threadIdx.x < 16) {
        __syncwarp();
    } else {
        __shfl_sync(0xffffffffu, shared[threadIdx.x], 0);
    }
}
cudaError_t hang(cudaStream_t stream) {
    return launch(hang_kernel, dim3(1), dim3(32), 0, stream);
}

TENDRIL_KERNEL use_shared_kernel() {
    TENDRIL_DYNAMIC_SHARED(int, shared);
    shared[threadIdx.x] = 1;
}
cudaError_t use_shared(size_t bytes, unsigned blocks, bool cooperative, cudaStream_t stream) {
    if (cooperative) {
        return launch_cooperative(use_shared_kernel, dim3(blocks), dim3(32), bytes, stream);
    }
    cudaFuncSetAttribute(reinterpret_cast<const void*>(&use_shared_kernel),
                         cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
    return launch(use_shared_kernel, dim3(blocks), dim3(32), bytes, stream);
}

}  // namespace tendril::conformance
