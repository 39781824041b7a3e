// SPDX-License-Identifier: Apache-2.0
// Matrix products in plain C++; see matmul_kernels.inl.h.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_scalar.h"
#include "engine/backend/cpu/matmul_kernels.inl.h"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulScalar = kAllTypes;

}  // namespace tendril::engine
