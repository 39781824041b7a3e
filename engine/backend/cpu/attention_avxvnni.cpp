// SPDX-License-Identifier: Apache-2.0
// Attention in AVX2 with AVX-VNNI; see attention_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_avx2.inl"
#include "engine/backend/cpu/attention_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const AttentionKernels kAttentionAvxVnni = kAllAttention;

}  // namespace tendril::engine
