// SPDX-License-Identifier: Apache-2.0
// Products of 1 to 8 rows (strands.cuh) with what stands before and behind them. Before: each block of
// threads norms and rounds the rows itself, into shared memory, and then takes as many pieces of the outputs
// as the launch leaves it. Behind: see Ending; what needs more outputs than a block has (a head, a whole row)
// is done by the block that comes last. The group's products are one launch.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/embedding.cuh"
#include "engine/backend/cuda/head_rows.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/norms.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/strands.cuh"

namespace tendril::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kWideThreads = 256;  // gated: a block of 32 features; logits: fewer norms
constexpr unsigned kFeatures = 32;      // of a piece of a gated row, rounded as one block

using NormParts = float[kVectorRows][kNormParts];

/// Outputs of eight lanes: with more rows the activations are worth keeping for two.
template <int R>
constexpr int kOutputs = R >= 4 ? 2 : 1;

TENDRIL_DEVICE unsigned lane_groups() {
    return blockDim.x / kLanes;
}

/// True in all threads of the block that adds the last of `of` to a counter; then what all others had written
/// may be read, and the counter is zero again.
TENDRIL_DEVICE bool is_last(unsigned* counter, unsigned count, unsigned of, unsigned* flag) {
    if (threadIdx.x == 0) {
        *flag = atomicAdd(counter, count) + count == of ? 1U : 0U;
    }
    __syncthreads();
    const bool last = *flag != 0;
    __syncthreads();
    if (last) {
        __threadfence();
        if (threadIdx.x == 0) {
            *counter = 0;
        }
    }
    return last;
}

/// The rows through the norm, rounded, to shared memory.
TENDRIL_DEVICE void take_rows(const VectorArgs& a, const QuantisedRows& to, NormParts& parts) {
    const NormInput& in = a.norm;
    const auto fetch = [&](unsigned row, unsigned column) {
        return in.tokens != nullptr
                   ? in.scale * table_element(in.table, static_cast<size_t>(in.tokens[row]), column)
                   : in.rows[static_cast<size_t>(row) * in.width + column];
    };
    square_parts(a.product.rows, in.width, fetch, parts);
    __syncthreads();
    for (unsigned row = 0; row < a.product.rows; ++row) {
        const float scale = norm_scale_of(parts[row], in.width, in.epsilon);
        for (unsigned block = threadIdx.x / 32; block < to.stride; block += blockDim.x / 32) {
            const unsigned column = block * 32 + threadIdx.x % 32;
            float value = 0.0F;
            if (column < in.width) {
                const float x = fetch(row, column);
                if (in.tokens != nullptr && blockIdx.x == 0) {
                    in.embedded[static_cast<size_t>(row) * in.width + column] = x;
                }
                value = x * scale * in.norm[column];
            }
            quantise_block(value, to, row * to.stride + block);
        }
    }
    __syncthreads();
}

/// A head of a product that all of its outputs have arrived for: a warp a row.
TENDRIL_DEVICE void finish_head(const VectorArgs& a, unsigned which, unsigned head, float* space) {
    const HeadsEnding& h = a.heads;
    const ProductPlanes& p = a.product.products[which];
    const unsigned lane = threadIdx.x % 32;
    const unsigned size = h.head_size;
    float* const x = space + threadIdx.x / 32 * h.planes.padded_size;
    const float* const norm = which == 0 ? h.query_norm : which == 1 ? h.key_norm : nullptr;
    for (unsigned row = threadIdx.x / 32; row < a.product.rows; row += blockDim.x / 32) {
        float* const out =
            p.out + static_cast<size_t>(row) * p.weight.rows + static_cast<size_t>(head) * size;
        for (unsigned i = lane; i < h.planes.padded_size; i += 32) {
            x[i] = i < size ? out[i] : 0.0F;
        }
        if (norm != nullptr) {  // each lane has its own columns
            const float squares = squares_of(lane, 32, size, [&](unsigned i) { return x[i]; });
            const float scale = norm_scale(squares, size, a.epsilon);
            for (unsigned i = lane; i < size; i += 32) {
                x[i] = x[i] * scale * norm[i];
            }
        }
        __syncwarp();
        if (which < 2) {
            for (unsigned pair = lane; pair < size / 2; pair += 32) {
                turn_pair(x[first_of_pair(h.angles, pair)], x[second_of_pair(h.angles, pair, size / 2)],
                          turn_of(h.angles.quarter_turns[pair], h.positions[row]), h.angles.magnitude);
            }
            __syncwarp();
        }
        if (which == 0) {
            for (unsigned i = lane; i < size; i += 32) {
                out[i] = x[i];
            }
        } else {
            store_head(h.planes, h.step, h.kv_heads, which == 2, row, head, size, x);
        }
        __syncwarp();
    }
}

/// Outputs [first, end) of a product are written: the heads that are whole by that are finished.
TENDRIL_DEVICE void end_heads(const VectorArgs& a, unsigned which, unsigned first, unsigned end, float* space,
                              unsigned* flag) {
    const unsigned size = a.heads.head_size;
    unsigned base = 0;
    for (unsigned i = 0; i < which; ++i) {
        base += a.product.products[i].weight.rows / size;
    }
    __threadfence();
    __syncthreads();
    for (unsigned head = first / size; head * size < end; ++head) {
        const unsigned from = head * size > first ? head * size : first;
        const unsigned to = (head + 1) * size < end ? (head + 1) * size : end;
        if (is_last(a.arrived + base + head, to - from, size, flag)) {
            finish_head(a, which, head, space);
        }
        __syncthreads();
    }
}

/// A piece of the product is written: the last one norms all rows and adds them to the stream.
TENDRIL_DEVICE void end_rows(const VectorArgs& a, NormParts& parts, unsigned* flag) {
    __threadfence();
    __syncthreads();
    if (!is_last(a.arrived, 1, a.items, flag)) {
        return;
    }
    const unsigned width = a.product.products[0].weight.rows;
    const float* const part = a.product.products[0].out;
    square_parts(
        a.product.rows, width,
        [&](unsigned row, unsigned column) { return part[static_cast<size_t>(row) * width + column]; },
        parts);
    __syncthreads();
    for (unsigned row = 0; row < a.product.rows; ++row) {
        const float scale = norm_scale_of(parts[row], width, a.epsilon);
        for (unsigned i = threadIdx.x; i < width; i += blockDim.x) {
            const size_t at = static_cast<size_t>(row) * width + i;
            a.to[at] += part[at] * scale * a.post_norm[i];
        }
    }
}

/// 32 features: product 0 is the gate, product 1 what it gates.
template <int R>
TENDRIL_DEVICE void end_gated(const VectorArgs& a, unsigned item, const float (&sums)[2][R], float* space) {
    const ProductPlanes& gate = a.product.products[0];
    const unsigned group = threadIdx.x / kLanes;
    if (threadIdx.x % kLanes < 2) {
        const unsigned which = threadIdx.x % kLanes;
        const unsigned output = item * kFeatures + group;
        const float* const bias = a.product.products[which].bias;
        const float shift = bias != nullptr && output < gate.weight.rows ? bias[output] : 0.0F;
#pragma unroll
        for (int r = 0; r < R; ++r) {
            space[(which * R + static_cast<unsigned>(r)) * kFeatures + group] =
                (which == 0 ? sums[0][r] : sums[1][r]) + shift;
        }
    }
    __syncthreads();
    const unsigned lane = threadIdx.x % 32;
    const unsigned column = item * kFeatures + lane;
    for (unsigned row = threadIdx.x / 32; row < a.product.rows; row += blockDim.x / 32) {
        const float x = space[row * kFeatures + lane];
        float value = 0.0F;
        if (column < gate.weight.rows) {
            value = (a.gelu != 0 ? gelu_tanh(x) : silu(x)) * space[(R + row) * kFeatures + lane];
            gate.out[static_cast<size_t>(row) * gate.weight.rows + column] = value;
        }
        quantise_block(value, a.gated, row * a.gated.stride + item);
    }
    __syncthreads();
}

template <int R, int O>
TENDRIL_DEVICE void write_sums(const VectorArgs& a, const ProductPlanes& p, const unsigned (&output)[O],
                               const float (&sums)[O][R]) {
    const bool add = a.ending == Ending::add && a.post_norm == nullptr;
#pragma unroll
    for (int o = 0; o < O; ++o) {
#pragma unroll
        for (int r = 0; r < R; ++r) {
            if (threadIdx.x % kLanes == 0 && output[o] < p.weight.rows &&
                static_cast<unsigned>(r) < a.product.rows) {
                const float bias = p.bias != nullptr ? p.bias[output[o]] : 0.0F;
                const size_t at = static_cast<size_t>(r) * p.weight.rows + output[o];
                const float value = sums[o][r] + bias;
                if (add) {
                    a.to[at] += value;
                } else {
                    p.out[at] = a.softcap > 0.0F ? a.softcap * tanhf(value / a.softcap) : value;
                }
            }
        }
    }
}

template <int R, int O>
TENDRIL_KERNEL __launch_bounds__(kWideThreads, R >= 4   ? 2
                                               : O == 2 ? 3
                                                        : 4) vectors_kernel(VectorArgs a) {
    TENDRIL_DYNAMIC_SHARED(float, space);
    TENDRIL_SHARED(float, parts, [kVectorRows][kNormParts]);
    TENDRIL_SHARED(unsigned, flag, [1]);
    QuantisedRows in = a.product.in;
    if (a.norm.norm != nullptr) {
        in.stride = a.product.products[0].weight.blocks;
        in.records = reinterpret_cast<BlockRecord*>(space);
        in.values = reinterpret_cast<int8_t*>(in.records + (a.product.rows * in.stride + 1) / 2 * 2);
        space = reinterpret_cast<float*>(in.values + a.product.rows * in.stride * 32);
        take_rows(a, in, parts);
    }
    const unsigned piece = lane_groups() * O;
    const unsigned group = threadIdx.x / kLanes;
    for (unsigned item = blockIdx.x; item < a.items; item += gridDim.x) {
        const bool gated = O == 2 && a.ending == Ending::gate;
        unsigned which = 0;
        unsigned first = item;
        for (; which + 1 < a.product.count && !gated; ++which) {
            const unsigned pieces = (a.product.products[which].weight.rows + piece - 1) / piece;
            if (first < pieces) {
                break;
            }
            first -= pieces;
        }
        const ProductPlanes& p = a.product.products[which];
        first *= gated ? kFeatures : piece;
        float sums[O][R] = {};
        unsigned output[O];
#pragma unroll
        for (unsigned o = 0; o < O; ++o) {
            output[o] = first + group + (gated ? 0 : o * lane_groups());
        }
        sums_of(in, a.product.rows, p.weight, a.product.products[gated ? 1 : which].weight, output, sums);
        if constexpr (O == 2) {
            if (gated) {
                end_gated(a, item, sums, space);
                continue;
            }
        }
        write_sums(a, p, output, sums);
        if (a.ending == Ending::heads) {
            const unsigned end = first + piece < p.weight.rows ? first + piece : p.weight.rows;
            end_heads(a, which, first, end, space, flag);
        } else if (a.ending == Ending::add && a.post_norm != nullptr) {
            end_rows(a, parts, flag);
        }
    }
}

unsigned threads_of(const VectorArgs& a) {
    return a.ending == Ending::gate || (a.ending == Ending::write && a.norm.norm != nullptr) ? kWideThreads
                                                                                             : kThreads;
}

template <int R, int O>
cudaError_t launch_rows(VectorArgs args, cudaStream_t stream) {
    const unsigned threads = threads_of(args);
    const unsigned piece = args.ending == Ending::gate ? kFeatures : threads / kLanes * O;
    args.items = 0;
    for (unsigned i = 0; i < (args.ending == Ending::gate ? 1 : args.product.count); ++i) {
        args.items += (args.product.products[i].weight.rows + piece - 1) / piece;
    }
    unsigned blocks = args.items;
    if (args.norm.norm != nullptr) {  // as many as the device holds at once: each norms the rows
        const unsigned held = args.multiprocessors * (R >= 4 ? 2U : O == 2 ? 3U : 4U) * kWideThreads / threads;
        blocks = blocks < held ? blocks : held;
    }
    return launch(vectors_kernel<R, O>, dim3(blocks), dim3(threads), vector_shared_bytes(args), stream, args);
}

template <int R, int O>
cudaError_t allow(cudaError_t error) {
    return error != cudaSuccess ? error
                                : cudaFuncSetAttribute(reinterpret_cast<const void*>(vectors_kernel<R, O>),
                                                       cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                       static_cast<int>(kVectorShared));
}

}  // namespace

std::size_t vector_shared_bytes(const VectorArgs& args) {
    std::size_t bytes = 16;  // the kernel names the space: never none
    if (args.norm.norm != nullptr) {
        const std::size_t blocks = args.product.rows * std::size_t{args.product.products[0].weight.blocks};
        bytes += (blocks + 1) / 2 * 2 * sizeof(BlockRecord) + blocks * 32;
    }
    if (args.ending == Ending::gate) {
        bytes += std::size_t{2} * kVectorRows * kFeatures * sizeof(float);
    } else if (args.ending == Ending::heads) {
        bytes += threads_of(args) / 32 * std::size_t{args.heads.planes.padded_size} * sizeof(float);
    }
    return bytes;
}

cudaError_t allow_vectors() {
    cudaError_t error = allow<1, 1>(cudaSuccess);
    error = allow<1, 2>(error);
    error = allow<2, 1>(error);
    error = allow<2, 2>(error);
    error = allow<4, 2>(error);
    return allow<8, 2>(error);
}

cudaError_t matmul_vectors(const VectorArgs& args, cudaStream_t stream) {
    const bool pairs = args.ending == Ending::gate;
    if (args.product.rows <= 1) {
        return pairs ? launch_rows<1, 2>(args, stream) : launch_rows<1, 1>(args, stream);
    }
    if (args.product.rows <= 2) {
        return pairs ? launch_rows<2, 2>(args, stream) : launch_rows<2, 1>(args, stream);
    }
    return args.product.rows <= 4 ? launch_rows<4, 2>(args, stream) : launch_rows<8, 2>(args, stream);
}

}  // namespace tendril::cuda
