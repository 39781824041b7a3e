// SPDX-License-Identifier: Apache-2.0
// Small kernels of the kinds that the backend has, each correct for bug 0 and with one mistake for the
// numbers of planted_bugs.cpp. All pointers are device memory; each function enqueues on the stream.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

namespace tendril::planted {

// Rows of n values: y = (x - mean) / standard deviation. One block a row, two sums over the block.
cudaError_t normalise(int bug, const float* x, float* y, int rows, int n, cudaStream_t);

// c (16 x 32) = a (16 x depth) * b (32 x depth, transposed); depth a multiple of 64. Tensor cores,
// double-buffered copies.
cudaError_t multiply(int bug, const __half* a, const __half* b, float* c, int depth, cudaStream_t);

// *total = sum of n values: a part per block, added up by the block that comes last. *counter is 0 before and
// after.
cudaError_t sum_split(int bug, const float* x, float* parts, unsigned* counter, float* total, int n,
                      int blocks, cudaStream_t);

// y = x / sum(x) for n values, in one cooperative launch.
cudaError_t share_of_sum(int bug, const float* x, float* parts, float* y, int n, int blocks, cudaStream_t);

// y[i] = q[i] + q[i ^ 1], where q is x in 32 groups of 32 quantised to -127..127 by the group's largest; x
// has n + 1 values.
cudaError_t quantise_pairs(int bug, const float* x, int* y, int n, cudaStream_t);

// y[i] = x[n - 1 - i] within each block of 64, through dynamic shared memory.
cudaError_t reverse_blocks(int bug, const float* x, float* y, int n, cudaStream_t);

// y[i] = x[i] + add
cudaError_t add_to(const float* x, float* y, float add, int n, cudaStream_t);

}  // namespace tendril::planted
