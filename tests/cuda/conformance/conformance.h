// SPDX-License-Identifier: Apache-2.0
// Kernels that each use one thing of CUDA, for comparison with what the host computes. All pointers are
// device memory; everything is enqueued on the default stream.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <string_view>

namespace tendril::conformance {

inline constexpr unsigned kThreads = 64;  // of the one block: two warps

// out[i] = the function of this name of a[i], b[i], c[i], i < kThreads. cudaErrorInvalidValue: there is none
// such.
cudaError_t by_thread(std::string_view name, const uint32_t* a, const uint32_t* b, const uint32_t* c,
                      uint32_t* out);

// A tile's matrices as tensor cores load them: out[matrix-wise register * 32 + lane]; tile: 16 x 16 halves.
cudaError_t load_matrices(bool four, bool transposed, const __half* tile, uint32_t* out);
// c (16 x 8) += a (16 x 16) * b (8 x 16, transposed)
cudaError_t multiply_f16(const __half* a, const __half* b, float* c);
// c (16 x 8) += a (16 x 32) * b (8 x 32, transposed)
cudaError_t multiply_s8(const int8_t* a, const int8_t* b, int* c);

// to[i] = the 64 16-byte pieces of from, of the i-th only the first `bytes`, through shared memory, in groups
// of two.
cudaError_t copy_pieces(const uint4* from, uint4* to, int bytes);

// sums[i] over all threads of the grid, by each kind of atomic: see conformance.cu. 16 words, set by the
// caller.
cudaError_t count_atomically(unsigned* words, float* sum, unsigned long long* wide, dim3 grid,
                             unsigned threads);

// out[thread of the grid] = its number, counted from the indices; grid and block may have three dimensions.
cudaError_t number_threads(unsigned* out, dim3 grid, dim3 block);

// out[i] = in[n - 1 - i] after two grid barriers.
cudaError_t reverse_by_grid(const float* in, float* sums, float* out, int n);

// halves[i] and halves[kThreads + i] = in[i] and 2 in[i] as halves, pairs[i] = {in[i], 2 in[i]}, by functions
// that return them; then out[i] = the sum of the four.
cudaError_t store_returned(const float* in, __half* halves, float2* pairs, float* out);

// out[i] = the i-th value of a table of constants, a function that is called, an array in local memory and a
// switch.
cudaError_t use_compiled_forms(const int* in, int* out);

}  // namespace tendril::conformance
