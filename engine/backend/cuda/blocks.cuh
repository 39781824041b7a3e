// SPDX-License-Identifier: Apache-2.0
// Device code: blocks of quantised weights as the products take them, and the one expression by which a block
// adds to a sum. Every kernel of a product adds the blocks of an output in the same order: strand s (of 8)
// takes the blocks s, s + 8, s + 16 ... one after the other, and the strands are added as a butterfly adds
// them (s with s + 4, then s + 2, then s + 1). So a row's bits do not depend on which kernel had it.
#pragma once

#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

struct BlockScale {
    float scale;
    float minimum;  ///< added for each element; types without: unused
    int low, high;  ///< q6_k: factors of elements 0-15 and 16-31
};

TENDRIL_DEVICE float half_bits(uint32_t bits) {
    return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}

/// Elements 4t to 4t + 3 of a block (low) and 16 + 4t to 16 + 4t + 3 (high) as bytes, the type's offset still
/// on them.
template <DataType T>
TENDRIL_DEVICE void split_word(uint32_t quants, uint32_t high0, uint32_t high1, int t, uint32_t& low,
                               uint32_t& high) {
    low = quants & 0x0f0f0f0fU;
    high = (quants >> 4) & 0x0f0f0f0fU;
    if constexpr (high_bytes(T) == 4) {
        low |= ((high0 >> t) & 0x01010101U) << 4;
        high |= ((high0 >> (t + 4)) & 0x01010101U) << 4;
    } else if constexpr (high_bytes(T) == 8) {
        low |= ((high0 >> (2 * t)) & 0x03030303U) << 4;
        high |= ((high1 >> (2 * t)) & 0x03030303U) << 4;
    }
}

/// The high bits of a block: none, one word or two.
template <DataType T>
TENDRIL_DEVICE uint2 load_high(const WeightPlanes& w, size_t block) {
    if constexpr (high_bytes(T) == 4) {
        return make_uint2(load_streaming(reinterpret_cast<const uint32_t*>(w.high) + block), 0);
    } else if constexpr (high_bytes(T) == 8) {
        return load_streaming(reinterpret_cast<const uint2*>(w.high) + block);
    } else {
        return make_uint2(0, 0);
    }
}

/// All elements of a block: words[t] are 4t to 4t + 3.
template <DataType T>
TENDRIL_DEVICE void load_block(const WeightPlanes& w, size_t block, uint32_t (&words)[8]) {
    const uint4* quants = reinterpret_cast<const uint4*>(w.quants) + block * (quant_bytes(T) / 16);
    if constexpr (T == DataType::q8_0) {
        const uint4 a = load_streaming(quants), b = load_streaming(quants + 1);
        words[0] = a.x, words[1] = a.y, words[2] = a.z, words[3] = a.w;
        words[4] = b.x, words[5] = b.y, words[6] = b.z, words[7] = b.w;
    } else {
        const uint4 q = load_streaming(quants);
        const uint2 h = load_high<T>(w, block);
        split_word<T>(q.x, h.x, h.y, 0, words[0], words[4]);
        split_word<T>(q.y, h.x, h.y, 1, words[1], words[5]);
        split_word<T>(q.z, h.x, h.y, 2, words[2], words[6]);
        split_word<T>(q.w, h.x, h.y, 3, words[3], words[7]);
    }
}

template <DataType T>
TENDRIL_DEVICE BlockScale load_scale(const WeightPlanes& w, size_t block) {
    BlockScale out{0.0F, 0.0F, 1, 1};
    if constexpr (T == DataType::q4_k || T == DataType::q5_k) {
        const uint4 packed = reinterpret_cast<const uint4*>(w.scales)[block / kSuperBlocks];
        const int shift = static_cast<int>(block % kSuperBlocks) * 4;
        const uint32_t top = packed.w >> shift;
        const uint32_t scale = ((packed.y >> shift) & 15U) | ((top & 3U) << 4);
        const uint32_t minimum = ((packed.z >> shift) & 15U) | ((top & 12U) << 2);
        out.scale = half_bits(packed.x & 0xffffU) * static_cast<float>(scale);
        out.minimum = -(half_bits(packed.x >> 16) * static_cast<float>(minimum));
    } else if constexpr (T == DataType::q6_k) {
        const uint32_t pair = reinterpret_cast<const uint16_t*>(w.scales)[block];
        out.low = static_cast<signed char>(pair & 0xffU);
        out.high = static_cast<signed char>(pair >> 8);
        out.scale = half_bits(reinterpret_cast<const uint16_t*>(w.supers)[block / kSuperBlocks]);
    } else if constexpr (has_minimum(T)) {
        const uint32_t pair = reinterpret_cast<const uint32_t*>(w.scales)[block];
        out.scale = half_bits(pair & 0xffffU);
        out.minimum = half_bits(pair >> 16);
    } else {
        out.scale = half_bits(reinterpret_cast<const uint16_t*>(w.scales)[block]);
    }
    return out;
}

/// sum + the block's product, from the integer products of its two halves. All is whole numbers up to 2^24
/// but the scales.
template <DataType T>
TENDRIL_DEVICE float add_block(float sum, const BlockScale& w, int low, int high, const BlockRecord& x) {
    const int sum_low = static_cast<short>(x.sums & 0xffff);
    const int sum_high = x.sums >> 16;
    int product = 0;
    if constexpr (T == DataType::q6_k) {
        product = w.low * (low - offset_of(T) * sum_low) + w.high * (high - offset_of(T) * sum_high);
    } else {
        product = low + high - offset_of(T) * (sum_low + sum_high);
    }
    sum = fmaf(w.scale * x.scale, static_cast<float>(product), sum);
    if constexpr (has_minimum(T)) {
        sum = fmaf(w.minimum, x.scale * static_cast<float>(sum_low + sum_high), sum);
    }
    return sum;
}

}  // namespace tendril::cuda
