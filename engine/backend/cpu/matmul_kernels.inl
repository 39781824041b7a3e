// SPDX-License-Identifier: Apache-2.0
// Products with float weights over the Lanes of the including file, and the table of all products. Include
// after a lanes_*.inl and matmul_words.inl or matmul_runs.inl; internal linkage.

#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/packed_format.h"

namespace tendril::engine {
namespace {

/// The weights of input i of a step; a step is one input, or two where they lie in pairs.
template <DataType kType, int i>
inline F load_weights(const std::uint8_t* at, int lane) {
    if constexpr (kType == DataType::f32) {
        return Lanes::load(reinterpret_cast<const float*>(at) + lane);
    } else if constexpr (kType == DataType::f16) {
        return Lanes::from_half(halves(at) + lane);
    } else {
        const I pair = Lanes::iload(at + lane * 4);
        return Lanes::as_float(i == 0 ? Lanes::left<16>(pair) : Lanes::iand(pair, Lanes::iset1(0xFFFF0000U)));
    }
}

template <DataType kType, int i, int R>
inline void add_input(const std::uint8_t* at, const float* in, std::size_t stride, F (&sums)[R][kHalves]) {
    for (int half = 0; half < kHalves; ++half) {
        const F w = load_weights<kType, i>(at, half * Lanes::kWidth);
        for (int r = 0; r < R; ++r) {
            sums[r][half] = Lanes::fma(w, Lanes::set1(in[r * stride]), sums[r][half]);
        }
    }
}

template <DataType kType, int R>
void float_rows_by_group(const MatmulPiece& piece, std::size_t group, std::size_t row) {
    constexpr std::size_t kStep = kType == DataType::bf16 ? 2 : 1;
    constexpr std::size_t kBytes = traits(kType).block_bytes * kGroup * kStep;
    const float* in = static_cast<const float*>(piece.activations) + row * piece.input_stride;
    F sums[R][kHalves];
    for (int r = 0; r < R; ++r) {
        for (int half = 0; half < kHalves; ++half) {
            sums[r][half] = Lanes::zero();
        }
    }
    const std::uint8_t* at = piece.weight + group * piece.group_bytes;
    const bool stream = row == 0;
    for (std::size_t i = 0; i < piece.blocks; i += kStep, at += kBytes) {
        if (stream) {
            Lanes::prefetch(at + kAhead);
        }
        add_input<kType, 0>(at, in + i, piece.input_stride, sums);
        if (kStep == 2 && i + 1 < piece.blocks) {
            add_input<kType, kStep - 1>(at, in + i + 1, piece.input_stride, sums);
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
constexpr MatmulKernels all_types(MatmulFunction bfloat) {
    return {{multiply_floats<DataType::f32>, multiply_floats<DataType::f16>, bfloat, multiply<DataType::q4_0>,
             multiply<DataType::q4_1>, multiply<DataType::q5_0>, multiply<DataType::q5_1>,
             multiply<DataType::q8_0>, multiply<DataType::q4_k>, multiply<DataType::q5_k>,
             multiply<DataType::q6_k>}};
}

}  // namespace
}  // namespace tendril::engine
