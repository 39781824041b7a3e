// SPDX-License-Identifier: Apache-2.0
// Matrix products in emulated AMX tiles, for tests; see matmul_tiles.inl.
// The lanes come first.
// clang-format off
#include "engine/backend/cpu/lanes_scalar.inl"
#include "engine/backend/cpu/tiles_emulated.inl"
#include "engine/backend/cpu/matmul_words.inl"
#include "engine/backend/cpu/matmul_bfloat.inl"
#include "engine/backend/cpu/matmul_tiles.inl"
#include "engine/backend/cpu/matmul_kernels.inl"
// clang-format on

namespace tendril::engine {

constinit const MatmulKernels kMatmulAmxEmulated = all_types(multiply_bfloat<BfloatByTiles>);

}  // namespace tendril::engine
