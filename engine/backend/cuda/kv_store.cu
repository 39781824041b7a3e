// SPDX-License-Identifier: Apache-2.0
// Rotary embedding of queries and keys, and storing keys and values in pages (head_rows.cuh). Copies of
// partial pages.
#include "engine/backend/cuda/head_rows.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/rotation.cuh"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 128;
constexpr unsigned kMostHead = 256;

TENDRIL_KERNEL __launch_bounds__(kThreads) rope_kernel(RopeArgs a) {
    const unsigned pairs = a.head_size / 2;
    const size_t i = static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
    const size_t head = i / pairs;  // of all rows
    const size_t row = head / a.heads;
    if (row >= a.rows) {
        return;
    }
    const unsigned pair = static_cast<unsigned>(i - head * pairs);
    float* const x = a.x + head * a.head_size;
    turn_pair(x[first_of_pair(a.angles, pair)], x[second_of_pair(a.angles, pair, pairs)],
              turn_of(a.angles.quarter_turns[pair], a.positions[row]), a.angles.magnitude);
}

/// A warp has a head of a row, keys or values.
TENDRIL_KERNEL __launch_bounds__(kThreads) store_kernel(StoreArgs a) {
    TENDRIL_SHARED(float, heads, [kThreads / 32][kMostHead]);
    const unsigned warp = threadIdx.x / 32;
    const size_t i = static_cast<size_t>(blockIdx.x) * (kThreads / 32) + warp;
    const auto row = static_cast<unsigned>(i / 2 / a.kv_heads);
    if (row >= a.rows) {
        return;  // the whole warp
    }
    const auto head = static_cast<unsigned>(i / 2 % a.kv_heads);
    const bool values = i % 2 != 0;
    const float* from =
        (values ? a.values : a.keys) + (static_cast<size_t>(row) * a.kv_heads + head) * a.head_size;
    for (unsigned j = threadIdx.x % 32; j < a.planes.padded_size; j += 32) {
        heads[warp][j] = j < a.head_size ? from[j] : 0.0F;
    }
    __syncwarp();
    store_head(a.planes, a.step, a.kv_heads, values, row, head, a.head_size, heads[warp]);
}

template <typename Piece>
TENDRIL_DEVICE void copy_at(unsigned char* to, const unsigned char* from, unsigned index) {
    reinterpret_cast<Piece*>(to)[index] = reinterpret_cast<const Piece*>(from)[index];
}

/// A block of threads a head (keys or values).
template <KvType T>
TENDRIL_KERNEL __launch_bounds__(kThreads) copy_page_kernel(CopyPageArgs a) {
    using Piece =
        typename std::conditional<T == KvType::f16, uint4,
                                  typename std::conditional<T == KvType::q8_0, uint2, uint32_t>::type>::type;
    const bool values = blockIdx.x / a.kv_heads % 2 != 0;
    const size_t head = static_cast<size_t>(blockIdx.x) * a.head_bytes;
    const unsigned char* from = a.pages + a.from * a.page_bytes + head;
    unsigned char* to = a.pages + a.to * a.page_bytes + head;
    for (unsigned i = threadIdx.x; i < a.padded_size / kPiece * a.tokens; i += kThreads) {
        copy_at<Piece>(to, from, piece_index(values, i / a.tokens, i % a.tokens, a.padded_size));
    }
    if constexpr (T != KvType::f16) {
        for (unsigned i = threadIdx.x; i < a.padded_size / 32 * a.tokens; i += kThreads) {
            copy_at<uint16_t>(to + a.scale_offset, from + a.scale_offset,
                              scale_index(values, i / a.tokens, i % a.tokens, a.padded_size));
        }
    }
}

}  // namespace

cudaError_t rope(const RopeArgs& args, cudaStream_t stream) {
    const size_t threads = static_cast<size_t>(args.rows) * args.heads * (args.head_size / 2);
    const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
    return launch(rope_kernel, dim3(blocks), dim3(kThreads), 0, stream, args);
}

cudaError_t store_kv(const StoreArgs& args, cudaStream_t stream) {
    const size_t warps = static_cast<size_t>(args.rows) * args.kv_heads * 2;
    const auto blocks = static_cast<unsigned>((warps * 32 + kThreads - 1) / kThreads);
    return launch(store_kernel, dim3(blocks), dim3(kThreads), 0, stream, args);
}

cudaError_t copy_page(const CopyPageArgs& args, cudaStream_t stream) {
    switch (args.type) {
        case KvType::f16:
            return launch(copy_page_kernel<KvType::f16>, dim3(args.heads), dim3(kThreads), 0, stream, args);
        case KvType::q8_0:
            return launch(copy_page_kernel<KvType::q8_0>, dim3(args.heads), dim3(kThreads), 0, stream, args);
        default:
            return launch(copy_page_kernel<KvType::q4_0>, dim3(args.heads), dim3(kThreads), 0, stream, args);
    }
}

}  // namespace tendril::cuda
