// SPDX-License-Identifier: Apache-2.0
// SHA-256; see sha256.h.
#include "engine/model/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tendril::engine {

const std::array<std::uint32_t, 64> kSha256Rounds = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace {

constexpr std::size_t kBlockBytes = 64;

std::uint32_t big_endian(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

void put_big_endian(std::uint64_t value, std::size_t bytes, std::uint8_t* to) {
    for (std::size_t i = 0; i < bytes; ++i) {
        to[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
    }
}

void compress_block(std::uint32_t* state, const std::uint8_t* block) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t t = 0; t < 16; ++t) {
        w[t] = big_endian(block + 4 * t);
    }
    for (std::size_t t = 16; t < 64; ++t) {
        const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    std::array<std::uint32_t, 8> v{};
    std::copy_n(state, 8, v.begin());
    for (std::size_t t = 0; t < 64; ++t) {
        const std::uint32_t s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
        const std::uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const std::uint32_t first = v[7] + s1 + choice + kSha256Rounds[t] + w[t];
        const std::uint32_t s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
        const std::uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        v = {first + s0 + majority, v[0], v[1], v[2], v[3] + first, v[4], v[5], v[6]};
    }
    for (std::size_t i = 0; i < 8; ++i) {
        state[i] += v[i];
    }
}

void compress_blocks(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        compress_block(state, blocks + i * kBlockBytes);
    }
}

}  // namespace

Sha256::Compress Sha256::scalar() {
    return compress_blocks;
}

Sha256::Compress Sha256::instructions() {
#if defined(__x86_64__)
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned kSha = 1U << 29;
    constexpr unsigned kSsse3AndSse41 = 1U << 9 | 1U << 19;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kSha) != 0 &&
        __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kSsse3AndSse41) == kSsse3AndSse41) {
        return sha256_blocks_x86;
    }
#endif
    return nullptr;
}

Sha256::Compress Sha256::fastest() {
    static const Compress known = instructions() != nullptr ? instructions() : scalar();
    return known;
}

void Sha256::update(std::span<const std::uint8_t> bytes) {
    bytes_ += bytes.size();
    if (rest_bytes_ > 0) {
        const std::size_t now = std::min(bytes.size(), kBlockBytes - rest_bytes_);
        std::copy_n(bytes.begin(), now, rest_.begin() + static_cast<std::ptrdiff_t>(rest_bytes_));
        rest_bytes_ += now;
        bytes = bytes.subspan(now);
        if (rest_bytes_ < kBlockBytes) {
            return;
        }
        compress_(state_.data(), rest_.data(), 1);
        rest_bytes_ = 0;
    }
    const std::size_t blocks = bytes.size() / kBlockBytes;
    compress_(state_.data(), bytes.data(), blocks);
    bytes = bytes.subspan(blocks * kBlockBytes);
    std::copy(bytes.begin(), bytes.end(), rest_.begin());
    rest_bytes_ = bytes.size();
}

/// A one bit, zeros, and the length in bits as the end of a block.
Sha256::Digest Sha256::finish() {
    std::array<std::uint8_t, 2 * kBlockBytes> end{};
    std::copy_n(rest_.begin(), rest_bytes_, end.begin());
    end[rest_bytes_] = 0x80;
    const std::size_t blocks = rest_bytes_ + 1 + 8 <= kBlockBytes ? 1 : 2;
    put_big_endian(bytes_ * 8, 8, end.data() + blocks * kBlockBytes - 8);
    compress_(state_.data(), end.data(), blocks);
    Digest digest{};
    for (std::size_t i = 0; i < state_.size(); ++i) {
        put_big_endian(state_[i], 4, digest.data() + 4 * i);
    }
    return digest;
}

Sha256::Digest Sha256::of(std::span<const std::uint8_t> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

}  // namespace tendril::engine
