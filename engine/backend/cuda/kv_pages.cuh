// SPDX-License-Identifier: Apache-2.0
// Device code: where keys and values lie in a page, and how they are read and written. See PagePlanes
// (kernels.h).
#pragma once

#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

using engine::KvType;
inline constexpr unsigned kPage = static_cast<unsigned>(engine::kPageTokens);
inline constexpr unsigned kPiece = 8;  // elements

template <KvType T>
constexpr unsigned kPieceBytes = T == KvType::f16    ? 16
                                 : T == KvType::q8_0 ? 8
                                                     : 4;

/// Place of a piece of a position's keys (values) from the beginning of its head.
TENDRIL_DEVICE unsigned piece_index(bool values, unsigned piece, unsigned position, unsigned padded_size) {
    return values ? position * (padded_size / kPiece) + piece : piece * kPage + position;
}
TENDRIL_DEVICE unsigned scale_index(bool values, unsigned block, unsigned position, unsigned padded_size) {
    return values ? position * (padded_size / 32) + block : block * kPage + position;
}

/// Beginning of the keys (values) of one head of one page.
TENDRIL_DEVICE unsigned char* head_of(const PagePlanes& p, unsigned kv_heads, bool values, unsigned page,
                                      unsigned head) {
    const size_t plane = (values ? kv_heads : 0) + head;
    return p.pages + page * p.page_bytes + p.layer_offset + plane * p.head_bytes;
}

TENDRIL_DEVICE float2 half_pair(uint32_t bits) {
    return make_float2(__half2float(__ushort_as_half(static_cast<unsigned short>(bits & 0xffffU))),
                       __half2float(__ushort_as_half(static_cast<unsigned short>(bits >> 16))));
}

/// Eight elements as they were rounded; quantised types: without their scale.
template <KvType T>
TENDRIL_DEVICE void load_piece(const unsigned char* head, unsigned index, float (&to)[kPiece]) {
    if constexpr (T == KvType::f16) {
        const uint4 bits = reinterpret_cast<const uint4*>(head)[index];
        const float2 a = half_pair(bits.x), b = half_pair(bits.y), c = half_pair(bits.z),
                     d = half_pair(bits.w);
        to[0] = a.x, to[1] = a.y, to[2] = b.x, to[3] = b.y;
        to[4] = c.x, to[5] = c.y, to[6] = d.x, to[7] = d.y;
    } else if constexpr (T == KvType::q8_0) {
        const uint2 bits = reinterpret_cast<const uint2*>(head)[index];
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
            to[i] = static_cast<float>(static_cast<signed char>(bits.x >> (8 * i) & 0xffU));
            to[i + 4] = static_cast<float>(static_cast<signed char>(bits.y >> (8 * i) & 0xffU));
        }
    } else {
        const uint32_t bits = reinterpret_cast<const uint32_t*>(head)[index];
#pragma unroll
        for (unsigned i = 0; i < kPiece; ++i) {
            to[i] = static_cast<float>(static_cast<int>(bits >> (4 * i) & 15U) - 8);
        }
    }
}

template <KvType T>
TENDRIL_DEVICE float load_kv_scale(const PagePlanes& p, const unsigned char* head, unsigned index) {
    if constexpr (T == KvType::f16) {
        return 1.0F;
    } else {
        return __half2float(reinterpret_cast<const __half*>(head + p.scale_offset)[index]);
    }
}

/// The segment of a view that holds a position.
TENDRIL_DEVICE const DeviceSegment& segment_of(const StepTables& step, const DeviceView& view, int position) {
    int i = view.first_segment;
    while (i + 1 < view.first_segment + view.segments && position >= step.segments[i].end) {
        ++i;
    }
    return step.segments[i];
}

/// Page and place within it, as page * 64 + place.
TENDRIL_DEVICE unsigned place_of(const StepTables& step, const DeviceSegment& segment, bool windowed,
                                 int position) {
    const int slot = segment.first_slot + (position - segment.begin);
    const int ids = windowed ? segment.window_pages : segment.pages;
    return step.page_ids[ids + slot / static_cast<int>(kPage)] * kPage + static_cast<unsigned>(slot) % kPage;
}

}  // namespace tendril::cuda
