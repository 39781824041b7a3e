// SPDX-License-Identifier: Apache-2.0
// 16 lanes in AVX-512 registers, for the kernels in *.inl. Only for files compiled with these instructions;
// internal linkage.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace tendril::engine {
namespace {

struct Lanes {
    static constexpr int kWidth = 16;
    static constexpr int kRows = 8;  // rows that a matmul kernel carries at once
    // Attention tiles, rows x vectors: few queries want independent sums, many want few loads.
    static constexpr int kThinRows = 6;
    static constexpr int kThinVectors = 4;
    static constexpr int kManyRows = 12;
    static constexpr int kManyVectors = 2;
    static constexpr int kMixRows = 12;  // quantised pages: rows of a tile, and those of scores
    static constexpr int kScoreRows = 4;
    static constexpr int kScoreVectors = 2;
    static constexpr int kWidenFrom = 1 << 30;  // queries from which a page is made floats first: never
    using F = __m512;
    using I = __m512i;

    static F zero() { return _mm512_setzero_ps(); }
    static F set1(float x) { return _mm512_set1_ps(x); }
    static F load(const float* at) { return _mm512_loadu_ps(at); }
    static void store(float* at, F x) { _mm512_storeu_ps(at, x); }
    static __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1U << n) - 1U); }
    static F load_first(const float* at, std::size_t n) { return _mm512_maskz_loadu_ps(first(n), at); }
    static void store_first(float* at, F x, std::size_t n) { _mm512_mask_storeu_ps(at, first(n), x); }
    static F add(F a, F b) { return _mm512_add_ps(a, b); }
    static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
    static F div(F a, F b) { return _mm512_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }    // a * b + c
    static F fnma(F a, F b, F c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a * b
    static F max(F a, F b) { return _mm512_max_ps(a, b); }
    static F min(F a, F b) { return _mm512_min_ps(a, b); }
    static F abs(F a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0F), a); }
    static F zero_where_less(F value, F x, F bound) {
        return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, bound, _CMP_GE_OQ), value);
    }
    static F swap_pairs(F x) { return _mm512_permute_ps(x, 0xB1); }
    static F even_of_pairs(F x) { return _mm512_moveldup_ps(x); }
    static float sum(F x) { return _mm512_reduce_add_ps(x); }
    static float largest(F x) { return _mm512_reduce_max_ps(x); }
    static F from_half(const std::uint16_t* at) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    static F from_bfloat(const std::uint16_t* at) {
        const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    }
    static void to_half(std::uint16_t* at, F x) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at),
                            _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
#if defined(__AVX512BF16__)
    static void to_bfloat(std::uint16_t* at, F x) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
    }
    /// sum + two weights times two inputs, in each lane.
    static F dot_bfloat(F sum, I w, I x) {
        return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(w), reinterpret_cast<__m512bh>(x));
    }
#endif
    // bytes to floats: the small scales of K types
    static F from_u8(const std::uint8_t* at) {
        return _mm512_cvtepi32_ps(
            _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
    }
    static F from_s8(const std::uint8_t* at) {
        return _mm512_cvtepi32_ps(
            _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
    }

    static I izero() {
        return _mm512_setzero_si512();
    }
    static I iset1(std::int32_t x) {
        return _mm512_set1_epi32(x);
    }
    static I iload(const void* at) {
        return _mm512_loadu_si512(at);
    }
    static I widen_u8(const std::uint8_t* at) {
        return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
    static I ixor(I a, I b) {
        return _mm512_xor_si512(a, b);
    }
    static void istore(void* at, I a) {
        _mm512_storeu_si512(at, a);
    }
    static I iadd(I a, I b) {
        return _mm512_add_epi32(a, b);
    }
    static I isub_bytes(I a, I b) {
        return _mm512_sub_epi8(a, b);
    }
    static I iand(I a, I b) {
        return _mm512_and_si512(a, b);
    }
    static I ior(I a, I b) {
        return _mm512_or_si512(a, b);
    }
    template <int n>
    static I left(I a) {
        return n == 0 ? a : _mm512_slli_epi32(a, n);
    }
    template <int n>
    static I right(I a) {
        return n == 0 ? a : _mm512_srli_epi32(a, n);
    }
    static F to_float(I a) {
        return _mm512_cvtepi32_ps(a);
    }
    static F as_float(I a) {
        return _mm512_castsi512_ps(a);
    }
    static I round(F a) {
        return _mm512_cvtps_epi32(a);
    }
    static std::int32_t isum(I a) {
        return _mm512_reduce_add_epi32(a);
    }
    static void to_s8(std::int8_t* at, I a) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm512_cvtsepi32_epi8(a));
    }
    static void prefetch(const void* at) {
        _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0);
    }

    static I word(const void* at) {  // four bytes in each lane
        std::int32_t x;
        __builtin_memcpy(&x, at, 4);
        return _mm512_set1_epi32(x);
    }

    // A tile of a product: rows, vectors of outputs, and vectors of a block's inputs that are held at a time.
    static constexpr int kTileRows = 4;
    static constexpr int kTileVectors = 2;
    static constexpr int kTileStep = 4;

    /// Lane i of lane i ^ half.
    template <int half>
    static F partner(F x) {
        if constexpr (half <= 2) {
            return _mm512_permute_ps(x, half == 1 ? 0xB1 : 0x4E);
        } else {
            return _mm512_shuffle_f32x4(x, x, half == 4 ? 0xB1 : 0x4E);
        }
    }
    /// p * 2^n of a whole n, to 0 where that is too small.
    static F times_power(F p, F n) { return _mm512_scalef_ps(p, n); }
    static F nearest(F x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

#if defined(__AVX512VNNI__)
    /// sum + four unsigned weights times four signed activations, in each lane.
    static I dot_word(I sum, I w, I x) {
        return _mm512_dpbusd_epi32(sum, w, x);
    }
    /// start + sum over n vectors of unsigned weights times signed activations (4 bytes for each vector).
    template <int kBits, int n>
    static I dot(const I* w, const std::int8_t* a, I start) {
        for (int j = 0; j < n; ++j) {
            start = dot_word(start, w[j], word(a + 4 * j));
        }
        return start;
    }
#else
    /// Sums in 16 bits as far as they cannot overflow: |sum of two products| <= 2 * 127 * (2^bits - 1).
    template <int kBits, int n>
    static I dot(const I* w, const std::int8_t* a, I start) {
        constexpr int kRun = kBits == 4 ? 8 : kBits == 5 ? 4 : 2;
        const I ones = _mm512_set1_epi16(1);
        for (int j = 0; j < n; j += kRun) {
            I run = _mm512_maddubs_epi16(w[j], word(a + 4 * j));
            for (int k = 1; k < kRun; ++k) {
                run = _mm512_add_epi16(run, _mm512_maddubs_epi16(w[j + k], word(a + 4 * (j + k))));
            }
            start = _mm512_add_epi32(start, _mm512_madd_epi16(run, ones));
        }
        return start;
    }
    static I dot_q8(const I* w, const std::int8_t* a, std::int32_t) {
        const I ones = _mm512_set1_epi16(1);
        I sum = _mm512_setzero_si512();
        for (int j = 0; j < 8; ++j) {  // |w| * sign(a, w): 128 * 127 * 2 still fits 16 bits
            const I value = _mm512_xor_si512(w[j], _mm512_set1_epi8(-128));
            const I x = word(a + 4 * j);
            const I moved = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(value), _mm512_setzero_si512(), x);
            sum = _mm512_add_epi32(
                sum, _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_abs_epi8(value), moved), ones));
        }
        return sum;
    }
#endif
};

}  // namespace
}  // namespace tendril::engine
