// SPDX-License-Identifier: Apache-2.0
// How a weight matrix lies in memory for the CPU kernels. Outputs are taken 16 at a time (a group): lane o of
// a vector belongs to output o, so sums never cross lanes and a row's result does not depend on how many rows
// there are. Pure, constexpr.
//
// A group is its scales, then its quants, both in blocks of 32 inputs; 64-byte aligned.
//  quants of a block: planes of 64 bytes = 16 lanes x 4 bytes. "Vector j" (0..7) holds inputs 4j..4j+3, one a
//  byte.
//    4 bits:  4 planes; plane p: vector p in the low halves, vector p+4 in the high halves
//    +1 bit:  1 plane;  bit j of a byte: the fifth bit of vector j
//    +2 bits: 2 planes; plane h: bits 2j, 2j+1: the upper bits of vector 4h+j
//    8 bits:  8 planes, value + 128
//  scales of a block (plain types): f16 x 16, and f16 x 16 minima where the type has them
//  scales of 256 inputs (K types): f16 x 16; Q4_K and Q5_K: f16 x 16 for minima, then u8 x 16 sub-scales for
//  8 blocks, then the
//    same of sub-minima; Q6_K: s8 x 16 sub-scales for 16 half blocks
//  f32, f16: no scales; input after input, 16 values each
//  bf16: no scales; two inputs after two inputs, 16 pairs each, up to a multiple of 32 inputs (the rest zero)
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/types.h"

namespace tendril::engine {

inline constexpr std::size_t kGroup = 16;       ///< outputs side by side
inline constexpr std::size_t kBlock = 32;       ///< inputs of a block
inline constexpr std::size_t kSuperBlocks = 8;  ///< blocks under one scale of a K type

struct PackedFormat {
    int bits;     ///< 4, 5, 6, 8; 0: floats
    bool minima;  ///< value = scale * q + minimum (K types: - minimum)
    int offset;   ///< value = scale * (q - offset)
    bool k_type;
    std::size_t quant_bytes;  ///< of a group and block
    std::size_t scale_bytes;  ///< of a group and block (K types: of 8 blocks)
};

constexpr PackedFormat packed_format(DataType type) {
    switch (type) {
        case DataType::f32:
            return {0, false, 0, false, 2048, 0};
        case DataType::f16:
        case DataType::bf16:
            return {0, false, 0, false, 1024, 0};
        case DataType::q4_0:
            return {4, false, 8, false, 256, 32};
        case DataType::q4_1:
            return {4, true, 0, false, 256, 64};
        case DataType::q5_0:
            return {5, false, 16, false, 320, 32};
        case DataType::q5_1:
            return {5, true, 0, false, 320, 64};
        case DataType::q8_0:
            return {8, false, 128, false, 512, 32};
        case DataType::q4_k:
            return {4, true, 0, true, 256, 320};
        case DataType::q5_k:
            return {5, true, 0, true, 320, 320};
        case DataType::q6_k:
            return {6, false, 32, true, 384, 320};
    }
    return {};
}

/// Sizes of a matrix of so many inputs.
struct PackedShape {
    std::size_t blocks = 0;       ///< per group; floats: inputs (a "block" is one input)
    std::size_t quant_start = 0;  ///< bytes from the group's start to its quants
    std::size_t group_bytes = 0;
};

constexpr PackedShape packed_shape(DataType type, std::size_t columns) {
    const PackedFormat format = packed_format(type);
    PackedShape shape;
    if (format.bits == 0) {
        shape.blocks = columns;
        if (type == DataType::bf16) {
            shape.group_bytes = (columns + kBlock - 1) / kBlock * kBlock * kGroup * 2;
            return shape;
        }
        shape.group_bytes = (columns * kGroup * traits(type).block_bytes + 63) / 64 * 64;
        return shape;
    }
    shape.blocks = columns / kBlock;
    const std::size_t scales = format.k_type ? shape.blocks / kSuperBlocks : shape.blocks;
    shape.quant_start = (scales * format.scale_bytes + 63) / 64 * 64;
    shape.group_bytes = shape.quant_start + shape.blocks * format.quant_bytes;
    return shape;
}

}  // namespace tendril::engine
