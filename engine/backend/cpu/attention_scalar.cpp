// SPDX-License-Identifier: Apache-2.0
// Attention in plain C++; see attention_kernels.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_scalar.inl"
#include "engine/backend/cpu/attention_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const AttentionKernels kAttentionScalar = kAllAttention;

}  // namespace tendril::engine
