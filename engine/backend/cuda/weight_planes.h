// SPDX-License-Identifier: Apache-2.0
// How a weight matrix lies in device memory: planes whose pieces are aligned for wide loads, in place of the
// file's blocks of 18 to 210 bytes, which are not. A row is `blocks` blocks of 32 columns; the last may be
// filled with zeros.
//   quants  q4, q5, q6: 16 bytes a block, element i in the low nibble of byte i, element i + 16 in the high
//   one;
//           q8_0: 32 signed bytes; f16, bf16: 64 bytes; f32: 128 bytes
//   high    q5: a word a block, element 4t + j in bit 8j + t, element 16 + 4t + j in bit 8j + 4 + t;
//           q6: two words a block (elements 0-15 and 16-31), element 4t + j of each in bits 8j + 2t and 8j +
//           2t + 1
//   scales  q4_0, q5_0, q8_0: a half a block; q4_1, q5_1: scale and minimum, two halves; q4_k, q5_k: 16 bytes
//   for 8
//           blocks: d and dmin, then nibble j of three words: low bits of the scale, of the minimum, two high
//           bits of each; q6_k: two signed bytes a block, of elements 0-15 and 16-31
//   supers  q6_k: a half for 8 blocks
// Read by kernels and by the host that packs them; plain data.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/types.h"

namespace tendril::cuda {

using engine::DataType;

inline constexpr std::size_t kBlockColumns = 32;
inline constexpr std::size_t kSuperBlocks = 8;  ///< blocks of a K-quant's super-block; strands of a sum

struct WeightPlanes {
    const std::uint8_t* quants = nullptr;
    const std::uint8_t* high = nullptr;
    const std::uint8_t* scales = nullptr;
    const std::uint8_t* supers = nullptr;
    std::uint32_t rows = 0;
    std::uint32_t blocks = 0;  ///< of a row
    DataType type = DataType::f32;
    std::uint8_t unused[7] = {};  // no padding with stray bits: launches are compared as bytes
};

constexpr bool is_float(DataType type) {
    return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16;
}
constexpr bool is_super(DataType type) {
    return type == DataType::q4_k || type == DataType::q5_k || type == DataType::q6_k;
}
constexpr bool has_minimum(DataType type) {
    return type == DataType::q4_1 || type == DataType::q5_1 || type == DataType::q4_k ||
           type == DataType::q5_k;
}
constexpr std::size_t quant_bytes(DataType type) {
    switch (type) {
        case DataType::f32:
            return 128;
        case DataType::f16:
        case DataType::bf16:
            return 64;
        case DataType::q8_0:
            return 32;
        default:
            return 16;
    }
}
constexpr std::size_t high_bytes(DataType type) {
    switch (type) {
        case DataType::q5_0:
        case DataType::q5_1:
        case DataType::q5_k:
            return 4;
        case DataType::q6_k:
            return 8;
        default:
            return 0;
    }
}
/// Of 8 blocks, so that it is a whole number for all.
constexpr std::size_t scale_bytes(DataType type) {
    switch (type) {
        case DataType::q4_0:
        case DataType::q5_0:
        case DataType::q8_0:
        case DataType::q4_k:
        case DataType::q5_k:
        case DataType::q6_k:
            return 16;
        case DataType::q4_1:
        case DataType::q5_1:
            return 32;
        default:
            return 0;
    }
}
/// What is taken off each element before it is scaled.
constexpr int offset_of(DataType type) {
    switch (type) {
        case DataType::q4_0:
            return 8;
        case DataType::q5_0:
            return 16;
        case DataType::q6_k:
            return 32;
        default:
            return 0;
    }
}

}  // namespace tendril::cuda
