// SPDX-License-Identifier: Apache-2.0
// Matrix products in plain C++; see matmul_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_scalar.inl"
#include "engine/backend/cpu/matmul_words.inl"
#include "engine/backend/cpu/matmul_by_words.inl"
#include "engine/backend/cpu/matmul_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulScalar = all_types(multiply_floats<DataType::bf16>);

}  // namespace tendril::engine
