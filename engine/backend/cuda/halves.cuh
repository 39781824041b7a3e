// SPDX-License-Identifier: Apache-2.0
// Device code: keys, values and floats as the halves that tensor cores take. A float is two: the nearest
// half, and the half nearest to what that leaves.
#pragma once

#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

TENDRIL_DEVICE uint32_t half_of(float x) {
    return __half_as_ushort(__float2half_rn(x));
}
TENDRIL_DEVICE float rest_of(float x, uint32_t half) {
    return x - __half2float(__ushort_as_half(static_cast<unsigned short>(half)));
}
TENDRIL_DEVICE uint32_t low_halves(uint32_t a, uint32_t b) {
    return (a & 0xffffU) | b << 16;
}
TENDRIL_DEVICE uint32_t high_halves(uint32_t a, uint32_t b) {
    return a >> 16 | (b & 0xffff0000U);
}

/// Elements 8 index ... of a head as halves, without their scale.
template <KvType T>
TENDRIL_DEVICE void load_halves(const unsigned char* head, unsigned index, uint32_t (&to)[4]) {
    if constexpr (T == KvType::f16) {
        const uint4 bits = reinterpret_cast<const uint4*>(head)[index];
        to[0] = bits.x, to[1] = bits.y, to[2] = bits.z, to[3] = bits.w;
    } else {
        float values[kPiece];
        load_piece<T>(head, index, values);
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
            to[i] = half_of(values[2 * i]) | half_of(values[2 * i + 1]) << 16;
        }
    }
}
/// A scale as a power of two, by which integers below 128 stay halves exactly, and the rest, below 128 as
/// well.
struct SplitScale {
    float power, rest;
};
TENDRIL_DEVICE SplitScale split_scale(float scale) {
    const int exponent = __float_as_int(scale) >> 23 & 255;
    if (exponent == 0 || exponent == 255) {  // nothing, or no number
        return {1.0F, scale};
    }
    const int shift = exponent - 127 > 9 ? 9 : exponent - 127 < -24 ? -24 : exponent - 127;
    return {__int_as_float((127 + shift) << 23), scale * __int_as_float((127 - shift) << 23)};
}

/// Elements 4 index ... of a head; quantised types: times `power`.
template <KvType T>
TENDRIL_DEVICE void load_four(const unsigned char* head, unsigned index, float power, uint32_t (&to)[2]) {
    if constexpr (T == KvType::f16) {
        const uint2 bits = reinterpret_cast<const uint2*>(head)[index];
        to[0] = bits.x, to[1] = bits.y;
    } else {
        const uint32_t bits = T == KvType::q8_0 ? reinterpret_cast<const uint32_t*>(head)[index]
                                                : reinterpret_cast<const uint16_t*>(head)[index];
        float values[4];
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
            values[i] = T == KvType::q8_0
                            ? static_cast<float>(static_cast<signed char>(bits >> (8 * i) & 0xffU))
                            : static_cast<float>(static_cast<int>(bits >> (4 * i) & 15U) - 8);
        }
        to[0] = half_of(values[0] * power) | half_of(values[1] * power) << 16;
        to[1] = half_of(values[2] * power) | half_of(values[3] * power) << 16;
    }
}

}  // namespace tendril::cuda
