// SPDX-License-Identifier: Apache-2.0
// Products of packed weights with quantised (or float) activations over the Lanes of the including file.
// Integer types: each block of 32 inputs is summed in whole numbers, then acc = fma(sum, weight scale *
// activation scale, acc), block after block, the same for any number of rows. Include after a lanes_*.inl;
// internal linkage.

#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/packed_format.h"

namespace tendril::engine {
namespace {

using F = Lanes::F;
using I = Lanes::I;

constexpr std::size_t kAhead = 4096;  // bytes: about the time that memory needs, at the speed of one core
constexpr int kHalves = 16 / Lanes::kWidth;

/// The 8 vectors of a block, one byte a value.
template <int kBits>
inline void load_quants(const std::uint8_t* planes, I* w) {
    if constexpr (kBits == 8) {
        for (int j = 0; j < 8; ++j) {
            w[j] = Lanes::iload(planes + j * 64);
        }
        return;
    }
    const I low = Lanes::iset1(0x0F0F0F0F);
    for (int p = 0; p < 4; ++p) {
        const I both = Lanes::iload(planes + p * 64);
        w[p] = Lanes::iand(both, low);
        w[p + 4] = Lanes::iand(Lanes::right<4>(both), low);
    }
    if constexpr (kBits == 5) {
        const I bit = Lanes::iset1(0x10101010);
        const I high = Lanes::iload(planes + 256);
        w[0] = Lanes::ior(w[0], Lanes::iand(Lanes::left<4>(high), bit));
        w[1] = Lanes::ior(w[1], Lanes::iand(Lanes::left<3>(high), bit));
        w[2] = Lanes::ior(w[2], Lanes::iand(Lanes::left<2>(high), bit));
        w[3] = Lanes::ior(w[3], Lanes::iand(Lanes::left<1>(high), bit));
        w[4] = Lanes::ior(w[4], Lanes::iand(high, bit));
        w[5] = Lanes::ior(w[5], Lanes::iand(Lanes::right<1>(high), bit));
        w[6] = Lanes::ior(w[6], Lanes::iand(Lanes::right<2>(high), bit));
        w[7] = Lanes::ior(w[7], Lanes::iand(Lanes::right<3>(high), bit));
    }
    if constexpr (kBits == 6) {
        const I bits = Lanes::iset1(0x30303030);
        for (int h = 0; h < 2; ++h) {
            const I high = Lanes::iload(planes + 256 + h * 64);
            w[4 * h] = Lanes::ior(w[4 * h], Lanes::iand(Lanes::left<4>(high), bits));
            w[4 * h + 1] = Lanes::ior(w[4 * h + 1], Lanes::iand(Lanes::left<2>(high), bits));
            w[4 * h + 2] = Lanes::ior(w[4 * h + 2], Lanes::iand(high, bits));
            w[4 * h + 3] = Lanes::ior(w[4 * h + 3], Lanes::iand(Lanes::right<2>(high), bits));
        }
    }
}

constexpr int log2_of(int x) {
    return x <= 1 ? 0 : 1 + log2_of(x / 2);
}

inline const std::uint16_t* halves(const std::uint8_t* at) {
    return reinterpret_cast<const std::uint16_t*>(at);
}

/// Scales of one block for the lanes from `lane` on: first and second (Q6_K) half block, and the minimum.
struct BlockScales {
    F first, second, minimum;
};

template <DataType kType>
inline BlockScales block_scales(const std::uint8_t* scales, std::size_t block, int lane) {
    constexpr PackedFormat kFormat = packed_format(kType);
    BlockScales out{};
    if constexpr (!kFormat.k_type) {
        const std::uint8_t* at = scales + block * kFormat.scale_bytes;
        out.first = Lanes::from_half(halves(at) + lane);
        if constexpr (kFormat.minima) {
            out.minimum = Lanes::from_half(halves(at + 32) + lane);
        }
    } else {
        const std::uint8_t* super = scales + block / kSuperBlocks * kFormat.scale_bytes;
        const std::size_t sub = block % kSuperBlocks;
        const F d = Lanes::from_half(halves(super) + lane);
        if constexpr (kType == DataType::q6_k) {
            out.first = Lanes::mul(d, Lanes::from_s8(super + 32 + (2 * sub) * kGroup + lane));
            out.second = Lanes::mul(d, Lanes::from_s8(super + 32 + (2 * sub + 1) * kGroup + lane));
        } else {
            const std::uint8_t* at = super + 64 + sub * kGroup + lane;
            out.first = Lanes::mul(d, Lanes::from_u8(at));
            const F m = Lanes::from_half(halves(super + 32) + lane);
            out.minimum = Lanes::fnma(m, Lanes::from_u8(at + kSuperBlocks * kGroup), Lanes::zero());
        }
    }
    return out;
}

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
        sum = Lanes::fma(Lanes::to_float(first), Lanes::mul(scales.first, scale), sum);
        return Lanes::fma(Lanes::to_float(second), Lanes::mul(scales.second, scale), sum);
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

/// Adds the bias and writes the lanes that are outputs of the matrix.
inline void write(const MatmulPiece& piece, std::size_t row, std::size_t output, F sum) {
    if (output >= piece.outputs) {
        return;
    }
    float* to = piece.out + row * piece.out_stride + output;
    const std::size_t left = piece.outputs - output;
    if (left >= Lanes::kWidth) {
        if (piece.bias != nullptr) {
            sum = Lanes::add(sum, Lanes::load(piece.bias + output));
        }
        Lanes::store(to, sum);
    } else {
        if (piece.bias != nullptr) {
            sum = Lanes::add(sum, Lanes::load_first(piece.bias + output, left));
        }
        Lanes::store_first(to, sum, left);
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
            load_quants<kFormat.bits>(planes, w);
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

template <DataType kType>
inline F load_weights(const std::uint8_t* at, int lane) {
    if constexpr (kType == DataType::f32) {
        return Lanes::load(reinterpret_cast<const float*>(at) + lane);
    } else if constexpr (kType == DataType::f16) {
        return Lanes::from_half(halves(at) + lane);
    } else {
        return Lanes::from_bfloat(halves(at) + lane);
    }
}

template <DataType kType, int R>
void float_rows_by_group(const MatmulPiece& piece, std::size_t group, std::size_t row) {
    constexpr std::size_t kBytes = traits(kType).block_bytes * kGroup;
    const float* in = static_cast<const float*>(piece.activations) + row * piece.input_stride;
    F sums[R][kHalves];
    for (int r = 0; r < R; ++r) {
        for (int half = 0; half < kHalves; ++half) {
            sums[r][half] = Lanes::zero();
        }
    }
    const std::uint8_t* at = piece.weight + group * piece.group_bytes;
    const bool stream = row == 0;
    for (std::size_t i = 0; i < piece.blocks; ++i, at += kBytes) {
        if (stream) {
            Lanes::prefetch(at + kAhead);
        }
        for (int half = 0; half < kHalves; ++half) {
            const F w = load_weights<kType>(at, half * Lanes::kWidth);
            for (int r = 0; r < R; ++r) {
                sums[r][half] = Lanes::fma(w, Lanes::set1(in[r * piece.input_stride + i]), sums[r][half]);
            }
        }
    }
    for (int r = 0; r < R; ++r) {
        for (int half = 0; half < kHalves; ++half) {
            write(piece, row + r, group * kGroup + half * Lanes::kWidth, sums[r][half]);
        }
    }
}

template <DataType kType, int R = Lanes::kRows>
void some_float_rows(int rows, const MatmulPiece& piece, std::size_t group, std::size_t row) {
    if (rows == R) {
        float_rows_by_group<kType, R>(piece, group, row);
    } else if constexpr (R > 1) {
        some_float_rows<kType, R - 1>(rows, piece, group, row);
    }
}

template <DataType kType>
void multiply_floats(const MatmulPiece& piece) {
    for (std::size_t row = 0; row < piece.rows; row += Lanes::kRows) {
        const int now = piece.rows - row < Lanes::kRows ? static_cast<int>(piece.rows - row) : Lanes::kRows;
        for (std::size_t group = 0; group < piece.groups; ++group) {
            some_float_rows<kType>(now, piece, group, row);
        }
    }
}

/// In the order of DataType.
constexpr MatmulKernels kAllTypes = {
    {multiply_floats<DataType::f32>, multiply_floats<DataType::f16>, multiply_floats<DataType::bf16>,
     multiply<DataType::q4_0>, multiply<DataType::q4_1>, multiply<DataType::q5_0>, multiply<DataType::q5_1>,
     multiply<DataType::q8_0>, multiply<DataType::q4_k>, multiply<DataType::q5_k>, multiply<DataType::q6_k>}};

}  // namespace
}  // namespace tendril::engine
