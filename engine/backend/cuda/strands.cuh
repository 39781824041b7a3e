// SPDX-License-Identifier: Apache-2.0
// Device code: products of 1 to 8 rows. Eight lanes have an output, each a strand of its sum (blocks.cuh), so
// that a warp reads 128 contiguous bytes of each of four weight rows at once and every weight once.
#pragma once

#include "engine/backend/cuda/blocks.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

inline constexpr unsigned kLanes = static_cast<unsigned>(kSuperBlocks);  // of an output

TENDRIL_DEVICE void load_words(const int8_t* from, uint32_t (&words)[8]) {
    const uint4 a = *reinterpret_cast<const uint4*>(from), b = *reinterpret_cast<const uint4*>(from + 16);
    words[0] = a.x, words[1] = a.y, words[2] = a.z, words[3] = a.w;
    words[4] = b.x, words[5] = b.y, words[6] = b.z, words[7] = b.w;
}

/// Outputs output[o] of weights of one type and as many blocks a row, in every lane of the eight; beyond the
/// last output: the last one's.
template <DataType T, int R, int O>
TENDRIL_DEVICE void strand_sums(const QuantisedRows& in, unsigned rows, const WeightPlanes& first,
                                const WeightPlanes& last, const unsigned (&output)[O], float (&sums)[O][R]) {
    const unsigned strand = threadIdx.x % kLanes;
    const auto stride = static_cast<unsigned>(in.stride);  // 8 rows: the numbers of blocks are small
#pragma unroll(R* O == 1 ? 4 : R * O == 2 ? 2 : 1)
    for (unsigned b = strand; b < first.blocks; b += kLanes) {
        uint32_t words[O][8];
        BlockScale scale[O];
#pragma unroll
        for (int o = 0; o < O; ++o) {
            const WeightPlanes& w = o == 0 ? first : last;
            const unsigned row = output[o] < w.rows ? output[o] : w.rows - 1;
            const size_t block = static_cast<size_t>(row) * w.blocks + b;
            load_block<T>(w, block, words[o]);
            scale[o] = load_scale<T>(w, block);
        }
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const unsigned row = static_cast<unsigned>(r) < rows ? static_cast<unsigned>(r) : 0;
            const unsigned at = row * stride + b;
            uint32_t x[8];
            load_words(in.values + at * 32, x);
            const BlockRecord record = in.records[at];
#pragma unroll
            for (int o = 0; o < O; ++o) {
                int low = 0;
                int high = 0;
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    low = dot4(static_cast<int>(words[o][i]), static_cast<int>(x[i]), low);
                    high = dot4(static_cast<int>(words[o][i + 4]), static_cast<int>(x[i + 4]), high);
                }
                sums[o][r] = add_block<T>(sums[o][r], scale[o], low, high, record);
            }
        }
    }
#pragma unroll
    for (int o = 0; o < O; ++o) {
#pragma unroll
        for (int r = 0; r < R; ++r) {
#pragma unroll
            for (unsigned lane = kLanes / 2; lane > 0; lane /= 2) {
                sums[o][r] += __shfl_xor_sync(0xffffffffU, sums[o][r], static_cast<int>(lane));
            }
        }
    }
}

template <int R, int O>
TENDRIL_DEVICE void sums_of(const QuantisedRows& in, unsigned rows, const WeightPlanes& first,
                            const WeightPlanes& last, const unsigned (&output)[O], float (&sums)[O][R]) {
    switch (first.type) {
        case DataType::q4_0:
            return strand_sums<DataType::q4_0>(in, rows, first, last, output, sums);
        case DataType::q4_1:
            return strand_sums<DataType::q4_1>(in, rows, first, last, output, sums);
        case DataType::q5_0:
            return strand_sums<DataType::q5_0>(in, rows, first, last, output, sums);
        case DataType::q5_1:
            return strand_sums<DataType::q5_1>(in, rows, first, last, output, sums);
        case DataType::q8_0:
            return strand_sums<DataType::q8_0>(in, rows, first, last, output, sums);
        case DataType::q4_k:
            return strand_sums<DataType::q4_k>(in, rows, first, last, output, sums);
        case DataType::q5_k:
            return strand_sums<DataType::q5_k>(in, rows, first, last, output, sums);
        case DataType::q6_k:
            return strand_sums<DataType::q6_k>(in, rows, first, last, output, sums);
        default:
            return;
    }
}

}  // namespace tendril::cuda
