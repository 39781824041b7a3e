// SPDX-License-Identifier: Apache-2.0
// Matrix products in AVX2; see matmul_kernels.inl.h.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx2.h"
#include "engine/backend/cpu/matmul_kernels.inl.h"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulAvx2 = kAllTypes;

}  // namespace tendril::engine
