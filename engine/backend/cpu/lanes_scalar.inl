// SPDX-License-Identifier: Apache-2.0
// 8 lanes in plain C++, for hosts without AVX2 and as the readable form of the kernels in *.inl. Internal
// linkage.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/half.h"

namespace tendril::engine {
namespace {

struct Lanes {
    static constexpr int kWidth = 8;
    static constexpr int kRows = 4;
    // A tile of a product: rows, vectors of outputs, and vectors of a block's inputs that are held at a time.
    static constexpr int kTileRows = 4;
    static constexpr int kTileVectors = 2;
    static constexpr int kTileStep = 4;
    static constexpr int kThinRows = 2;  // attention tiles, rows x vectors
    static constexpr int kThinVectors = 1;
    static constexpr int kManyRows = 2;
    static constexpr int kManyVectors = 1;
    static constexpr int kMixRows = 1;    // quantised pages: rows of a tile, and those of scores
    static constexpr int kWidenFrom = 3;  // queries from which a page is made floats first
    struct F {
        float v[kWidth];
    };
    struct I {
        std::int32_t v[kWidth];
    };

    template <typename Function>
    static F make(Function&& function) {
        F out;
        for (int i = 0; i < kWidth; ++i) {
            out.v[i] = function(i);
        }
        return out;
    }
    template <typename Function>
    static I imake(Function&& function) {
        I out;
        for (int i = 0; i < kWidth; ++i) {
            out.v[i] = static_cast<std::int32_t>(function(i));
        }
        return out;
    }

    static F zero() { return set1(0.0F); }
    static F set1(float x) {
        return make([=](int) { return x; });
    }
    static F load(const float* at) {
        return make([=](int i) { return at[i]; });
    }
    static void store(float* at, F x) { std::memcpy(at, x.v, sizeof x.v); }
    static F load_first(const float* at, std::size_t n) {
        return make([=](int i) { return static_cast<std::size_t>(i) < n ? at[i] : 0.0F; });
    }
    static void store_first(float* at, F x, std::size_t n) { std::memcpy(at, x.v, n * sizeof(float)); }
    static F add(F a, F b) {
        return make([&](int i) { return a.v[i] + b.v[i]; });
    }
    static F sub(F a, F b) {
        return make([&](int i) { return a.v[i] - b.v[i]; });
    }
    static F mul(F a, F b) {
        return make([&](int i) { return a.v[i] * b.v[i]; });
    }
    static F div(F a, F b) {
        return make([&](int i) { return a.v[i] / b.v[i]; });
    }
    // Two roundings: a fused one is a slow call on the processors that take this path.
    static F fma(F a, F b, F c) {
        return make([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
    }
    static F fnma(F a, F b, F c) {
        return make([&](int i) { return c.v[i] - a.v[i] * b.v[i]; });
    }
    static F max(F a, F b) {
        return make([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
    }
    static F min(F a, F b) {
        return make([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
    }
    static F abs(F a) {
        return make([&](int i) { return std::fabs(a.v[i]); });
    }
    static F zero_where_less(F value, F x, F bound) {
        return make([&](int i) { return x.v[i] >= bound.v[i] ? value.v[i] : 0.0F; });
    }
    static F swap_pairs(F x) {
        return make([&](int i) { return x.v[i ^ 1]; });
    }
    static F even_of_pairs(F x) {
        return make([&](int i) { return x.v[i & ~1]; });
    }
    static float sum(F x) {
        return ((x.v[0] + x.v[4]) + (x.v[2] + x.v[6])) + ((x.v[1] + x.v[5]) + (x.v[3] + x.v[7]));
    }
    static float largest(F x) {
        float out = x.v[0];
        for (const float value : x.v) {
            out = value > out ? value : out;
        }
        return out;
    }
    static F from_half(const std::uint16_t* at) {
        return make([=](int i) { return half_to_float(at[i]); });
    }
    static F from_bfloat(const std::uint16_t* at) {
        return make([=](int i) { return bfloat16_to_float(at[i]); });
    }
    static void to_half(std::uint16_t* at, F x) {
        for (int i = 0; i < kWidth; ++i) {
            at[i] = float_to_half(x.v[i]);
        }
    }
    static void to_bfloat(std::uint16_t* at, F x) {
        for (int i = 0; i < kWidth; ++i) {
            at[i] = float_to_bfloat16(x.v[i]);
        }
    }
    /// sum + two weights times two inputs, in each lane.
    static F dot_bfloat(F sum, I w, I x) {
        return make([&](int i) {
            const auto value = [](I from, int lane, int half) {
                return bfloat16_to_float(
                    static_cast<std::uint16_t>(static_cast<std::uint32_t>(from.v[lane]) >> (16 * half)));
            };
            return sum.v[i] + value(w, i, 0) * value(x, i, 0) + value(w, i, 1) * value(x, i, 1);
        });
    }
    static F from_u8(const std::uint8_t* at) {
        return make([=](int i) { return static_cast<float>(at[i]); });
    }
    static F from_s8(const std::uint8_t* at) {
        return make([=](int i) { return static_cast<float>(static_cast<std::int8_t>(at[i])); });
    }

    static I izero() { return iset1(0); }
    static I iset1(std::int32_t x) {
        return imake([=](int) { return x; });
    }
    static I iload(const void* at) {
        I out;
        std::memcpy(out.v, at, sizeof out.v);
        return out;
    }
    static I widen_u8(const std::uint8_t* at) {
        return imake([=](int i) { return at[i]; });
    }
    static void istore(void* at, I a) { std::memcpy(at, a.v, sizeof a.v); }
    static I iadd(I a, I b) {
        return imake([&](int i) { return a.v[i] + b.v[i]; });
    }
    static I isub_bytes(I a, I b) {
        std::uint8_t x[kWidth * 4];
        std::uint8_t y[kWidth * 4];
        std::memcpy(x, a.v, sizeof x);
        std::memcpy(y, b.v, sizeof y);
        for (int i = 0; i < kWidth * 4; ++i) {
            x[i] = static_cast<std::uint8_t>(x[i] - y[i]);
        }
        std::memcpy(a.v, x, sizeof x);
        return a;
    }
    static I iand(I a, I b) {
        return imake([&](int i) { return a.v[i] & b.v[i]; });
    }
    static I ior(I a, I b) {
        return imake([&](int i) { return a.v[i] | b.v[i]; });
    }
    template <int n>
    static I left(I a) {
        return imake([&](int i) { return static_cast<std::uint32_t>(a.v[i]) << n; });
    }
    template <int n>
    static I right(I a) {
        return imake([&](int i) { return static_cast<std::uint32_t>(a.v[i]) >> n; });
    }
    static F to_float(I a) {
        return make([&](int i) { return static_cast<float>(a.v[i]); });
    }
    static F as_float(I a) {
        F out;
        std::memcpy(out.v, a.v, sizeof out.v);
        return out;
    }
    static I round(F a) {  // to nearest even; what does not fit (only from broken models) becomes the limit
        return imake([&](int i) {
            const float x = a.v[i] > -1e9F ? (a.v[i] < 1e9F ? a.v[i] : 1e9F) : -1e9F;
            return static_cast<std::int32_t>(std::nearbyint(x));
        });
    }
    static std::int32_t isum(I a) {
        std::int32_t out = 0;
        for (const std::int32_t value : a.v) {
            out += value;
        }
        return out;
    }
    static void to_s8(std::int8_t* at, I a) {
        for (int i = 0; i < kWidth; ++i) {
            at[i] = static_cast<std::int8_t>(a.v[i] < -128 ? -128 : a.v[i] > 127 ? 127 : a.v[i]);
        }
    }
    static void prefetch(const void*) {}

    static I word(const void* at) {  // four bytes in each lane
        std::int32_t x = 0;
        std::memcpy(&x, at, sizeof x);
        return iset1(x);
    }
    /// sum + four unsigned weights times four signed activations, in each lane.
    static I dot_word(I sum, I w, I x) {
        std::uint8_t weights[kWidth * 4];
        std::int8_t inputs[kWidth * 4];
        std::memcpy(weights, w.v, sizeof weights);
        std::memcpy(inputs, x.v, sizeof inputs);
        for (int i = 0; i < kWidth; ++i) {
            for (int b = 4 * i; b < 4 * i + 4; ++b) {
                sum.v[i] += static_cast<std::int32_t>(weights[b]) * static_cast<std::int32_t>(inputs[b]);
            }
        }
        return sum;
    }
    /// start + sum over n vectors of unsigned weights times signed activations (4 bytes for each vector).
    /// Lane i of lane i ^ half.
    template <int half>
    static F partner(F x) {
        return make([&](int i) { return x.v[i ^ half]; });
    }
    /// p * 2^n of a whole n, to 0 where that is too small.
    static F times_power(F p, F n) {
        const I power = left<23>(iadd(round(n), iset1(127)));
        return zero_where_less(mul(p, as_float(power)), n, set1(-126.0F));
    }
    static F nearest(F x) {
        return make([&](int i) { return std::nearbyint(x.v[i]); });
    }

    template <int kBits, int n>
    static I dot(const I* w, const std::int8_t* a, I start) {
        for (int j = 0; j < n; ++j) {
            start = dot_word(start, w[j], word(a + 4 * j));
        }
        return start;
    }
};

}  // namespace
}  // namespace tendril::engine
