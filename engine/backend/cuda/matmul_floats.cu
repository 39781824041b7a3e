// SPDX-License-Identifier: Apache-2.0
// Products of f32, f16 and bf16 weights, in float on the activations as they are. Strand s of a sum takes the
// runs s, s + 8, s + 16 ... of 8 columns, each column in turn; the strands are added as in blocks.cuh. One
// kernel has a lane for each strand (few rows), the other a warp for each (a tile of 32 rows by 32 outputs):
// the same bits.
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kStrands = static_cast<int>(kSuperBlocks);
constexpr int kRun = 8;  // columns
constexpr int kVectorThreads = 128;
constexpr int kTileThreads = kStrands * 32;
constexpr int kTile = 32;
constexpr int kDepth = kStrands * kRun;  // columns of a tile's step
constexpr int kPitch = kDepth + 4;

TENDRIL_DEVICE float bfloat_bits(uint32_t bits) {
    return __int_as_float(static_cast<int>(bits << 16));
}
TENDRIL_DEVICE float half_value(uint32_t bits) {
    return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}

/// Eight columns of a row of weights, 16-byte aligned.
TENDRIL_DEVICE void load_run(const WeightPlanes& w, size_t element, float (&to)[kRun]) {
    if (w.type == DataType::f32) {
        const float4* from =
            reinterpret_cast<const float4*>(reinterpret_cast<const float*>(w.quants) + element);
        const float4 a = load_streaming(from), b = load_streaming(from + 1);
        to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w;
        to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
        return;
    }
    const uint4 q = load_streaming(reinterpret_cast<const uint4*>(w.quants + element * 2));
    const uint32_t words[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const uint32_t low = words[i] & 0xffffU;
        const uint32_t high = words[i] >> 16;
        to[2 * i] = w.type == DataType::f16 ? half_value(low) : bfloat_bits(low);
        to[2 * i + 1] = w.type == DataType::f16 ? half_value(high) : bfloat_bits(high);
    }
}

/// Activations have rows of any length, so they are read one by one.
TENDRIL_DEVICE float in_or_zero(const FloatMatmulArgs& a, unsigned row, unsigned column) {
    return row < a.rows && column < a.width ? a.in[static_cast<size_t>(row) * a.width + column] : 0.0F;
}

template <int R>
TENDRIL_KERNEL __launch_bounds__(kVectorThreads) float_vectors_kernel(FloatMatmulArgs a) {
    const WeightPlanes& w = a.product.weight;
    const unsigned output = blockIdx.x * (kVectorThreads / kStrands) + threadIdx.x / kStrands;
    const unsigned strand = threadIdx.x % kStrands;
    const unsigned row_of_weight = output < w.rows ? output : w.rows - 1;
    const unsigned columns = w.blocks * static_cast<unsigned>(kBlockColumns);
    float sums[R] = {};
    for (unsigned at = strand * kRun; at < columns; at += kDepth) {
        float weight[kRun];
        load_run(w, static_cast<size_t>(row_of_weight) * columns + at, weight);
#pragma unroll
        for (int r = 0; r < R; ++r) {
#pragma unroll
            for (int i = 0; i < kRun; ++i) {
                sums[r] =
                    fmaf(weight[i], in_or_zero(a, static_cast<unsigned>(r), at + static_cast<unsigned>(i)),
                         sums[r]);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < R; ++r) {
        float sum = sums[r];
#pragma unroll
        for (int lane = kStrands / 2; lane > 0; lane /= 2) {
            sum += __shfl_xor_sync(0xffffffffU, sum, lane);
        }
        if (strand == 0 && output < w.rows && static_cast<unsigned>(r) < a.rows) {
            const float bias = a.product.bias != nullptr ? a.product.bias[output] : 0.0F;
            a.product.out[static_cast<size_t>(r) * w.rows + output] = sum + bias;
        }
    }
}

TENDRIL_KERNEL __launch_bounds__(kTileThreads) float_tiles_kernel(FloatMatmulArgs a) {
    TENDRIL_SHARED(float, in, [kTile][kPitch]);
    TENDRIL_SHARED(float, weights, [kTile][kPitch]);
    TENDRIL_SHARED(float4, space, [kStrands / 2 * kTile * kTile / 4]);
    const WeightPlanes& w = a.product.weight;
    const unsigned columns = w.blocks * static_cast<unsigned>(kBlockColumns);
    const unsigned first_row = blockIdx.y * kTile;
    const unsigned first_output = blockIdx.x * kTile;
    const unsigned warp = threadIdx.x / 32;
    const unsigned lane = threadIdx.x % 32;
    const unsigned row0 = lane / 4 * 4;  // this thread's 4 rows and 8 outputs: lane % 4, + 4, + 8 ...
    const unsigned out0 = lane % 4;
    float sums[4][8] = {};
    for (unsigned at = 0; at < columns; at += kDepth) {
        const unsigned row = threadIdx.x / kStrands;
        const unsigned column = threadIdx.x % kStrands * kRun;
        float run[kRun] = {};
        if (first_output + row < w.rows && at + column < columns) {
            load_run(w, static_cast<size_t>(first_output + row) * columns + at + column, run);
        }
#pragma unroll
        for (unsigned i = 0; i < kRun; ++i) {
            weights[row][column + i] = run[i];
            in[row][column + i] = in_or_zero(a, first_row + row, at + column + i);
        }
        __syncthreads();
        if (at + warp * kRun <
            columns) {  // the whole warp: a strand ends with the weights, as in the other kernel
#pragma unroll
            for (unsigned i = 0; i < kRun; ++i) {
                const unsigned k = warp * kRun + i;
#pragma unroll
                for (unsigned r = 0; r < 4; ++r) {
#pragma unroll
                    for (unsigned o = 0; o < 8; ++o) {
                        sums[r][o] = fmaf(weights[out0 + o * 4][k], in[row0 + r][k], sums[r][o]);
                    }
                }
            }
        }
        __syncthreads();
    }
    for (unsigned half = kStrands / 2; half > 0; half /= 2) {
        if (warp >= half && warp < 2 * half) {
#pragma unroll
            for (unsigned i = 0; i < 8; ++i) {
                const float* from = sums[i / 2] + i % 2 * 4;
                space[((warp - half) * 8 + i) * 32 + lane] = make_float4(from[0], from[1], from[2], from[3]);
            }
        }
        __syncthreads();
        if (warp < half) {
#pragma unroll
            for (unsigned i = 0; i < 8; ++i) {
                const float4 other = space[(warp * 8 + i) * 32 + lane];
                float* to = sums[i / 2] + i % 2 * 4;
                to[0] += other.x, to[1] += other.y, to[2] += other.z, to[3] += other.w;
            }
        }
        __syncthreads();
    }
    if (warp == 0) {
#pragma unroll
        for (unsigned r = 0; r < 4; ++r) {
#pragma unroll
            for (unsigned o = 0; o < 8; ++o) {
                const unsigned row = first_row + row0 + r;
                const unsigned output = first_output + out0 + o * 4;
                if (row < a.rows && output < w.rows) {
                    const float bias = a.product.bias != nullptr ? a.product.bias[output] : 0.0F;
                    a.product.out[static_cast<size_t>(row) * w.rows + output] = sums[r][o] + bias;
                }
            }
        }
    }
}

template <int R>
cudaError_t launch_vectors(const FloatMatmulArgs& args, cudaStream_t stream) {
    constexpr unsigned kOutputs = kVectorThreads / kStrands;
    const unsigned blocks = (args.product.weight.rows + kOutputs - 1) / kOutputs;
    return launch(float_vectors_kernel<R>, dim3(blocks), dim3(kVectorThreads), 0, stream, args);
}

}  // namespace

cudaError_t matmul_floats(const FloatMatmulArgs& args, cudaStream_t stream) {
    if (args.rows == 1) {
        return launch_vectors<1>(args, stream);
    }
    if (args.rows <= 4) {
        return launch_vectors<4>(args, stream);
    }
    const unsigned outputs = (args.product.weight.rows + kTile - 1) / kTile;
    const unsigned rows = (args.rows + kTile - 1) / kTile;
    return launch(float_tiles_kernel, dim3(outputs, rows), dim3(kTileThreads), 0, stream, args);
}

}  // namespace tendril::cuda
