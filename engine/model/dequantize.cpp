// SPDX-License-Identifier: Apache-2.0
// One small function for each block format. The layouts are those of GGUF files (little-endian scales, low
// nibbles first); written for clarity, not for speed. Pure, any thread.
#include "engine/model/dequantize.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "engine/checked_math.h"
#include "engine/half.h"

namespace tendril::engine {
namespace {

using Bytes = const std::uint8_t*;

std::uint16_t load16(Bytes at) {
    std::uint16_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}
std::uint32_t load32(Bytes at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}
float half_at(Bytes at) {
    return half_to_float(load16(at));
}

void f32(Bytes in, float* out) {
    std::memcpy(out, in, sizeof(float));
}
void f16(Bytes in, float* out) {
    *out = half_at(in);
}
void bf16(Bytes in, float* out) {
    *out = bfloat16_to_float(load16(in));
}

/// d, 16 bytes: element i in the low nibble of byte i, element i + 16 in the high one.
void q4_0(Bytes in, float* out) {
    const float d = half_at(in);
    for (std::size_t i = 0; i < 16; ++i) {
        out[i] = static_cast<float>((in[2 + i] & 15) - 8) * d;
        out[i + 16] = static_cast<float>((in[2 + i] >> 4) - 8) * d;
    }
}

/// d, m, 16 bytes as in Q4_0, without the shift by 8.
void q4_1(Bytes in, float* out) {
    const float d = half_at(in);
    const float m = half_at(in + 2);
    for (std::size_t i = 0; i < 16; ++i) {
        out[i] = static_cast<float>(in[4 + i] & 15) * d + m;
        out[i + 16] = static_cast<float>(in[4 + i] >> 4) * d + m;
    }
}

/// The value of element i of a 5-bit block: nibbles as in Q4_0, the fifth bits in one 32-bit number.
int five_bits(std::uint32_t high, Bytes nibbles, std::size_t i) {
    const int low = i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4;
    return low | static_cast<int>(((high >> i) & 1U) << 4);
}

/// d, 4 bytes of fifth bits, 16 bytes.
void q5_0(Bytes in, float* out) {
    const float d = half_at(in);
    const std::uint32_t high = load32(in + 2);
    for (std::size_t i = 0; i < 32; ++i) {
        out[i] = static_cast<float>(five_bits(high, in + 6, i) - 16) * d;
    }
}

/// d, m, 4 bytes of fifth bits, 16 bytes.
void q5_1(Bytes in, float* out) {
    const float d = half_at(in);
    const float m = half_at(in + 2);
    const std::uint32_t high = load32(in + 4);
    for (std::size_t i = 0; i < 32; ++i) {
        out[i] = static_cast<float>(five_bits(high, in + 8, i)) * d + m;
    }
}

/// d, 32 signed bytes.
void q8_0(Bytes in, float* out) {
    const float d = half_at(in);
    for (std::size_t i = 0; i < 32; ++i) {
        out[i] = static_cast<float>(static_cast<std::int8_t>(in[2 + i])) * d;
    }
}

struct ScaleMin {
    std::uint8_t scale;
    std::uint8_t min;
};

/// Scale and minimum of one of the eight groups of a Q4_K or Q5_K block: 6 bits each, packed in 12 bytes.
/// Groups 0 to 3 lie in the low six bits of bytes 0-3 and 4-7; groups 4 to 7 in the nibbles of bytes 8-11,
/// with their top bits in the top of bytes 0-7.
ScaleMin scale_min(Bytes packed, std::size_t group) {
    if (group < 4) {
        return {static_cast<std::uint8_t>(packed[group] & 63),
                static_cast<std::uint8_t>(packed[group + 4] & 63)};
    }
    const std::uint8_t low = packed[group + 4];
    return {static_cast<std::uint8_t>((low & 15) | ((packed[group - 4] >> 6) << 4)),
            static_cast<std::uint8_t>((low >> 4) | ((packed[group] >> 6) << 4))};
}

/// d, dmin, 12 bytes of scales, 128 bytes: groups 2k and 2k+1 are the low and high nibbles of bytes 32k to
/// 32k+31.
void q4_k(Bytes in, float* out) {
    const float d = half_at(in);
    const float dmin = half_at(in + 2);
    for (std::size_t group = 0; group < 8; ++group) {
        const ScaleMin s = scale_min(in + 4, group);
        const float scale = d * static_cast<float>(s.scale);
        const float min = dmin * static_cast<float>(s.min);
        const Bytes q = in + 16 + (group / 2) * 32;
        for (std::size_t i = 0; i < 32; ++i) {
            const int value = group % 2 == 0 ? q[i] & 15 : q[i] >> 4;
            out[group * 32 + i] = scale * static_cast<float>(value) - min;
        }
    }
}

/// As Q4_K, with 32 bytes of fifth bits in front of the nibbles: bit `group` of byte i belongs to element i
/// of that group.
void q5_k(Bytes in, float* out) {
    const float d = half_at(in);
    const float dmin = half_at(in + 2);
    for (std::size_t group = 0; group < 8; ++group) {
        const ScaleMin s = scale_min(in + 4, group);
        const float scale = d * static_cast<float>(s.scale);
        const float min = dmin * static_cast<float>(s.min);
        const Bytes q = in + 48 + (group / 2) * 32;
        for (std::size_t i = 0; i < 32; ++i) {
            const int low = group % 2 == 0 ? q[i] & 15 : q[i] >> 4;
            const int value = low | (((in[16 + i] >> group) & 1) << 4);
            out[group * 32 + i] = scale * static_cast<float>(value) - min;
        }
    }
}

/// 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, d. Each half of the block (128
/// elements) is four runs of 32: run r takes its nibble from byte (r % 2) * 32 + i (low for r < 2, else high)
/// and bits 2r, 2r+1 of high byte i.
void q6_k(Bytes in, float* out) {
    const float d = half_at(in + 208);
    for (std::size_t half = 0; half < 2; ++half) {
        const Bytes low = in + half * 64;
        const Bytes high = in + 128 + half * 32;
        const Bytes scales = in + 192 + half * 8;
        for (std::size_t run = 0; run < 4; ++run) {
            for (std::size_t i = 0; i < 32; ++i) {
                const std::uint8_t byte = low[(run % 2) * 32 + i];
                const int nibble = run < 2 ? byte & 15 : byte >> 4;
                const int value = (nibble | (((high[i] >> (2 * run)) & 3) << 4)) - 32;
                const auto scale = static_cast<std::int8_t>(scales[run * 2 + i / 16]);
                out[half * 128 + run * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(value);
            }
        }
    }
}

using BlockFunction = void (*)(Bytes, float*);

BlockFunction block_function(DataType type) {
    switch (type) {
        case DataType::f32:
            return f32;
        case DataType::f16:
            return f16;
        case DataType::bf16:
            return bf16;
        case DataType::q4_0:
            return q4_0;
        case DataType::q4_1:
            return q4_1;
        case DataType::q5_0:
            return q5_0;
        case DataType::q5_1:
            return q5_1;
        case DataType::q8_0:
            return q8_0;
        case DataType::q4_k:
            return q4_k;
        case DataType::q5_k:
            return q5_k;
        case DataType::q6_k:
            return q6_k;
    }
    return f32;
}

}  // namespace

Status check_block_bytes(DataType type, std::size_t bytes, std::size_t elements) {
    const DataTypeTraits layout = traits(type);
    const auto size = checked_multiply<std::size_t>(elements / layout.block_elements, layout.block_bytes);
    if (elements % layout.block_elements != 0 || size != bytes) {
        return fail(ErrorCode::invalid_argument,
                    "The bytes are no whole number of blocks of the type " + std::string(layout.name) + ".",
                    std::to_string(bytes) + " bytes, " + std::to_string(elements) + " elements");
    }
    return {};
}

void dequantize(DataType type, std::span<const std::byte> from, std::span<float> to) {
    const DataTypeTraits layout = traits(type);
    const BlockFunction convert = block_function(type);
    const std::size_t blocks = std::min(from.size() / layout.block_bytes, to.size() / layout.block_elements);
    const auto* in = reinterpret_cast<Bytes>(from.data());
    for (std::size_t i = 0; i < blocks; ++i) {
        convert(in + i * layout.block_bytes, to.data() + i * layout.block_elements);
    }
}

}  // namespace tendril::engine
