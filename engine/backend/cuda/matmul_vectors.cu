// SPDX-License-Identifier: Apache-2.0
// Products of 1 to 8 rows: eight lanes an output, each a strand of its sum (blocks.cuh), so that a warp reads
// 128 contiguous bytes of each of four weight rows at once and every weight once. The group's products are
// one launch.
#include "engine/backend/cuda/blocks.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kLanes = static_cast<int>(kSuperBlocks);  // of an output

/// Outputs of a lane: with more rows the activations are worth keeping for two.
template <int R>
constexpr int kOutputs = R >= 4 ? 2 : 1;
template <int R>
constexpr unsigned kBlockOutputs = kThreads / kLanes* kOutputs<R>;

template <DataType T>
TENDRIL_DEVICE void load_words(const int8_t* from, uint32_t (&words)[8]) {
    const uint4 a = *reinterpret_cast<const uint4*>(from), b = *reinterpret_cast<const uint4*>(from + 16);
    words[0] = a.x, words[1] = a.y, words[2] = a.z, words[3] = a.w;
    words[4] = b.x, words[5] = b.y, words[6] = b.z, words[7] = b.w;
}

template <DataType T, int R>
TENDRIL_DEVICE void run(const MatmulArgs& a, const ProductPlanes& p, unsigned first_output) {
    const unsigned strand = threadIdx.x % kLanes;
    const WeightPlanes& w = p.weight;
    float sums[kOutputs<R>][R] = {};
    unsigned output[kOutputs<R>];
#pragma unroll
    for (int o = 0; o < kOutputs<R>; ++o) {
        output[o] = first_output + threadIdx.x / kLanes + static_cast<unsigned>(o) * (kThreads / kLanes);
    }
#pragma unroll(R == 1 ? 4 : 1)
    for (unsigned b = strand; b < w.blocks; b += kLanes) {
        uint32_t words[kOutputs<R>][8];
        BlockScale scale[kOutputs<R>];
#pragma unroll
        for (int o = 0; o < kOutputs<R>; ++o) {
            const unsigned row = output[o] < w.rows ? output[o] : w.rows - 1;
            const size_t block = static_cast<size_t>(row) * w.blocks + b;
            load_block<T>(w, block, words[o]);
            scale[o] = load_scale<T>(w, block);
        }
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const unsigned row = static_cast<unsigned>(r) < a.rows ? static_cast<unsigned>(r) : 0;
            const size_t at = row * a.in.stride + b;
            uint32_t x[8];
            load_words<T>(a.in.values + at * 32, x);
            const BlockRecord record = a.in.records[at];
#pragma unroll
            for (int o = 0; o < kOutputs<R>; ++o) {
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
    for (int o = 0; o < kOutputs<R>; ++o) {
#pragma unroll
        for (int r = 0; r < R; ++r) {
            float sum = sums[o][r];
#pragma unroll
            for (int lane = kLanes / 2; lane > 0; lane /= 2) {
                sum += __shfl_xor_sync(0xffffffffU, sum, lane);
            }
            if (strand == 0 && output[o] < w.rows && static_cast<unsigned>(r) < a.rows) {
                const float bias = p.bias != nullptr ? p.bias[output[o]] : 0.0F;
                p.out[static_cast<size_t>(r) * w.rows + output[o]] = sum + bias;
            }
        }
    }
}

template <int R>
TENDRIL_KERNEL __launch_bounds__(kThreads, R >= 4 ? 4 : 8) vectors_kernel(MatmulArgs a) {
    unsigned block = blockIdx.x;
    unsigned which = 0;
    while (which + 1 < a.count) {
        const unsigned blocks = (a.products[which].weight.rows + kBlockOutputs<R> - 1) / kBlockOutputs<R>;
        if (block < blocks) {
            break;
        }
        block -= blocks;
        ++which;
    }
    const ProductPlanes& p = a.products[which];
    const unsigned first = block * kBlockOutputs<R>;
    switch (p.weight.type) {
        case DataType::q4_0:
            return run<DataType::q4_0, R>(a, p, first);
        case DataType::q4_1:
            return run<DataType::q4_1, R>(a, p, first);
        case DataType::q5_0:
            return run<DataType::q5_0, R>(a, p, first);
        case DataType::q5_1:
            return run<DataType::q5_1, R>(a, p, first);
        case DataType::q8_0:
            return run<DataType::q8_0, R>(a, p, first);
        case DataType::q4_k:
            return run<DataType::q4_k, R>(a, p, first);
        case DataType::q5_k:
            return run<DataType::q5_k, R>(a, p, first);
        case DataType::q6_k:
            return run<DataType::q6_k, R>(a, p, first);
        default:
            return;
    }
}

template <int R>
cudaError_t launch_rows(const MatmulArgs& args, cudaStream_t stream) {
    unsigned blocks = 0;
    for (unsigned i = 0; i < args.count; ++i) {
        blocks += (args.products[i].weight.rows + kBlockOutputs<R> - 1) / kBlockOutputs<R>;
    }
    return launch(vectors_kernel<R>, dim3(blocks), dim3(kThreads), 0, stream, args);
}

}  // namespace

cudaError_t matmul_vectors(const MatmulArgs& args, cudaStream_t stream) {
    if (args.rows <= 1) {
        return launch_rows<1>(args, stream);
    }
    if (args.rows <= 2) {
        return launch_rows<2>(args, stream);
    }
    return args.rows <= 4 ? launch_rows<4>(args, stream) : launch_rows<8>(args, stream);
}

}  // namespace tendril::cuda
