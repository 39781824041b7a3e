// SPDX-License-Identifier: Apache-2.0
// Row-wise ops in AVX-512; see vector_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx512.inl"
#include "engine/backend/cpu/vector_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const VectorKernels kVectorAvx512 = kAllVector;

}  // namespace tendril::engine
