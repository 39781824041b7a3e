// SPDX-License-Identifier: Apache-2.0
// The host's side of the first kernel.
#pragma once

#include <cuda_runtime_api.h>

namespace tendril::cuda {

// sums[r] = the sum of the r-th row of `count` values; both in device memory.
cudaError_t sum_rows(const float* values, float* sums, int rows, int count);

}  // namespace tendril::cuda
