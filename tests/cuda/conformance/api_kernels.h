// SPDX-License-Identifier: Apache-2.0
// Two kernels for the tests of the runtime API.
#pragma once

#include <cuda_runtime_api.h>

namespace tendril::conformance {

// values[i] = values[i] * factor + *add for n values.
cudaError_t scale(float* values, float factor, const float* add, int n, cudaStream_t);
// Blocks that wait for a barrier that one of their threads never reaches.
cudaError_t hang(cudaStream_t);
// Needs that much dynamic shared memory; `blocks` of them at once if cooperative.
cudaError_t use_shared(size_t bytes, unsigned blocks, bool cooperative, cudaStream_t);
// As a function pointer, for the calls that take one.
const void* scale_kernel_address();

}  // namespace tendril::conformance
