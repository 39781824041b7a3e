// SPDX-License-Identifier: Apache-2.0
// What the products of packed weights share over the Lanes of the including file: the vectors and scales of a
// block, and writing of results. Included by matmul_words.inl and matmul_runs.inl; internal linkage.

#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/packed_format.h"

namespace tendril::engine {
namespace {

using F = Lanes::F;
using I = Lanes::I;

constexpr std::size_t kAhead = 4096;  // bytes: about the time that memory needs, at the speed of one core
constexpr int kHalves = 16 / Lanes::kWidth;

/// Vector j (0..7) of a block, one byte a value.
template <int kBits, int j>
inline I load_vector(const std::uint8_t* planes) {
    if constexpr (kBits == 8) {
        return Lanes::iload(planes + j * 64);
    } else {
        const I low = Lanes::iset1(0x0F0F0F0F);
        const I both = Lanes::iload(planes + j % 4 * 64);
        const I value = Lanes::iand(j < 4 ? both : Lanes::right<4>(both), low);
        if constexpr (kBits == 5) {
            const I high = Lanes::iload(planes + 256);
            const I moved = j <= 4                  ? Lanes::left < j <= 4 ? 4 - j : 0 > (high)
                                             : Lanes::right < j <= 4 ? 0
                                                    : j - 4 > (high);
            return Lanes::ior(value, Lanes::iand(moved, Lanes::iset1(0x10101010)));
        } else if constexpr (kBits == 6) {
            constexpr int kAt = j % 4 * 2;
            const I high = Lanes::iload(planes + 256 + j / 4 * 64);
            const I moved = kAt <= 4                  ? Lanes::left < kAt <= 4 ? 4 - kAt : 0 > (high)
                                             : Lanes::right < kAt <= 4 ? 0
                                                      : kAt - 4 > (high);
            return Lanes::ior(value, Lanes::iand(moved, Lanes::iset1(0x30303030)));
        } else {
            return value;
        }
    }
}

/// Vectors kFirst.. of a block.
template <int kBits, int kFirst, int kCount>
inline void load_vectors(const std::uint8_t* planes, I* w) {
    w[0] = load_vector<kBits, kFirst>(planes);
    if constexpr (kCount > 1) {
        load_vectors<kBits, kFirst + 1, kCount - 1>(planes, w + 1);
    }
}

constexpr int log2_of(int x) {
    return x <= 1 ? 0 : 1 + log2_of(x / 2);
}

inline const std::uint16_t* halves(const std::uint8_t* at) {
    return reinterpret_cast<const std::uint16_t*>(at);
}

/// Scales of one block for the lanes from `lane` on: first and second (Q6_K) half block, and the minimum.
struct BlockScales {
    F first, second, minimum;
};

template <DataType kType>
inline BlockScales block_scales(const std::uint8_t* scales, std::size_t block, int lane) {
    constexpr PackedFormat kFormat = packed_format(kType);
    BlockScales out{};
    if constexpr (!kFormat.k_type) {
        const std::uint8_t* at = scales + block * kFormat.scale_bytes;
        out.first = Lanes::from_half(halves(at) + lane);
        if constexpr (kFormat.minima) {
            out.minimum = Lanes::from_half(halves(at + 32) + lane);
        }
    } else {
        const std::uint8_t* super = scales + block / kSuperBlocks * kFormat.scale_bytes;
        const std::size_t sub = block % kSuperBlocks;
        const F d = Lanes::from_half(halves(super) + lane);
        if constexpr (kType == DataType::q6_k) {
            out.first = Lanes::mul(d, Lanes::from_s8(super + 32 + (2 * sub) * kGroup + lane));
            out.second = Lanes::mul(d, Lanes::from_s8(super + 32 + (2 * sub + 1) * kGroup + lane));
        } else {
            const std::uint8_t* at = super + 64 + sub * kGroup + lane;
            out.first = Lanes::mul(d, Lanes::from_u8(at));
            const F m = Lanes::from_half(halves(super + 32) + lane);
            out.minimum = Lanes::fnma(m, Lanes::from_u8(at + kSuperBlocks * kGroup), Lanes::zero());
        }
    }
    return out;
}

/// Adds the bias and writes the lanes that are outputs of the matrix.
inline void write(const MatmulPiece& piece, std::size_t row, std::size_t output, F sum) {
    if (output >= piece.outputs) {
        return;
    }
    float* to = piece.out + row * piece.out_stride + output;
    const std::size_t left = piece.outputs - output;
    if (left >= Lanes::kWidth) {
        if (piece.bias != nullptr) {
            sum = Lanes::add(sum, Lanes::load(piece.bias + output));
        }
        Lanes::store(to, sum);
    } else {
        if (piece.bias != nullptr) {
            sum = Lanes::add(sum, Lanes::load_first(piece.bias + output, left));
        }
        Lanes::store_first(to, sum, left);
    }
}

}  // namespace
}  // namespace tendril::engine
