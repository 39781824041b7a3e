// SPDX-License-Identifier: Apache-2.0
// Matrix tiles of the processor (AMX). Tile numbers are parts of the instructions. A thread configures its
// tiles before it uses them, and releases them, so that they need not be saved when it loses its core.
// Internal linkage; the same interface as tiles_emulated.inl.

#include <cstddef>
#include <cstdint>

#include "engine/backend/cpu/tile_shapes.h"

namespace tendril::engine {
namespace {

struct Tiles {
    static void configure(const TileShapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }
    static void release() { asm volatile("tilerelease"); }
    template <int t>
    static void zero() {
        asm volatile("tilezero %%tmm%c0" : : "i"(t));
    }
    template <int t>
    static void load(const void* from, std::size_t stride) {
        asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(t) : "memory");
    }
    template <int t>
    static void store(void* to, std::size_t stride) {
        asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(t) : "memory");
    }
    /// Tile c += tile a (rows of signed bytes) times tile b (four rows' signed bytes in each lane).
    template <int c, int a, int b>
    static void dot_s8() {
        asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(c), "i"(a), "i"(b));
    }
    /// The same with pairs of bfloat16, summed in floats.
    template <int c, int a, int b>
    static void dot_bf16() {
        asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(c), "i"(a), "i"(b));
    }
};

}  // namespace
}  // namespace tendril::engine
