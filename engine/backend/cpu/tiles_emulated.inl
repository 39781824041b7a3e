// SPDX-License-Identifier: Apache-2.0
// Matrix tiles in plain C++, after the pseudo code of the Intel 64 manual (LDTILECFG, TILELOADD, TILESTORED,
// TDPBSSD, TDPBF16PS), so that the kernels for them are tested on processors that have none. What faults
// there is an assertion here. Internal linkage; the same interface as tiles_amx.inl.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/backend/cpu/tile_shapes.h"

namespace tendril::engine {
namespace {

struct Tiles {
    struct State {
        TileShapes shapes;
        bool configured = false;
        std::uint8_t bytes[8][16][64];
    };
    static State& state() {
        static thread_local State tiles;
        return tiles;
    }
    static int rows(int t) { return state().shapes.rows[t]; }
    static int columns(int t) { return state().shapes.column_bytes[t]; }

    static void configure(const TileShapes& shapes) {
        assert(shapes.palette == 1 && shapes.start_row == 0);
        for (int t = 0; t < 8; ++t) {
            assert(shapes.rows[t] <= 16 && shapes.column_bytes[t] <= 64);
            assert((shapes.rows[t] == 0) == (shapes.column_bytes[t] == 0));
        }
        state().shapes = shapes;
        state().configured = true;
        std::memset(state().bytes, 0, sizeof state().bytes);
    }
    static void release() { state().configured = false; }

    template <int t>
    static void zero() {
        assert(state().configured && rows(t) > 0);
        std::memset(state().bytes[t], 0, sizeof state().bytes[t]);
    }
    template <int t>
    static void load(const void* from, std::size_t stride) {
        zero<t>();  // what lies beyond the shape becomes zero
        for (int r = 0; r < rows(t); ++r) {
            std::memcpy(state().bytes[t][r],
                        static_cast<const std::uint8_t*>(from) + static_cast<std::size_t>(r) * stride,
                        static_cast<std::size_t>(columns(t)));
        }
    }
    template <int t>
    static void store(void* to, std::size_t stride) {
        assert(state().configured && rows(t) > 0);
        for (int r = 0; r < rows(t); ++r) {
            std::memcpy(static_cast<std::uint8_t*>(to) + static_cast<std::size_t>(r) * stride,
                        state().bytes[t][r], static_cast<std::size_t>(columns(t)));
        }
    }

    /// c: m x n, a: m x k, b: k x n words of four bytes; anything else faults.
    static void check_product([[maybe_unused]] int c, [[maybe_unused]] int a, [[maybe_unused]] int b) {
        assert(state().configured && c != a && a != b && b != c);
        assert(rows(a) == rows(c) && columns(b) == columns(c) && columns(a) == 4 * rows(b));
        assert(columns(a) % 4 == 0 && columns(b) % 4 == 0);
    }
    template <typename Value>
    static Value value(int t, int r, int i) {
        Value out;
        std::memcpy(&out, state().bytes[t][r] + static_cast<std::size_t>(i) * sizeof out, sizeof out);
        return out;
    }
    template <typename Value>
    static void put(int t, int r, int i, Value x) {
        std::memcpy(state().bytes[t][r] + static_cast<std::size_t>(i) * sizeof x, &x, sizeof x);
    }

    template <int c, int a, int b>
    static void dot_s8() {
        check_product(c, a, b);
        for (int m = 0; m < rows(c); ++m) {
            for (int k = 0; k < rows(b); ++k) {
                for (int n = 0; n < columns(c) / 4; ++n) {
                    auto sum = value<std::int32_t>(c, m, n);
                    for (int i = 0; i < 4; ++i) {
                        sum += value<std::int8_t>(a, m, 4 * k + i) * value<std::int8_t>(b, k, 4 * n + i);
                    }
                    put(c, m, n, sum);
                }
            }
        }
    }
    static float bfloat(int t, int r, int i) {
        return not_denormal(bfloat16_to_float(value<std::uint16_t>(t, r, i)));
    }
    static float not_denormal(float x) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &x, sizeof bits);
        return (bits & 0x7F800000U) == 0 ? 0.0F : x;
    }
    /// Even and odd inputs are summed apart, then added to c; denormals count as zero.
    template <int c, int a, int b>
    static void dot_bf16() {
        check_product(c, a, b);
        for (int m = 0; m < rows(c); ++m) {
            for (int n = 0; n < columns(c) / 4; ++n) {
                float sums[2] = {0.0F, 0.0F};
                for (int k = 0; k < rows(b); ++k) {
                    for (int i = 0; i < 2; ++i) {
                        sums[i] = not_denormal(sums[i] + bfloat(a, m, 2 * k + i) * bfloat(b, k, 2 * n + i));
                    }
                }
                put(c, m, n, not_denormal(value<float>(c, m, n) + not_denormal(sums[0] + sums[1])));
            }
        }
    }
};

}  // namespace
}  // namespace tendril::engine
