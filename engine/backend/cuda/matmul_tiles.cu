// SPDX-License-Identifier: Apache-2.0
// Products of many rows on the tensor cores: a tile of 16, 32 or 64 rows by 32 outputs for eight warps, of
// which warp s takes the blocks s, s + 8, s + 16 ... of the depth, that is, strand s of all sums of the tile
// (blocks.cuh). Each byte of weights and activations is read by one warp of the tile only; the strands meet
// at the end.
#include "engine/backend/cuda/blocks.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kWarps = static_cast<int>(kSuperBlocks);
constexpr int kThreads = kWarps * 32;
constexpr int kOutputs = 32;  // of a tile
constexpr int kInRow =
    256 + 16;  // bytes of a row of activations: 8 blocks, and 16 so that rows lie in other banks
constexpr int kMostQuantRow = 256 + 16;
constexpr int kScaleBytes = kWarps * kOutputs * 8;
constexpr int kHighBytes = kWarps * kOutputs * 8;

/// Where the parts of one stage lie in shared memory.
template <int M>
struct Stage {
    static constexpr int kRows = 16 * M;
    static constexpr int kRecords = kRows * kInRow;
    static constexpr int kQuants = kRecords + kRows * kWarps * 8;
    static constexpr int kScales = kQuants + kOutputs * kMostQuantRow;
    static constexpr int kHigh = kScales + kScaleBytes;
    static constexpr int kBytes = kHigh + kHighBytes;
};

template <int M>
constexpr size_t shared_bytes(unsigned stages) {
    const size_t sums = 4 * 16 * kOutputs * sizeof(float);  // half the warps' sums of 16 rows, at the end
    const size_t all = stages * static_cast<size_t>(Stage<M>::kBytes);
    return all > sums ? all : sums;
}

template <DataType T>
constexpr int kQuantRow = static_cast<int>(quant_bytes(T)) * kWarps + 16;

template <DataType T, int M>
struct Tile {
    const MatmulArgs& a;
    const ProductPlanes& p;
    unsigned char* shared;
    unsigned first_row, first_output;

    /// Begins to copy the activations and quants of 8 blocks of the depth.
    TENDRIL_DEVICE void copy(unsigned char* stage, unsigned chunk) const {
#pragma unroll 1
        for (int i = static_cast<int>(threadIdx.x); i < Stage<M>::kRows * 16; i += kThreads) {
            const unsigned row = first_row + static_cast<unsigned>(i / 16);
            const size_t from =
                (static_cast<size_t>(row < a.rows ? row : 0) * a.in.stride + chunk * kSuperBlocks) * 32;
            copy_async_16(stage + i / 16 * kInRow + i % 16 * 16, a.in.values + from + i % 16 * 16,
                          row < a.rows ? 16 : 0);
        }
#pragma unroll 1
        for (int i = static_cast<int>(threadIdx.x); i < Stage<M>::kRows * 4; i += kThreads) {
            const unsigned row = first_row + static_cast<unsigned>(i / 4);
            const size_t from =
                static_cast<size_t>(row < a.rows ? row : 0) * a.in.stride + chunk * kSuperBlocks;
            copy_async_16(stage + Stage<M>::kRecords + i * 16, a.in.records + from + i % 4 * 2,
                          row < a.rows ? 16 : 0);
        }
        constexpr int kPieces = static_cast<int>(quant_bytes(T)) / 16;  // of a block
#pragma unroll 1
        for (int i = static_cast<int>(threadIdx.x); i < kOutputs * kWarps * kPieces; i += kThreads) {
            const unsigned output = first_output + static_cast<unsigned>(i / (kWarps * kPieces));
            const unsigned block = chunk * kWarps + static_cast<unsigned>(i / kPieces % kWarps);
            const bool there = output < p.weight.rows && block < p.weight.blocks;
            const size_t from = there ? static_cast<size_t>(output) * p.weight.blocks + block : 0;
            copy_async_16(stage + Stage<M>::kQuants + i / (kWarps * kPieces) * kQuantRow<T> +
                              i % (kWarps * kPieces) * 16,
                          p.weight.quants + from * quant_bytes(T) + i % kPieces * 16, there ? 16 : 0);
        }
    }

    /// Scale and high bits of one block, decoded by the thread that has its number: output t / 8, strand t
    /// % 8.
    TENDRIL_DEVICE void decode(unsigned char* stage, unsigned chunk) const {
        const unsigned output = first_output + threadIdx.x / kWarps;
        const unsigned block = chunk * kWarps + threadIdx.x % kWarps;
        float2 scale = make_float2(0.0F, 0.0F);
        uint2 high = make_uint2(0, 0);
        if (output < p.weight.rows && block < p.weight.blocks) {
            const size_t at = static_cast<size_t>(output) * p.weight.blocks + block;
            const BlockScale s = load_scale<T>(p.weight, at);
            const float pair = __int_as_float((s.low & 0xffff) | (s.high << 16));
            scale = make_float2(s.scale, T == DataType::q6_k ? pair : s.minimum);
            high = load_high<T>(p.weight, at);
        }
        const unsigned slot = threadIdx.x % kWarps * kOutputs + threadIdx.x / kWarps;
        reinterpret_cast<float2*>(stage + Stage<M>::kScales)[slot] = scale;
        if constexpr (high_bytes(T) != 0) {
            reinterpret_cast<uint2*>(stage + Stage<M>::kHigh)[slot] = high;
        }
    }

    TENDRIL_DEVICE static BlockScale unpack(float scale, float other) {
        BlockScale out{scale, other, 1, 1};
        if constexpr (T == DataType::q6_k) {
            const int pair = __float_as_int(other);
            out.low = static_cast<short>(pair & 0xffff);
            out.high = pair >> 16;
        }
        return out;
    }

    /// This warp's strand of 8 blocks of the depth.
    TENDRIL_DEVICE void multiply(const unsigned char* stage, float (&sums)[M][4][4]) const {
        const int strand = static_cast<int>(threadIdx.x) / 32;
        const int group = static_cast<int>(threadIdx.x) % 32 / 4;
        const int t = static_cast<int>(threadIdx.x) % 4;
        uint32_t in[M][4];
        BlockRecord records[M][2];
#pragma unroll
        for (int m = 0; m < M; ++m) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = m * 16 + half * 8 + group;
                const unsigned char* at = stage + row * kInRow + strand * 32 + t * 4;
                in[m][half] = *reinterpret_cast<const uint32_t*>(at);
                in[m][half + 2] = *reinterpret_cast<const uint32_t*>(at + 16);
                records[m][half] =
                    reinterpret_cast<const BlockRecord*>(stage + Stage<M>::kRecords)[row * kWarps + strand];
            }
        }
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            const unsigned char* quants = stage + Stage<M>::kQuants + (n * 8 + group) * kQuantRow<T>;
            uint32_t low = 0;
            uint32_t high = 0;
            if constexpr (T == DataType::q8_0) {
                low = *reinterpret_cast<const uint32_t*>(quants + strand * 32 + t * 4);
                high = *reinterpret_cast<const uint32_t*>(quants + strand * 32 + 16 + t * 4);
            } else {
                uint2 bits = make_uint2(0, 0);
                if constexpr (high_bytes(T) != 0) {
                    bits = reinterpret_cast<const uint2*>(stage +
                                                          Stage<M>::kHigh)[strand * kOutputs + n * 8 + group];
                }
                const uint32_t word = *reinterpret_cast<const uint32_t*>(quants + strand * 16 + t * 4);
                split_word<T>(word, bits.x, bits.y, t, low, high);
            }
            const float4 both = reinterpret_cast<const float4*>(
                stage + Stage<M>::kScales)[(strand * kOutputs + n * 8 + t * 2) / 2];
            const BlockScale scales[2] = {unpack(both.x, both.y), unpack(both.z, both.w)};
#pragma unroll
            for (int m = 0; m < M; ++m) {
                int first[4] = {};
                int second[4] = {};
                if constexpr (T == DataType::q6_k) {  // the halves of a block have scales of their own
                    mma_s8_16x8x32(first, in[m], {low, 0});
                    mma_s8_16x8x32(second, in[m], {0, high});
                } else {
                    mma_s8_16x8x32(first, in[m], {low, high});
                }
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    sums[m][n][i] =
                        add_block<T>(sums[m][n][i], scales[i % 2], first[i], second[i], records[m][i / 2]);
                }
            }
        }
    }

    /// Adds the strands as a butterfly does: warps s and s + 4, s + 2, s + 1; 16 rows at a time.
    TENDRIL_DEVICE void finish(float (&sums)[M][4][4]) const {
        float4* const space = reinterpret_cast<float4*>(shared);
        const unsigned warp = threadIdx.x / 32;
        const unsigned lane = threadIdx.x % 32;
#pragma unroll
        for (int m = 0; m < M; ++m) {
#pragma unroll
            for (unsigned half = kWarps / 2; half > 0; half /= 2) {
                if (warp >= half && warp < 2 * half) {
#pragma unroll
                    for (int n = 0; n < 4; ++n) {
                        space[((warp - half) * 4 + n) * 32 + lane] =
                            make_float4(sums[m][n][0], sums[m][n][1], sums[m][n][2], sums[m][n][3]);
                    }
                }
                __syncthreads();
                if (warp < half) {
#pragma unroll
                    for (int n = 0; n < 4; ++n) {
                        const float4 other = space[(warp * 4 + n) * 32 + lane];
                        sums[m][n][0] += other.x;
                        sums[m][n][1] += other.y;
                        sums[m][n][2] += other.z;
                        sums[m][n][3] += other.w;
                    }
                }
                __syncthreads();
            }
            if (warp == 0) {
                write(sums[m], first_row + m * 16);
            }
        }
    }

    TENDRIL_DEVICE void write(const float (&sums)[4][4], unsigned row0) const {
        const unsigned lane = threadIdx.x % 32;
#pragma unroll
        for (unsigned n = 0; n < 4; ++n) {
#pragma unroll
            for (unsigned i = 0; i < 4; ++i) {
                const unsigned row = row0 + lane / 4 + i / 2 * 8;
                const unsigned output = first_output + n * 8 + lane % 4 * 2 + i % 2;
                if (row < a.rows && output < p.weight.rows) {
                    const float bias = p.bias != nullptr ? p.bias[output] : 0.0F;
                    p.out[static_cast<size_t>(row) * p.weight.rows + output] = sums[n][i] + bias;
                }
            }
        }
    }

    TENDRIL_DEVICE void run() const {
        float sums[M][4][4] = {};
        const unsigned chunks = (p.weight.blocks + kWarps - 1) / kWarps;
        const bool ahead = a.stages == 2;
        copy(shared, 0);
        copy_async_commit();
#pragma unroll 1
        for (unsigned chunk = 0; chunk < chunks; ++chunk) {
            unsigned char* const stage = shared + (ahead ? chunk % 2 : 0) * Stage<M>::kBytes;
            decode(stage, chunk);
            if (ahead && chunk + 1 < chunks) {
                copy(shared + (chunk + 1) % 2 * Stage<M>::kBytes, chunk + 1);
            }
            copy_async_commit();  // an empty group behind the last, so that the same wait serves
            if (ahead) {
                copy_async_wait<1>();
            } else {
                copy_async_wait<0>();
            }
            __syncthreads();
            multiply(stage, sums);
            __syncthreads();
            if (!ahead && chunk + 1 < chunks) {
                copy(shared, chunk + 1);
                copy_async_commit();
            }
        }
        finish(sums);
    }
};

template <int M>
TENDRIL_KERNEL __launch_bounds__(kThreads) tiles_kernel(MatmulArgs a) {
    TENDRIL_DYNAMIC_SHARED(unsigned char, shared);
    unsigned column = blockIdx.x;
    unsigned which = 0;
    while (which + 1 < a.count) {
        const unsigned tiles = (a.products[which].weight.rows + kOutputs - 1) / kOutputs;
        if (column < tiles) {
            break;
        }
        column -= tiles;
        ++which;
    }
    const ProductPlanes& p = a.products[which];
    const unsigned row = blockIdx.y * 16 * M;
    const unsigned output = column * kOutputs;
    switch (p.weight.type) {
        case DataType::q4_0:
            return Tile<DataType::q4_0, M>{a, p, shared, row, output}.run();
        case DataType::q4_1:
            return Tile<DataType::q4_1, M>{a, p, shared, row, output}.run();
        case DataType::q5_0:
            return Tile<DataType::q5_0, M>{a, p, shared, row, output}.run();
        case DataType::q5_1:
            return Tile<DataType::q5_1, M>{a, p, shared, row, output}.run();
        case DataType::q8_0:
            return Tile<DataType::q8_0, M>{a, p, shared, row, output}.run();
        case DataType::q4_k:
            return Tile<DataType::q4_k, M>{a, p, shared, row, output}.run();
        case DataType::q5_k:
            return Tile<DataType::q5_k, M>{a, p, shared, row, output}.run();
        case DataType::q6_k:
            return Tile<DataType::q6_k, M>{a, p, shared, row, output}.run();
        default:
            return;
    }
}

template <int M>
cudaError_t launch_tiles(const MatmulArgs& args, cudaStream_t stream) {
    unsigned columns = 0;
    for (unsigned i = 0; i < args.count; ++i) {
        columns += (args.products[i].weight.rows + kOutputs - 1) / kOutputs;
    }
    const unsigned rows = (args.rows + 16 * M - 1) / (16 * M);
    return launch(tiles_kernel<M>, dim3(columns, rows), dim3(kThreads), shared_bytes<M>(args.stages), stream,
                  args);
}

template <int M>
cudaError_t allow(unsigned stages) {
    return cudaFuncSetAttribute(reinterpret_cast<const void*>(tiles_kernel<M>),
                                cudaFuncAttributeMaxDynamicSharedMemorySize,
                                static_cast<int>(shared_bytes<M>(stages)));
}

}  // namespace

std::size_t most_tile_shared_bytes(std::uint32_t stages) {
    return shared_bytes<4>(stages);
}

cudaError_t allow_shared_memory(std::uint32_t stages) {
    cudaError_t error = allow_vectors();
    error = error == cudaSuccess ? allow<1>(stages) : error;
    error = error == cudaSuccess ? allow<2>(stages) : error;
    return error == cudaSuccess ? allow<4>(stages) : error;
}

cudaError_t matmul_tiles(const MatmulArgs& args, cudaStream_t stream) {
    if (args.rows <= 16) {
        return launch_tiles<1>(args, stream);
    }
    return args.rows <= 32 ? launch_tiles<2>(args, stream) : launch_tiles<4>(args, stream);
}

}  // namespace tendril::cuda
