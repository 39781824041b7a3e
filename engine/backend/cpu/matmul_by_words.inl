// SPDX-License-Identifier: Apache-2.0
// Completes matmul_words.inl for processors without tiles. Internal linkage.

namespace tendril::engine {
namespace {

template <DataType kType>
void multiply(const MatmulPiece& piece) {
    multiply_by<kType, ByWords>(piece);
}

}  // namespace
}  // namespace tendril::engine
