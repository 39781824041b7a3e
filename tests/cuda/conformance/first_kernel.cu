// SPDX-License-Identifier: Apache-2.0
// A kernel that uses shared memory, a barrier and a shuffle: the smallest proof that the emulator runs.
#include "engine/backend/cuda/port.h"
#include "tests/cuda/conformance/first_kernel.h"

namespace tendril::cuda {

TENDRIL_KERNEL sum_kernel(const float* values, float* sums, int count) {
    TENDRIL_SHARED(float, parts, [8]);
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
        sum += values[static_cast<int>(blockIdx.x) * count + i];
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (unsigned warp = 1; warp < blockDim.x / 32; ++warp) {
            sum += parts[warp];
        }
        sums[blockIdx.x] = sum;
    }
}

cudaError_t sum_rows(const float* values, float* sums, int rows, int count) {
    return launch(sum_kernel, dim3(static_cast<unsigned>(rows)), dim3(256), 0, nullptr, values, sums, count);
}

}  // namespace tendril::cuda
