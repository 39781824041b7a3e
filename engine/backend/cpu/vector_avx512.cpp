// SPDX-License-Identifier: Apache-2.0
// Row-wise ops in AVX-512; see vector_kernels.inl.h.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx512.h"
#include "engine/backend/cpu/vector_kernels.inl.h"
// clang-format on

namespace tendril::engine {

constinit const VectorKernels kVectorAvx512 = kAllVector;

}  // namespace tendril::engine
