// SPDX-License-Identifier: Apache-2.0
// SHA-256 by the instructions of x86 (Intel SDM: SHA256RNDS2, SHA256MSG1, SHA256MSG2). Compiled for
// processors that have them; sha256.cpp asks. Any thread.
#include <immintrin.h>

#include "engine/model/sha256.h"

namespace tendril::engine {
namespace {

__m128i words_at(const std::uint8_t* at) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), swap);
}

/// Words t to t + 3 of the schedule from the sixteen before them.
__m128i next_words(const __m128i* w) {
    const __m128i seven_before = _mm_alignr_epi8(w[3], w[2], 4);
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), seven_before), w[3]);
}

}  // namespace

void sha256_blocks_x86(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
    // The instructions want the state as (a, b, e, f) and (c, d, g, h), from the upper lane down.
    auto* const lanes = reinterpret_cast<__m128i*>(state);
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(lanes), 0xB1);
    const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(lanes + 1), 0x1B);
    __m128i abef = _mm_alignr_epi8(badc, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, badc, 0xF0);
    for (; count > 0; --count, blocks += 64) {
        const __m128i abef_before = abef;
        const __m128i cdgh_before = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (std::size_t i = 0; i < 16; ++i) {
            __m128i now;
            if (i < 4) {
                now = words_at(blocks + 16 * i);
                w[i] = now;
            } else {
                now = next_words(w);
                w[0] = w[1];
                w[1] = w[2];
                w[2] = w[3];
                w[3] = now;
            }
            const auto* const constants = reinterpret_cast<const __m128i*>(kSha256Rounds.data() + 4 * i);
            const __m128i sums = _mm_add_epi32(now, _mm_loadu_si128(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sums);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sums, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128(lanes, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(lanes + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace tendril::engine
