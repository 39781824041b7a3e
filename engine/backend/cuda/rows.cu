// SPDX-License-Identifier: Apache-2.0
// Ops on rows and on single values: embedding, norms, addition, gates, caps.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/blocks.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kNarrow = 512;  // a row of a norm up to here has a warp, a wider one a block

unsigned blocks_for(size_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}
TENDRIL_DEVICE size_t thread_number() {
    return static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
}

/// Eight elements of a block: word t of each half.
template <DataType T>
TENDRIL_DEVICE void embed_words(const WeightPlanes& w, size_t block, int t, float (&to)[8]) {
    const BlockScale scale = load_scale<T>(w, block);
    uint32_t low = 0;
    uint32_t high = 0;
    const uint32_t* quants = reinterpret_cast<const uint32_t*>(w.quants) + block * (quant_bytes(T) / 4);
    if constexpr (T == DataType::q8_0) {
        low = quants[t];
        high = quants[t + 4];
    } else {
        const uint2 bits = load_high<T>(w, block);
        split_word<T>(quants[t], bits.x, bits.y, t, low, high);
    }
    const float minimum = has_minimum(T) ? scale.minimum : 0.0F;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const int a = static_cast<signed char>(low >> (8 * i) & 0xffU) - offset_of(T);
        const int b = static_cast<signed char>(high >> (8 * i) & 0xffU) - offset_of(T);
        to[i] = fmaf(scale.scale, static_cast<float>(a * scale.low), minimum);
        to[i + 4] = fmaf(scale.scale, static_cast<float>(b * scale.high), minimum);
    }
}

TENDRIL_DEVICE float float_element(const WeightPlanes& w, size_t at) {
    if (w.type == DataType::f32) {
        return reinterpret_cast<const float*>(w.quants)[at];
    }
    const uint32_t bits = reinterpret_cast<const uint16_t*>(w.quants)[at];
    return w.type == DataType::f16 ? half_bits(bits) : __int_as_float(static_cast<int>(bits << 16));
}

/// A thread has word t of both halves of a block.
TENDRIL_KERNEL __launch_bounds__(kThreads) embed_kernel(EmbedArgs a) {
    const size_t words = static_cast<size_t>(a.table.blocks) * 4;
    const size_t row = thread_number() / words;
    if (row >= a.rows) {
        return;
    }
    const size_t word = thread_number() - row * words;
    const int t = static_cast<int>(word % 4);
    const size_t block = static_cast<size_t>(a.tokens[row]) * a.table.blocks + word / 4;
    float values[8];
    switch (a.table.type) {
        case DataType::q4_0:
            embed_words<DataType::q4_0>(a.table, block, t, values);
            break;
        case DataType::q4_1:
            embed_words<DataType::q4_1>(a.table, block, t, values);
            break;
        case DataType::q5_0:
            embed_words<DataType::q5_0>(a.table, block, t, values);
            break;
        case DataType::q5_1:
            embed_words<DataType::q5_1>(a.table, block, t, values);
            break;
        case DataType::q8_0:
            embed_words<DataType::q8_0>(a.table, block, t, values);
            break;
        case DataType::q4_k:
            embed_words<DataType::q4_k>(a.table, block, t, values);
            break;
        case DataType::q5_k:
            embed_words<DataType::q5_k>(a.table, block, t, values);
            break;
        case DataType::q6_k:
            embed_words<DataType::q6_k>(a.table, block, t, values);
            break;
        default:
#pragma unroll
            for (int i = 0; i < 8; ++i) {
                values[i] =
                    float_element(a.table, block * 32 + static_cast<size_t>(i / 4 * 16 + t * 4 + i % 4));
            }
            break;
    }
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const size_t column = word / 4 * 32 + static_cast<size_t>(i / 4 * 16 + t * 4 + i % 4);
        if (column < a.width) {
            a.out[row * a.width + column] = a.scale * values[i];
        }
    }
}

TENDRIL_DEVICE float norm_scale(const NormArgs& a, float squares) {
    return 1.0F / sqrtf(squares / static_cast<float>(a.width) + a.epsilon);
}

TENDRIL_KERNEL __launch_bounds__(kThreads) narrow_norm_kernel(NormArgs a) {
    const size_t row = thread_number() / 32;
    if (row >= a.rows) {
        return;
    }
    const unsigned lane = threadIdx.x % 32;
    const float* in = a.in + row * a.width;
    float squares = 0.0F;
    for (unsigned i = lane; i < a.width; i += 32) {
        squares = fmaf(in[i], in[i], squares);
    }
    const float scale = norm_scale(a, warp_sum(squares));
    for (unsigned i = lane; i < a.width; i += 32) {
        a.out[row * a.width + i] = in[i] * scale * a.weight[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) wide_norm_kernel(NormArgs a) {
    TENDRIL_SHARED(float, parts, [kThreads / 32]);
    const size_t row = blockIdx.x;
    const float* in = a.in + row * a.width;
    float squares = 0.0F;
    for (unsigned i = threadIdx.x; i < a.width; i += kThreads) {
        squares = fmaf(in[i], in[i], squares);
    }
    const float scale = norm_scale(a, block_sum<kThreads / 32>(squares, parts));
    for (unsigned i = threadIdx.x; i < a.width; i += kThreads) {
        a.out[row * a.width + i] = in[i] * scale * a.weight[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) add_kernel(AddArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        a.to[i] += a.from[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) gate_kernel(GateArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        const float x = a.gate[i];
        a.out[i] = (a.gelu != 0 ? gelu_tanh(x) : silu(x)) * a.up[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) soft_cap_kernel(SoftCapArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        a.x[i] = a.cap * tanhf(a.x[i] / a.cap);
    }
}

}  // namespace

cudaError_t embed(const EmbedArgs& args, cudaStream_t stream) {
    const unsigned blocks = blocks_for(static_cast<size_t>(args.rows) * args.table.blocks * 4);
    return launch(embed_kernel, dim3(blocks), dim3(kThreads), 0, stream, args);
}

cudaError_t rms_norm(const NormArgs& args, cudaStream_t stream) {
    if (args.width <= kNarrow) {
        return launch(narrow_norm_kernel, dim3(blocks_for(static_cast<size_t>(args.rows) * 32)),
                      dim3(kThreads), 0, stream, args);
    }
    return launch(wide_norm_kernel, dim3(args.rows), dim3(kThreads), 0, stream, args);
}

cudaError_t add(const AddArgs& args, cudaStream_t stream) {
    return launch(add_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

cudaError_t gate(const GateArgs& args, cudaStream_t stream) {
    return launch(gate_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

cudaError_t soft_cap(const SoftCapArgs& args, cudaStream_t stream) {
    return launch(soft_cap_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

}  // namespace tendril::cuda
