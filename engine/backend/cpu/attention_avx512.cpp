// SPDX-License-Identifier: Apache-2.0
// Attention in AVX-512; see attention_kernels.inl.h.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx512.h"
#include "engine/backend/cpu/attention_kernels.inl.h"
// clang-format on

namespace tendril::engine {

constinit const AttentionKernels kAttentionAvx512 = kAllAttention;

}  // namespace tendril::engine
