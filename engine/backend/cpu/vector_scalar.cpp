// SPDX-License-Identifier: Apache-2.0
// Row-wise ops in plain C++; see vector_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_scalar.inl"
#include "engine/backend/cpu/vector_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const VectorKernels kVectorScalar = kAllVector;

}  // namespace tendril::engine
