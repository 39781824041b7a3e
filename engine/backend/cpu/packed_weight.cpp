// SPDX-License-Identifier: Apache-2.0
// From the blocks of a GGUF tensor to packed_format.h and back to floats. Any thread; a group is filled by
// one.
#include "engine/backend/cpu/packed_weight.h"

#include <algorithm>
#include <cstring>

#include "engine/backend/weight_source.h"
#include "engine/half.h"

namespace tendril::engine {
namespace {

using Bytes = const std::uint8_t*;

std::uint32_t word_at(Bytes at) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// Where one lane (output) of a group and block goes.
struct Target {
    std::uint8_t* planes;  // of this block
    std::size_t lane;
    void put(std::size_t plane, std::uint32_t word) const {
        std::memcpy(planes + plane * 64 + lane * 4, &word, sizeof word);
    }
};

/// 16 bytes with inputs 0..15 in the low halves and 16..31 in the high halves: the file's order is ours.
void put_nibbles(const Target& to, Bytes nibbles) {
    for (std::size_t p = 0; p < 4; ++p) {
        to.put(p, word_at(nibbles + p * 4));
    }
}

/// Fifth bits, input i in bit i, to bit j of byte b for input 4j + b.
void put_fifth_bits(const Target& to, std::uint32_t bits) {
    std::uint32_t plane = 0;
    for (unsigned b = 0; b < 4; ++b) {
        std::uint32_t x = bits >> b & 0x11111111U;  // every fourth bit, to be drawn together
        x = (x | x >> 3) & 0x03030303U;
        x = (x | x >> 6) & 0x000F000FU;
        x = (x | x >> 12) & 0xFFU;
        plane |= x << (8 * b);
    }
    to.put(4, plane);
}

void pack_plain(DataType type, const Target& to, Bytes block) {
    switch (type) {
        case DataType::q4_0:
            put_nibbles(to, block + 2);
            return;
        case DataType::q4_1:
            put_nibbles(to, block + 4);
            return;
        case DataType::q5_0:
            put_nibbles(to, block + 6);
            put_fifth_bits(to, word_at(block + 2));
            return;
        case DataType::q5_1:
            put_nibbles(to, block + 8);
            put_fifth_bits(to, word_at(block + 4));
            return;
        default:
            for (std::size_t j = 0; j < 8; ++j) {
                to.put(j, word_at(block + 2 + j * 4) ^ 0x80808080U);
            }
    }
}

/// The four low bits of each input, 8 words, to the 4 planes of nibbles.
void put_low_halves(const Target& to, Bytes bytes, unsigned shift) {
    for (std::size_t p = 0; p < 4; ++p) {
        const std::uint32_t low = word_at(bytes + p * 4) >> shift & 0x0F0F0F0FU;
        const std::uint32_t high = word_at(bytes + p * 4 + 16) >> shift & 0x0F0F0F0FU;
        to.put(p, low | high << 4);
    }
}

/// Block `index` (0..7) of a Q4_K or Q5_K super block.
void pack_k_block(bool five_bits, const Target& to, Bytes super, unsigned index) {
    const Bytes nibbles = super + (five_bits ? 48 : 16) + (index / 2) * 32;
    put_low_halves(to, nibbles, index % 2 * 4);
    if (five_bits) {
        std::uint32_t plane = 0;
        for (unsigned j = 0; j < 8; ++j) {
            plane |= (word_at(super + 16 + j * 4) >> index & 0x01010101U) << j;
        }
        to.put(4, plane);
    }
}

void pack_q6_k_block(const Target& to, Bytes super, unsigned index) {
    const unsigned half = index / 4;
    const unsigned quarter = index % 4;
    put_low_halves(to, super + half * 64 + (quarter % 2) * 32, quarter / 2 * 4);
    const Bytes upper = super + 128 + half * 32;
    for (unsigned h = 0; h < 2; ++h) {
        std::uint32_t plane = 0;
        for (unsigned j = 0; j < 4; ++j) {
            plane |= (word_at(upper + (4 * h + j) * 4) >> (2 * quarter) & 0x03030303U) << (2 * j);
        }
        to.put(4 + h, plane);
    }
}

/// The eight 6-bit scales and minima of a Q4_K or Q5_K super block, to one byte each, lane by lane.
void put_sub_scales(std::uint8_t* scales, std::size_t lane, Bytes packed) {
    std::uint8_t* minima = scales + kSuperBlocks * kGroup;
    for (std::size_t i = 0; i < 4; ++i) {
        scales[i * kGroup + lane] = packed[i] & 63U;
        minima[i * kGroup + lane] = packed[i + 4] & 63U;
        scales[(i + 4) * kGroup + lane] =
            static_cast<std::uint8_t>((packed[i + 8] & 15U) | (packed[i] >> 6) << 4);
        minima[(i + 4) * kGroup + lane] =
            static_cast<std::uint8_t>((packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4);
    }
}

void pack_k_scales(DataType type, std::uint8_t* scales, std::size_t lane, Bytes super) {
    if (type == DataType::q6_k) {
        std::memcpy(scales + lane * 2, super + 208, 2);
        for (std::size_t i = 0; i < 16; ++i) {
            scales[32 + i * kGroup + lane] = super[192 + i];
        }
        return;
    }
    std::memcpy(scales + lane * 2, super, 2);
    std::memcpy(scales + 32 + lane * 2, super + 2, 2);
    put_sub_scales(scales + 64, lane, super + 4);
}

void pack_k_row(DataType type, std::uint8_t* group, const PackedShape& shape, std::size_t lane, Bytes row) {
    const PackedFormat format = packed_format(type);
    for (std::size_t s = 0; s < shape.blocks / kSuperBlocks; ++s) {
        const Bytes super = row + s * traits(type).block_bytes;
        pack_k_scales(type, group + s * format.scale_bytes, lane, super);
        for (unsigned i = 0; i < kSuperBlocks; ++i) {
            const Target to{group + shape.quant_start + (s * kSuperBlocks + i) * format.quant_bytes, lane};
            if (type == DataType::q6_k) {
                pack_q6_k_block(to, super, i);
            } else {
                pack_k_block(type == DataType::q5_k, to, super, i);
            }
        }
    }
}

void pack_plain_row(DataType type, std::uint8_t* group, const PackedShape& shape, std::size_t lane,
                    Bytes row) {
    const PackedFormat format = packed_format(type);
    for (std::size_t b = 0; b < shape.blocks; ++b) {
        const Bytes block = row + b * traits(type).block_bytes;
        std::uint8_t* scales = group + b * format.scale_bytes;
        std::memcpy(scales + lane * 2, block, 2);
        if (format.minima) {
            std::memcpy(scales + 32 + lane * 2, block + 2, 2);
        }
        pack_plain(type, Target{group + shape.quant_start + b * format.quant_bytes, lane}, block);
    }
}

template <std::size_t size>
void pack_float_row(std::uint8_t* group, std::size_t columns, std::size_t lane, Bytes row) {
    for (std::size_t i = 0; i < columns; ++i) {
        std::memcpy(group + (i * kGroup + lane) * size, row + i * size, size);
    }
}

void pack_bfloat_row(std::uint8_t* group, std::size_t columns, std::size_t lane, Bytes row) {
    for (std::size_t i = 0; i < columns; ++i) {
        std::memcpy(group + i / 2 * 64 + lane * 4 + i % 2 * 2, row + i * 2, 2);
    }
}

float half_at(Bytes at) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, at, sizeof bits);
    return half_to_float(bits);
}

/// Input i of one lane of a block, as the whole number that is stored.
int stored_value(const PackedFormat& format, Bytes planes, std::size_t lane, std::size_t i) {
    const std::size_t vector = i / 4;
    const std::size_t at = lane * 4 + i % 4;
    if (format.bits == 8) {
        return planes[vector * 64 + at];
    }
    int value = vector < 4 ? planes[vector * 64 + at] & 15 : planes[(vector - 4) * 64 + at] >> 4;
    if (format.bits == 5) {
        value |= (planes[256 + at] >> vector & 1) << 4;
    }
    if (format.bits == 6) {
        value |= (planes[256 + vector / 4 * 64 + at] >> (vector % 4 * 2) & 3) << 4;
    }
    return value;
}

/// Scale and minimum (to be added) of one lane, for the half block in which input i of block b lies.
struct Scales {
    float scale;
    float minimum;
};
Scales scales_of(DataType type, const PackedFormat& format, Bytes group, std::size_t lane, std::size_t block,
                 std::size_t i) {
    if (!format.k_type) {
        const Bytes at = group + block * format.scale_bytes + lane * 2;
        return {half_at(at), format.minima ? half_at(at + 32) : 0.0F};
    }
    const Bytes super = group + block / kSuperBlocks * format.scale_bytes;
    const std::size_t sub = block % kSuperBlocks;
    if (type == DataType::q6_k) {
        const auto scale = static_cast<std::int8_t>(super[32 + (sub * 2 + i / 16) * kGroup + lane]);
        return {half_at(super + lane * 2) * static_cast<float>(scale), 0.0F};
    }
    const Bytes bytes = super + 64 + sub * kGroup + lane;
    return {half_at(super + lane * 2) * static_cast<float>(bytes[0]),
            -(half_at(super + 32 + lane * 2) * static_cast<float>(bytes[kSuperBlocks * kGroup]))};
}

}  // namespace

PackedWeight::PackedWeight(DataType type, std::size_t rows, std::size_t columns, WeightArena::Piece memory)
    : type_(type),
      rows_(rows),
      columns_(columns),
      shape_(packed_shape(type, columns)),
      memory_(std::move(memory)) {}

void PackedWeight::pack_group(const WeightSource& source, std::size_t index) {
    std::uint8_t* group = memory_.data + index * shape_.group_bytes;
    const std::size_t stride = row_bytes(source);
    const auto* bytes = reinterpret_cast<Bytes>(source.bytes.data());
    const bool k_type = packed_format(type_).k_type;
    for (std::size_t lane = 0; lane < std::min(kGroup, rows_ - index * kGroup); ++lane) {
        const Bytes row = bytes + (index * kGroup + lane) * stride;
        if (type_ == DataType::f32) {
            pack_float_row<4>(group, columns_, lane, row);
        } else if (type_ == DataType::bf16) {
            pack_bfloat_row(group, columns_, lane, row);
        } else if (type_ == DataType::f16) {
            pack_float_row<2>(group, columns_, lane, row);
        } else if (k_type) {
            pack_k_row(type_, group, shape_, lane, row);
        } else {
            pack_plain_row(type_, group, shape_, lane, row);
        }
    }
}

void PackedWeight::unpack_row(std::size_t row, std::span<float> to) const {
    const PackedFormat format = packed_format(type_);
    const Bytes from = group(row / kGroup);
    const std::size_t lane = row % kGroup;
    if (format.bits == 0) {
        for (std::size_t i = 0; i < columns_; ++i) {
            if (type_ == DataType::f32) {
                std::memcpy(&to[i], from + (i * kGroup + lane) * 4, 4);
            } else {
                const bool half = type_ == DataType::f16;
                std::uint16_t bits = 0;
                std::memcpy(&bits,
                            from + (half ? (i * kGroup + lane) * 2 : i / 2 * 64 + lane * 4 + i % 2 * 2), 2);
                to[i] = half ? half_to_float(bits) : bfloat16_to_float(bits);
            }
        }
        return;
    }
    for (std::size_t b = 0; b < shape_.blocks; ++b) {
        const Bytes planes = from + shape_.quant_start + b * format.quant_bytes;
        for (std::size_t half = 0; half < 2; ++half) {
            const Scales s = scales_of(type_, format, from, lane, b, half * 16);
            for (std::size_t i = half * 16; i < half * 16 + 16; ++i) {
                const int value = stored_value(format, planes, lane, i) - format.offset;
                to[b * kBlock + i] = s.scale * static_cast<float>(value) + s.minimum;
            }
        }
    }
}

std::size_t packed_bytes(DataType type, std::size_t rows, std::size_t columns) {
    return (rows + kGroup - 1) / kGroup * packed_shape(type, columns).group_bytes;
}

}  // namespace tendril::engine
