// SPDX-License-Identifier: Apache-2.0
// Small kernels of the kinds that a step of the backend is made of, each correct for bug 0 and with one
// mistake for the numbers of scenes.cpp. All pointers are device memory; each function enqueues on the
// stream.
#pragma once

#include <cuda_runtime_api.h>

namespace tendril::planted {

// y[place + i] = x[i] for n up to 64 values; the place is read from device memory, or, where `place` is null,
// the one that was given to the launch.
cudaError_t write_at(const float* x, float* y, const int* place, int given, int n, cudaStream_t);

// y = w (blocks * 64 x 64) * x / max |x|, 64 values; each block norms the row itself, in shared memory.
cudaError_t norm_product(int bug, const float* x, const float* w, float* y, int blocks, cudaStream_t);

// y = x + x / max |x|, for blocks * 64 values; each block norms the row itself.
cudaError_t norm_add(int bug, const float* x, float* y, int blocks, cudaStream_t);

// *total = sum of a value a block, by the block that comes last. *counter is 0 before and after.
cudaError_t total(int bug, const float* x, float* parts, unsigned* counter, float* to, int blocks,
                  cudaStream_t);

// Row r of x (64 values) to row places[r] of y; rows without a place (-1) are left out.
cudaError_t store_rows(int bug, const float* x, const int* places, float* y, int rows, cudaStream_t);

// The lowest index of the largest of n (up to 64) values, which are not negative.
cudaError_t first_best(int bug, const float* x, int* best, int n, cudaStream_t);

}  // namespace tendril::planted
