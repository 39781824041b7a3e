// SPDX-License-Identifier: Apache-2.0
// 8 lanes in AVX2 registers (FMA, F16C; AVX-VNNI where the file has it), for the kernels in *.inl. Internal
// linkage.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace tendril::engine {
namespace {

struct Lanes {
    static constexpr int kWidth = 8;
    static constexpr int kRows = 4;
    static constexpr int kThinRows = 6;  // attention tiles, rows x vectors
    static constexpr int kThinVectors = 2;
    static constexpr int kManyRows = 6;
    static constexpr int kManyVectors = 2;
    static constexpr int kMixRows = 2;  // quantised pages: rows of a tile, and those of scores
    static constexpr int kScoreRows = 3;
    static constexpr int kScoreVectors = 1;
    static constexpr int kWidenFrom = 13;  // queries from which a page is made floats first
    using F = __m256;
    using I = __m256i;

    static F zero() { return _mm256_setzero_ps(); }
    static F set1(float x) { return _mm256_set1_ps(x); }
    static F load(const float* at) { return _mm256_loadu_ps(at); }
    static void store(float* at, F x) { _mm256_storeu_ps(at, x); }
    static I first(std::size_t n) {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    static F load_first(const float* at, std::size_t n) { return _mm256_maskload_ps(at, first(n)); }
    static void store_first(float* at, F x, std::size_t n) { _mm256_maskstore_ps(at, first(n), x); }
    static F add(F a, F b) { return _mm256_add_ps(a, b); }
    static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
    static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
    static F div(F a, F b) { return _mm256_div_ps(a, b); }
    static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
    static F fnma(F a, F b, F c) { return _mm256_fnmadd_ps(a, b, c); }
    static F max(F a, F b) { return _mm256_max_ps(a, b); }
    static F min(F a, F b) { return _mm256_min_ps(a, b); }
    static F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
    static F zero_where_less(F value, F x, F bound) {
        return _mm256_and_ps(value, _mm256_cmp_ps(x, bound, _CMP_GE_OQ));
    }
    static F swap_pairs(F x) { return _mm256_permute_ps(x, 0xB1); }
    static F even_of_pairs(F x) { return _mm256_moveldup_ps(x); }
    static float sum(F x) {
        __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        half = _mm_add_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
    }
    static float largest(F x) {
        __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        half = _mm_max_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
    }
    static F from_half(const std::uint16_t* at) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
    static F from_bfloat(const std::uint16_t* at) {
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    }
    static void to_half(std::uint16_t* at, F x) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at),
                         _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    }
    static F from_u8(const std::uint8_t* at) {
        return _mm256_cvtepi32_ps(
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
    }
    static F from_s8(const std::uint8_t* at) {
        return _mm256_cvtepi32_ps(
            _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
    }

    static I izero() { return _mm256_setzero_si256(); }
    static I iset1(std::int32_t x) { return _mm256_set1_epi32(x); }
    static I iload(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }
    static I widen_u8(const std::uint8_t* at) {
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)));
    }
    static I ixor(I a, I b) { return _mm256_xor_si256(a, b); }
    static void istore(void* at, I a) { _mm256_storeu_si256(static_cast<__m256i*>(at), a); }
    static I iadd(I a, I b) { return _mm256_add_epi32(a, b); }
    static I isub_bytes(I a, I b) { return _mm256_sub_epi8(a, b); }
    static I iand(I a, I b) { return _mm256_and_si256(a, b); }
    static I ior(I a, I b) { return _mm256_or_si256(a, b); }
    template <int n>
    static I left(I a) {
        return n == 0 ? a : _mm256_slli_epi32(a, n);
    }
    template <int n>
    static I right(I a) {
        return n == 0 ? a : _mm256_srli_epi32(a, n);
    }
    static F to_float(I a) { return _mm256_cvtepi32_ps(a); }
    static F as_float(I a) { return _mm256_castsi256_ps(a); }
    static I round(F a) { return _mm256_cvtps_epi32(a); }
    static std::int32_t isum(I a) {
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
        half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
        return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
    }
    static void to_s8(std::int8_t* at, I a) {
        const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(at), _mm_packs_epi16(words, words));
    }
    static void prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0); }

    static I word(const std::int8_t* at) {
        std::int32_t x;
        __builtin_memcpy(&x, at, 4);
        return _mm256_set1_epi32(x);
    }

    // A tile of a product: rows, vectors of outputs, and vectors of a block's inputs that are held at a time.
    static constexpr int kTileRows = 4;
    static constexpr int kTileVectors = 2;
    static constexpr int kTileStep = 2;

    /// Lane i of lane i ^ half.
    template <int half>
    static F partner(F x) {
        if constexpr (half <= 2) {
            return _mm256_permute_ps(x, half == 1 ? 0xB1 : 0x4E);
        } else {
            return _mm256_permute2f128_ps(x, x, 0x01);
        }
    }
    /// p * 2^n of a whole n, to 0 where that is too small.
    static F times_power(F p, F n) {
        const I power = _mm256_slli_epi32(_mm256_add_epi32(round(n), _mm256_set1_epi32(127)), 23);
        return zero_where_less(mul(p, as_float(power)), n, set1(-126.0F));
    }
    static F nearest(F x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

#if defined(__AVXVNNI__)
    /// sum + four unsigned weights times four signed activations, in each lane.
    static I dot_word(I sum, I w, I x) {
        return _mm256_dpbusd_avx_epi32(sum, w, x);
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
        const I ones = _mm256_set1_epi16(1);
        for (int j = 0; j < n; j += kRun) {
            I run = _mm256_maddubs_epi16(w[j], word(a + 4 * j));
            for (int k = 1; k < kRun; ++k) {
                run = _mm256_add_epi16(run, _mm256_maddubs_epi16(w[j + k], word(a + 4 * (j + k))));
            }
            start = _mm256_add_epi32(start, _mm256_madd_epi16(run, ones));
        }
        return start;
    }
    static I dot_q8(const I* w, const std::int8_t* a, std::int32_t) {
        const I ones = _mm256_set1_epi16(1);
        I sum = _mm256_setzero_si256();
        for (int j = 0; j < 8; ++j) {  // |w| * sign(a, w): 128 * 127 * 2 still fits 16 bits
            const I value = _mm256_xor_si256(w[j], _mm256_set1_epi8(-128));
            const I moved = _mm256_sign_epi8(word(a + 4 * j), value);
            sum = _mm256_add_epi32(
                sum, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(value), moved), ones));
        }
        return sum;
    }
#endif
};

}  // namespace
}  // namespace tendril::engine
