// SPDX-License-Identifier: Apache-2.0
// Device code: one head of one row, by one warp: rotation, and storing it in its page (as halves, or turned
// by the Hadamard matrix and rounded by blocks of 32 as the other backends round).
#pragma once

#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/rotation.cuh"

namespace tendril::cuda {

TENDRIL_DEVICE void turn_pair(float& x, float& y, const Turn& turn, float magnitude) {
    const float cosine = turn.cosine * magnitude;
    const float sine = turn.sine * magnitude;
    const float p = x;
    const float q = y;
    x = fmaf(p, cosine, -(q * sine));
    y = fmaf(p, sine, q * cosine);
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

/// turn_by_hadamard() of one head, by a warp that has written it (behind a __syncwarp).
TENDRIL_DEVICE void turn_head(float* head, unsigned size) {
    const unsigned lane = threadIdx.x % 32;
    const unsigned block = turned_block(size);
    for (unsigned half = 1; half < block; half *= 2) {
        for (unsigned i = lane; i < size / 2; i += 32) {
            float* const at = head + butterfly(i, half);
            const float a = at[0];
            const float b = at[half];
            at[0] = a + b;
            at[half] = a - b;
        }
        __syncwarp();
    }
    const float factor = 1.0F / sqrtf(static_cast<float>(block));
    for (unsigned i = lane; i < size; i += 32) {
        head[i] *= factor;
    }
    __syncwarp();
}

template <KvType T>
TENDRIL_DEVICE void store_head_as(const PagePlanes& planes, unsigned char* to, bool values, unsigned slot,
                                  unsigned size, float* x) {
    const unsigned lane = threadIdx.x % 32;
    const unsigned padded = planes.padded_size;
    if constexpr (T == KvType::f16) {
        for (unsigned i = lane; i < padded; i += 32) {
            const unsigned index = piece_index(values, i / kPiece, slot, padded);
            reinterpret_cast<uint16_t*>(to)[index * kPiece + i % kPiece] = half_bits_of(x[i]);
        }
    } else {
        turn_head(x, size);
        for (unsigned block = 0; block < padded / 32; ++block) {
            uint16_t scale = 0;
            const int code = round_block<T>(x[block * 32 + lane], scale);
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
                    to + planes.scale_offset)[scale_index(values, block, slot, padded)] = scale;
            }
        }
    }
}

/// Stores head `head` of row `row` (keys or values), which lies in shared memory at x, padded with zeros and
/// visible to the whole warp; x is overwritten. A row that is in no view is left out.
TENDRIL_DEVICE void store_head(const PagePlanes& planes, const StepTables& step, unsigned kv_heads,
                               bool values, unsigned row, unsigned head, unsigned size, float* x) {
    const int number = step.view_of_row[row];
    if (number < 0) {
        return;
    }
    const DeviceView& view = step.views[number];
    const int position = view.first_position + static_cast<int>(row) - view.first_row;
    const DeviceSegment& segment = segment_of(step, view, position);
    const unsigned place = place_of(step, segment, planes.windowed != 0, position);
    unsigned char* const to = head_of(planes, kv_heads, values, place / kPage, head);
    switch (planes.type) {
        case KvType::f16:
            return store_head_as<KvType::f16>(planes, to, values, place % kPage, size, x);
        case KvType::q8_0:
            return store_head_as<KvType::q8_0>(planes, to, values, place % kPage, size, x);
        default:
            return store_head_as<KvType::q4_0>(planes, to, values, place % kPage, size, x);
    }
}

}  // namespace tendril::cuda
