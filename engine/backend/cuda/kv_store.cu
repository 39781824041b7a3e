// SPDX-License-Identifier: Apache-2.0
// Rotary embedding, and writing keys and values to their pages: as halves, or turned by the Hadamard matrix
// and rounded by blocks of 32 as the other backends round. Copies of partial pages.
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/rotation.cuh"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kStoreThreads = 64;

TENDRIL_KERNEL __launch_bounds__(kThreads) rope_kernel(RopeArgs a) {
    const unsigned pairs = a.head_size / 2;
    const size_t i = static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
    const size_t head = i / pairs;  // of all rows
    const size_t row = head / a.heads;
    if (row >= a.rows) {
        return;
    }
    const unsigned pair = static_cast<unsigned>(i - head * pairs);
    const Turn turn = turn_of(a.angles.quarter_turns[pair], a.positions[row]);
    float* const x = a.x + head * a.head_size;
    float& first = x[first_of_pair(a.angles, pair)];
    float& second = x[second_of_pair(a.angles, pair, pairs)];
    const float cosine = turn.cosine * a.angles.magnitude;
    const float sine = turn.sine * a.angles.magnitude;
    const float p = first;
    const float q = second;
    first = fmaf(p, cosine, -(q * sine));
    second = fmaf(p, sine, q * cosine);
}

/// As a plain number: the emulator's checker does not see how the class __half is written.
TENDRIL_DEVICE uint16_t half_bits_of(float value) {
    return __half_as_ushort(__float2half_rn(value));
}

/// Rounds 32 values, one a lane, to a block of a position. `code` is the lane's value as it is stored, not
/// yet packed.
template <KvType T>
TENDRIL_DEVICE int round_block(float value, uint16_t& scale) {
    const float infinity = __int_as_float(0x7f800000);
    const float sized = fabsf(value) < infinity ? fabsf(value) : infinity;
    const float most = warp_max(sized);
    const bool finite = most < infinity;
    const float high = warp_max(value);
    float step = 0.0F;
    float inverse = 0.0F;
    if constexpr (T == KvType::q8_0) {
        step = most / 127.0F;
        inverse = most > 0.0F ? 127.0F / most : 0.0F;
    } else {
        const float largest = high >= most ? most : -most;  // of equals the positive one
        step = largest / -8.0F;
        inverse = most > 0.0F ? -8.0F / largest : 0.0F;
    }
    scale = half_bits_of(finite ? step : __int_as_float(0x7fc00000));
    const int code = finite ? static_cast<int>(rintf(value * inverse)) : 0;
    return T == KvType::q8_0 ? code : (code < -8 ? -8 : code > 7 ? 7 : code) + 8;
}

/// One head of one row, keys or values. Head and its turned copy lie in shared memory.
template <KvType T>
TENDRIL_KERNEL __launch_bounds__(kStoreThreads) store_kernel(StoreArgs a) {
    TENDRIL_SHARED(float, turned, [256]);
    const unsigned row = blockIdx.x;
    const unsigned head = blockIdx.y;
    const bool values = blockIdx.z != 0;
    const unsigned padded = a.planes.padded_size;
    const float* from =
        (values ? a.values : a.keys) + (static_cast<size_t>(row) * a.kv_heads + head) * a.head_size;
    for (unsigned i = threadIdx.x; i < padded; i += kStoreThreads) {
        turned[i] = i < a.head_size ? from[i] : 0.0F;
    }
    if constexpr (T != KvType::f16) {
        turn_by_hadamard(turned, 1, a.head_size, padded);
    } else {
        __syncthreads();
    }
    const DeviceView& view = a.step.views[a.step.view_of_row[row]];
    const int position = view.first_position + static_cast<int>(row) - view.first_row;
    const DeviceSegment& segment = segment_of(a.step, view, position);
    const unsigned place = place_of(a.step, segment, a.planes.windowed != 0, position);
    const unsigned slot = place % kPage;
    unsigned char* const to = head_of(a.planes, a.kv_heads, values, place / kPage, head);
    if constexpr (T == KvType::f16) {
        for (unsigned i = threadIdx.x; i < padded; i += kStoreThreads) {
            const unsigned index = piece_index(values, i / kPiece, slot, padded);
            reinterpret_cast<uint16_t*>(to)[index * kPiece + i % kPiece] = half_bits_of(turned[i]);
        }
    } else {
        const unsigned lane = threadIdx.x % 32;
        for (unsigned block = threadIdx.x / 32; block < padded / 32; block += kStoreThreads / 32) {
            uint16_t scale = 0;
            const int code = round_block<T>(turned[block * 32 + lane], scale);
            const unsigned index = piece_index(values, block * 4 + lane / kPiece, slot, padded);
            if constexpr (T == KvType::q8_0) {
                to[index * kPiece + lane % kPiece] = static_cast<unsigned char>(code & 0xff);
            } else {
                const int next = __shfl_down_sync(0xffffffffU, code, 1);
                if (lane % 2 == 0) {
                    to[index * (kPiece / 2) + lane % kPiece / 2] =
                        static_cast<unsigned char>(code | next << 4);
                }
            }
            if (lane == 0) {
                reinterpret_cast<uint16_t*>(
                    to + a.planes.scale_offset)[scale_index(values, block, slot, padded)] = scale;
            }
        }
    }
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
    const dim3 grid(args.rows, args.kv_heads, 2);
    switch (args.planes.type) {
        case KvType::f16:
            return launch(store_kernel<KvType::f16>, grid, dim3(kStoreThreads), 0, stream, args);
        case KvType::q8_0:
            return launch(store_kernel<KvType::q8_0>, grid, dim3(kStoreThreads), 0, stream, args);
        default:
            return launch(store_kernel<KvType::q4_0>, grid, dim3(kStoreThreads), 0, stream, args);
    }
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
