// SPDX-License-Identifier: Apache-2.0
// From GGUF blocks to planes; see pack_rows.h. The formats of the blocks are described in
// engine/model/dequantize.cpp.
#include "engine/backend/cuda/pack_rows.h"

#include <algorithm>
#include <cstring>

#include "engine/backend/weight_source.h"

namespace tendril::cuda {
namespace {

using Bytes = const std::uint8_t*;

void put32(std::uint8_t* to, std::uint32_t value) {
    std::memcpy(to, &value, sizeof value);
}
std::uint32_t get32(Bytes from) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// Fifth bits of elements 0 to 31, one after the other, to the order of the planes.
std::uint32_t spread_fifth_bits(std::uint32_t bits) {
    std::uint32_t out = 0;
    for (unsigned i = 0; i < 32; ++i) {
        const unsigned at = i % 4 * 8 + i % 16 / 4 + i / 16 * 4;
        out |= (bits >> i & 1U) << at;
    }
    return out;
}

/// q4_0, q4_1, q5_0, q5_1, q8_0: the quants lie as in the file; `head`: bytes of scale and minimum.
void pack_small(Bytes from, std::size_t blocks, DataType type, const HostPlanes& to) {
    const std::size_t head = has_minimum(type) ? 4 : 2;
    const std::size_t high = high_bytes(type);
    const std::size_t quants = quant_bytes(type);
    const std::size_t size = head + high + quants;
    for (std::size_t b = 0; b < blocks; ++b, from += size) {
        std::memcpy(to.scales + b * head, from, head);
        if (high != 0) {
            put32(to.high + b * 4, spread_fifth_bits(get32(from + head)));
        }
        std::memcpy(to.quants + b * quants, from + head + high, quants);
    }
}

/// The 12 packed bytes of q4_k and q5_k to three words: nibble j of each belongs to block j.
void pack_scales(Bytes packed, std::uint8_t* to) {
    std::uint32_t words[3] = {};
    for (unsigned j = 0; j < 8; ++j) {
        unsigned scale = 0;
        unsigned minimum = 0;
        if (j < 4) {
            scale = packed[j] & 63U;
            minimum = packed[j + 4] & 63U;
        } else {
            scale = (packed[j + 4] & 15U) | static_cast<unsigned>(packed[j - 4] >> 6) << 4;
            minimum = static_cast<unsigned>(packed[j + 4] >> 4) | static_cast<unsigned>(packed[j] >> 6) << 4;
        }
        words[0] |= (scale & 15U) << (4 * j);
        words[1] |= (minimum & 15U) << (4 * j);
        words[2] |= (scale >> 4 | minimum >> 4 << 2) << (4 * j);
    }
    for (unsigned i = 0; i < 3; ++i) {
        put32(to + 4 * i, words[i]);
    }
}

/// q4_k and q5_k: 8 blocks of 32, two of which share each run of 32 bytes.
void pack_k45(Bytes from, std::size_t supers, bool five, const HostPlanes& to) {
    const std::size_t size = five ? 176 : 144;
    for (std::size_t s = 0; s < supers; ++s, from += size) {
        std::memcpy(to.scales + s * 16, from, 4);
        pack_scales(from + 4, to.scales + s * 16 + 4);
        const Bytes fifth = from + 16;
        const Bytes nibbles = from + (five ? 48 : 16);
        for (std::size_t j = 0; j < 8; ++j) {
            const Bytes q = nibbles + j / 2 * 32;
            std::uint8_t* quants = to.quants + (s * 8 + j) * 16;
            for (std::size_t i = 0; i < 16; ++i) {
                quants[i] = static_cast<std::uint8_t>(j % 2 == 0 ? (q[i] & 15U) | (q[i + 16] & 15U) << 4
                                                                 : q[i] >> 4 | (q[i + 16] & 0xf0U));
            }
            if (five) {
                std::uint32_t bits = 0;
                for (std::size_t i = 0; i < 32; ++i) {
                    bits |= (static_cast<std::uint32_t>(fifth[i] >> j) & 1U) << i;
                }
                put32(to.high + (s * 8 + j) * 4, spread_fifth_bits(bits));
            }
        }
    }
}

/// q6_k: each half of 128 elements is four runs of 32 (see dequantize.cpp).
void pack_k6(Bytes from, std::size_t supers, const HostPlanes& to) {
    for (std::size_t s = 0; s < supers; ++s, from += 210) {
        std::memcpy(to.supers + s * 2, from + 208, 2);
        for (std::size_t j = 0; j < 8; ++j) {
            const std::size_t half = j / 4;
            const std::size_t run = j % 4;
            const Bytes low = from + half * 64 + run % 2 * 32;
            const Bytes high = from + 128 + half * 32;
            std::uint8_t* quants = to.quants + (s * 8 + j) * 16;
            std::uint32_t words[2] = {};
            for (std::size_t i = 0; i < 32; ++i) {
                const auto bits = static_cast<std::uint32_t>(high[i] >> (2 * run)) & 3U;
                words[i / 16] |= bits << (i % 4 * 8 + i % 16 / 4 * 2);
            }
            for (std::size_t i = 0; i < 16; ++i) {
                quants[i] = static_cast<std::uint8_t>(run < 2 ? (low[i] & 15U) | (low[i + 16] & 15U) << 4
                                                              : low[i] >> 4 | (low[i + 16] & 0xf0U));
            }
            put32(to.high + (s * 8 + j) * 8, words[0]);
            put32(to.high + (s * 8 + j) * 8 + 4, words[1]);
            std::memcpy(to.scales + (s * 8 + j) * 2, from + 192 + j * 2, 2);
        }
    }
}

/// Rows of single values may end within a block: the rest is zeros.
void pack_floats(const engine::WeightSource& source, std::size_t first, std::size_t count,
                 const HostPlanes& to) {
    const std::size_t row = engine::row_bytes(source);
    const std::size_t element = engine::traits(source.type).block_bytes;
    const std::size_t padded = (source.columns + kBlockColumns - 1) / kBlockColumns * kBlockColumns * element;
    for (std::size_t r = 0; r < count; ++r) {
        std::memcpy(to.quants + r * padded, source.bytes.data() + (first + r) * row, row);
        std::fill_n(to.quants + r * padded + row, padded - row, std::uint8_t{0});
    }
}

}  // namespace

void pack_rows(const engine::WeightSource& source, std::size_t first, std::size_t count,
               const HostPlanes& to) {
    if (is_float(source.type)) {
        pack_floats(source, first, count, to);
        return;
    }
    const auto* from = reinterpret_cast<Bytes>(source.bytes.data()) + first * engine::row_bytes(source);
    const std::size_t blocks = count * (source.columns / kBlockColumns);
    switch (source.type) {
        case DataType::q4_k:
        case DataType::q5_k:
            pack_k45(from, blocks / kSuperBlocks, source.type == DataType::q5_k, to);
            break;
        case DataType::q6_k:
            pack_k6(from, blocks / kSuperBlocks, to);
            break;
        default:
            pack_small(from, blocks, source.type, to);
            break;
    }
}

}  // namespace tendril::cuda
