// SPDX-License-Identifier: Apache-2.0
// port.h's own device functions in the emulator; what they do is said there.
#pragma once

#include <cstring>

#include "tests/cuda/emulator/device_arithmetic.h"
#include "tests/cuda/emulator/runtime.h"

namespace tendril::cuda {

using emulator::Location;

inline void copy_async_16(void* to, const void* from, int bytes = 16, Location where = Location::current()) {
    emulator::copy_async(to, from, 16, bytes, where);
}
inline void copy_async_commit() {
    emulator::copy_async_commit();
}
template <int N>
inline void copy_async_wait() {
    emulator::copy_async_wait(N);
}

inline void load_matrix_x4(uint32_t (&r)[4], const void* row, Location where = Location::current()) {
    emulator::warp_wide(emulator::kLoadMatrixX4, ~0u, &row, sizeof row, r, sizeof r, where);
}
inline void load_matrix_x2(uint32_t (&r)[2], const void* row, Location where = Location::current()) {
    emulator::warp_wide(emulator::kLoadMatrixX2, ~0u, &row, sizeof row, r, sizeof r, where);
}
inline void load_matrix_x4_transposed(uint32_t (&r)[4], const void* row,
                                      Location where = Location::current()) {
    emulator::warp_wide(emulator::kLoadMatrixX4Transposed, ~0u, &row, sizeof row, r, sizeof r, where);
}
inline void load_matrix_x2_transposed(uint32_t (&r)[2], const void* row,
                                      Location where = Location::current()) {
    emulator::warp_wide(emulator::kLoadMatrixX2Transposed, ~0u, &row, sizeof row, r, sizeof r, where);
}

// A lane's part of the operands of a matrix product: d first, then a, then b.
template <class D, size_t ND, size_t NA, size_t NB>
inline void matrix_product(const emulator::Collective& operation, D (&d)[ND], const uint32_t (&a)[NA],
                           const uint32_t (&b)[NB], Location where) {
    unsigned char in[sizeof d + sizeof a + sizeof b];
    std::memcpy(in, d, sizeof d);
    std::memcpy(in + sizeof d, a, sizeof a);
    std::memcpy(in + sizeof d + sizeof a, b, sizeof b);
    emulator::warp_wide(operation, ~0u, in, sizeof in, d, sizeof d, where);
}
inline void mma_f16_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                            Location where = Location::current()) {
    matrix_product(emulator::kMmaF16k16, d, a, b, where);
}
inline void mma_s8_16x8x32(int (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                           Location where = Location::current()) {
    matrix_product(emulator::kMmaS8k32, d, a, b, where);
}

inline int dot4(int a, int b, int c) {
    return __dp4a(a, b, c);
}

// One collective instead of five: the same butterfly, in one meeting of the lanes.
inline float warp_sum(float v, Location where = Location::current()) {
    return __uint_as_float(emulator::warp_word(emulator::kWarpSum, ~0u, __float_as_uint(v), 0, where));
}
inline float warp_max(float v, Location where = Location::current()) {
    return __uint_as_float(emulator::warp_word(emulator::kWarpMax, ~0u, __float_as_uint(v), 0, where));
}

template <class T>
inline T load_streaming(const T* p) {
    return *p;
}

inline void grid_sync(Location where = Location::current()) {
    emulator::sync_grid(where);
}

}  // namespace tendril::cuda
