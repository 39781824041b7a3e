// SPDX-License-Identifier: Apache-2.0
// Blocks of the GGUF tensor types to floats; see dequantize.h. The layouts are those of the GGUF
// specification (ggml).
#include "engine/model/dequantize.h"

#include <cstdint>
#include <cstring>

#include "engine/half.h"

namespace tendril::engine {
namespace {

float half_at(const std::uint8_t* at) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, at, sizeof bits);
    return half_to_float(bits);
}

/// 32 values of 4 bits (the low halves of 16 bytes, then the high halves), with a fifth bit from `high` where
/// there is one.
void unpack_32(const std::uint8_t* nibbles, std::uint32_t high, float scale, float offset, float* to) {
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned low_half = (nibbles[i] & 0xFU) | ((high >> i & 1U) << 4);
        const unsigned high_half = (nibbles[i] >> 4) | ((high >> (i + 16) & 1U) << 4);
        to[i] = static_cast<float>(low_half) * scale + offset;
        to[i + 16] = static_cast<float>(high_half) * scale + offset;
    }
}

std::uint32_t bits_at(const std::uint8_t* at) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, at, sizeof bits);
    return bits;
}

/// The eight 6-bit scales and minima of a Q4_K or Q5_K block, packed in 12 bytes.
void scale_and_minimum(const std::uint8_t* packed, unsigned index, unsigned& scale, unsigned& minimum) {
    if (index < 4) {
        scale = packed[index] & 63U;
        minimum = packed[index + 4] & 63U;
    } else {
        scale = (packed[index + 4] & 0xFU) | ((packed[index - 4] >> 6U) << 4U);
        minimum = (packed[index + 4] >> 4U) | ((packed[index] >> 6U) << 4U);
    }
}

/// Q4_K and Q5_K: f16 scale, f16 minimum, 12 bytes of sub-scales, [32 bytes of fifth bits], 128 bytes of
/// nibbles.
void k_block(const std::uint8_t* block, bool five_bits, float* to) {
    const float d = half_at(block);
    const float m = half_at(block + 2);
    const std::uint8_t* high = block + 16;
    const std::uint8_t* nibbles = block + (five_bits ? 48 : 16);
    for (unsigned group = 0; group < 8; ++group) {
        unsigned scale = 0;
        unsigned minimum = 0;
        scale_and_minimum(block + 4, group, scale, minimum);
        const float step = d * static_cast<float>(scale);
        const float offset = m * static_cast<float>(minimum);
        for (unsigned i = 0; i < 32; ++i) {
            const std::uint8_t byte = nibbles[(group / 2) * 32 + i];
            unsigned value = group % 2 == 0 ? byte & 0xFU : byte >> 4;
            if (five_bits) {
                value |= (high[i] >> group & 1U) << 4;
            }
            to[group * 32 + i] = step * static_cast<float>(value) - offset;
        }
    }
}

/// Q6_K: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales, f16 scale.
void q6_k_block(const std::uint8_t* block, float* to) {
    const float d = half_at(block + 208);
    for (unsigned i = 0; i < 256; ++i) {
        const unsigned half = i / 128;
        const unsigned quarter = i % 128 / 32;
        const unsigned column = i % 32;
        const std::uint8_t low = block[half * 64 + (quarter % 2) * 32 + column];
        const std::uint8_t high = block[128 + half * 32 + column];
        const unsigned bits = (quarter < 2 ? low & 0xFU : low >> 4U) | ((high >> (2 * quarter) & 3U) << 4);
        const auto scale = static_cast<std::int8_t>(block[192 + i / 16]);
        to[i] = d * static_cast<float>(scale) * static_cast<float>(static_cast<int>(bits) - 32);
    }
}

void block_to_floats(DataType type, const std::uint8_t* block, float* to) {
    switch (type) {
        case DataType::f32:
            std::memcpy(to, block, sizeof(float));
            return;
        case DataType::f16:
            *to = half_at(block);
            return;
        case DataType::bf16:
            *to = bfloat16_to_float(static_cast<std::uint16_t>(block[0] | block[1] << 8));
            return;
        case DataType::q4_0:
            unpack_32(block + 2, 0, half_at(block), -8.0F * half_at(block), to);
            return;
        case DataType::q4_1:
            unpack_32(block + 4, 0, half_at(block), half_at(block + 2), to);
            return;
        case DataType::q5_0:
            unpack_32(block + 6, bits_at(block + 2), half_at(block), -16.0F * half_at(block), to);
            return;
        case DataType::q5_1:
            unpack_32(block + 8, bits_at(block + 4), half_at(block), half_at(block + 2), to);
            return;
        case DataType::q8_0:
            for (unsigned i = 0; i < 32; ++i) {
                to[i] = half_at(block) * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
            }
            return;
        case DataType::q4_k:
            k_block(block, false, to);
            return;
        case DataType::q5_k:
            k_block(block, true, to);
            return;
        case DataType::q6_k:
            q6_k_block(block, to);
            return;
    }
}

}  // namespace

void dequantize(DataType type, std::span<const std::byte> from, std::span<float> to) {
    const DataTypeTraits t = traits(type);
    const auto* block = reinterpret_cast<const std::uint8_t*>(from.data());
    for (std::size_t i = 0; i + t.block_elements <= to.size(); i += t.block_elements) {
        block_to_floats(type, block, to.data() + i);
        block += t.block_bytes;
    }
}

}  // namespace tendril::engine
