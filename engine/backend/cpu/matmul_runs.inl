// SPDX-License-Identifier: Apache-2.0
// Products of packed weights with quantised activations for lanes that multiply bytes to 16-bit sums, a block
// at a time (Lanes::dot). Each block of 32 inputs is summed in whole numbers, then acc = fma(sum, weight
// scale * activation scale, acc), block after block, the same for any number of rows. Include after a
// lanes_*.inl; internal linkage.

#include "engine/backend/cpu/matmul_blocks.inl"

namespace tendril::engine {
namespace {

/// One block of one row, added to its sum.
template <DataType kType, int T>
inline F add_block(const I* w, const BlockScales& scales, const ActivationBlock<T>& a, int r, F sum) {
    constexpr PackedFormat kFormat = packed_format(kType);
    const F scale = Lanes::set1(a.scale[r]);
    if constexpr (kType == DataType::q6_k) {
        constexpr int kShift = log2_of(kFormat.offset);
        const I first = Lanes::dot<6, 4>(w, a.q[r], Lanes::left<kShift>(Lanes::iset1(a.minus_sum[0][r])));
        const I second =
            Lanes::dot<6, 4>(w + 4, a.q[r] + 16, Lanes::left<kShift>(Lanes::iset1(a.minus_sum[1][r])));
        const F both = Lanes::fma(Lanes::to_float(second), scales.second,
                                  Lanes::mul(Lanes::to_float(first), scales.first));
        return Lanes::fma(both, scale, sum);
    } else {
        I whole;
        if constexpr (kFormat.bits == 8) {
            whole = Lanes::dot_q8(w, a.q[r], a.minus_sum[0][r] + a.minus_sum[1][r]);
        } else if constexpr (kFormat.offset != 0) {
            constexpr int kShift = log2_of(kFormat.offset);
            whole = Lanes::dot<kFormat.bits, 8>(
                w, a.q[r], Lanes::left<kShift>(Lanes::iset1(a.minus_sum[0][r] + a.minus_sum[1][r])));
        } else {
            whole = Lanes::dot<kFormat.bits, 8>(w, a.q[r], Lanes::izero());
        }
        sum = Lanes::fma(Lanes::to_float(whole), Lanes::mul(scales.first, scale), sum);
        if constexpr (kFormat.minima) {
            sum = Lanes::fma(scales.minimum, Lanes::set1(a.sum[r]), sum);
        }
        return sum;
    }
}

/// R rows, from row `first` of a tile, by one group.
template <DataType kType, int R, int T>
void rows_by_group(const MatmulPiece& piece, std::size_t group, const ActivationBlock<T>* tile, int first,
                   std::size_t row) {
    constexpr PackedFormat kFormat = packed_format(kType);
    const std::uint8_t* scales = piece.weight + group * piece.group_bytes;
    // The first rows read the weights from memory, the others from the second-level cache, where prefetching
    // only costs.
    const bool stream = row == 0;
    for (int half = 0; half < kHalves; ++half) {
        const std::uint8_t* planes = scales + piece.quant_start + half * Lanes::kWidth * 4;
        F sums[R];
        for (int r = 0; r < R; ++r) {
            sums[r] = Lanes::zero();
        }
        for (std::size_t b = 0; b < piece.blocks; ++b) {
            I w[8];
            load_vectors<kFormat.bits, 0, 8>(planes, w);
            if (stream) {
                for (std::size_t line = 0; line < kFormat.quant_bytes; line += 64) {
                    Lanes::prefetch(planes + kAhead + line);
                }
            }
            const BlockScales block = block_scales<kType>(scales, b, half * Lanes::kWidth);
            for (int r = 0; r < R; ++r) {
                sums[r] = add_block<kType, T>(w, block, tile[b], first + r, sums[r]);
            }
            planes += kFormat.quant_bytes;
        }
        for (int r = 0; r < R; ++r) {
            write(piece, row + r, group * kGroup + half * Lanes::kWidth, sums[r]);
        }
    }
}

template <DataType kType, int R = Lanes::kRows>
void some_rows_by_group(int rows, const MatmulPiece& piece, std::size_t group,
                        const ActivationBlock<kTile>* tile, int first, std::size_t row) {
    if (rows == R) {
        rows_by_group<kType, R, kTile>(piece, group, tile, first, row);
    } else if constexpr (R > 1) {
        some_rows_by_group<kType, R - 1>(rows, piece, group, tile, first, row);
    }
}

/// Row tiles outside, groups inside: a tile stays in the first-level cache, the piece's weights in the
/// second.
template <DataType kType>
void multiply(const MatmulPiece& piece) {
    if (piece.single) {
        const auto* row = static_cast<const ActivationBlock<1>*>(piece.activations);
        for (std::size_t group = 0; group < piece.groups; ++group) {
            rows_by_group<kType, 1, 1>(piece, group, row, 0, 0);
        }
        return;
    }
    const auto* tile = static_cast<const ActivationBlock<kTile>*>(piece.activations);
    for (std::size_t row = 0; row < piece.rows; row += kTile, tile += piece.blocks) {
        const int rows = piece.rows - row < kTile ? static_cast<int>(piece.rows - row) : kTile;
        for (std::size_t group = 0; group < piece.groups; ++group) {
            for (int first = 0; first < rows; first += Lanes::kRows) {
                const int now = rows - first < Lanes::kRows ? rows - first : Lanes::kRows;
                some_rows_by_group<kType>(now, piece, group, tile, first,
                                          row + static_cast<std::size_t>(first));
            }
        }
    }
}

}  // namespace
}  // namespace tendril::engine
