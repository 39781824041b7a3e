// SPDX-License-Identifier: Apache-2.0
// Row-wise ops in AVX2; see vector_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx2.inl"
#include "engine/backend/cpu/vector_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const VectorKernels kVectorAvx2 = kAllVector;

}  // namespace tendril::engine
