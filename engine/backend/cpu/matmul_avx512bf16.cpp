// SPDX-License-Identifier: Apache-2.0
// Matrix products in AVX-512 VNNI, and in bfloat16 pairs; see matmul_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx512.inl"
#include "engine/backend/cpu/matmul_words.inl"
#include "engine/backend/cpu/matmul_by_words.inl"
#include "engine/backend/cpu/matmul_bfloat.inl"
#include "engine/backend/cpu/matmul_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulAvx512Bf16 = all_types(multiply_bfloat<ByPairs>);

}  // namespace tendril::engine
