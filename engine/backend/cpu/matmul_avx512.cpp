// SPDX-License-Identifier: Apache-2.0
// Matrix products in AVX-512 without VNNI; see matmul_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx512.inl"
#include "engine/backend/cpu/matmul_runs.inl"
#include "engine/backend/cpu/matmul_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulAvx512 = all_types(multiply_floats<DataType::bf16>);

}  // namespace tendril::engine
