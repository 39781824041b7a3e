// SPDX-License-Identifier: Apache-2.0
// Device code: single elements of the embedding table.
#pragma once

#include "engine/backend/cuda/blocks.cuh"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

/// Element `place` of a block.
template <DataType T>
TENDRIL_DEVICE float block_element(const WeightPlanes& w, size_t block, unsigned place) {
    const BlockScale scale = load_scale<T>(w, block);
    const unsigned t = place % 16 / 4;
    const uint32_t* quants = reinterpret_cast<const uint32_t*>(w.quants) + block * (quant_bytes(T) / 4);
    uint32_t low = 0;
    uint32_t high = 0;
    if constexpr (T == DataType::q8_0) {
        low = high = quants[place / 4];
    } else {
        const uint2 bits = load_high<T>(w, block);
        split_word<T>(quants[t], bits.x, bits.y, static_cast<int>(t), low, high);
    }
    const uint32_t word = place < 16 ? low : high;
    const int code = static_cast<signed char>(word >> (8 * (place % 4)) & 0xffU) - offset_of(T);
    return fmaf(scale.scale, static_cast<float>(code * (place < 16 ? scale.low : scale.high)),
                has_minimum(T) ? scale.minimum : 0.0F);
}

TENDRIL_DEVICE float table_element(const WeightPlanes& w, size_t row, unsigned column) {
    const size_t block = row * w.blocks + column / 32;
    const unsigned place = column % 32;
    switch (w.type) {
        case DataType::q4_0:
            return block_element<DataType::q4_0>(w, block, place);
        case DataType::q4_1:
            return block_element<DataType::q4_1>(w, block, place);
        case DataType::q5_0:
            return block_element<DataType::q5_0>(w, block, place);
        case DataType::q5_1:
            return block_element<DataType::q5_1>(w, block, place);
        case DataType::q8_0:
            return block_element<DataType::q8_0>(w, block, place);
        case DataType::q4_k:
            return block_element<DataType::q4_k>(w, block, place);
        case DataType::q5_k:
            return block_element<DataType::q5_k>(w, block, place);
        case DataType::q6_k:
            return block_element<DataType::q6_k>(w, block, place);
        case DataType::f32:
            return reinterpret_cast<const float*>(w.quants)[block * 32 + place];
        default:
            break;
    }
    const uint32_t bits = reinterpret_cast<const uint16_t*>(w.quants)[block * 32 + place];
    return w.type == DataType::f16 ? half_bits(bits) : __int_as_float(static_cast<int>(bits << 16));
}

}  // namespace tendril::cuda
