// SPDX-License-Identifier: Apache-2.0
// CUDA's barriers, fences, shuffles and votes, by their own names.
#pragma once

#include <cstring>
#include <type_traits>

#include "tests/cuda/emulator/runtime.h"

inline constexpr int warpSize = 32;

inline void __syncthreads(tendril::emulator::Location where = tendril::emulator::Location::current()) {
    tendril::emulator::sync_block(tendril::emulator::Vote::kNone, false, where);
}
inline int __syncthreads_count(int p,
                               tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::sync_block(tendril::emulator::Vote::kCount, p != 0, where);
}
inline int __syncthreads_and(int p,
                             tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::sync_block(tendril::emulator::Vote::kAnd, p != 0, where);
}
inline int __syncthreads_or(int p,
                            tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::sync_block(tendril::emulator::Vote::kOr, p != 0, where);
}
inline void __syncwarp(unsigned mask = 0xffffffffu,
                       tendril::emulator::Location where = tendril::emulator::Location::current()) {
    tendril::emulator::sync_warp(mask, where);
}
inline unsigned __activemask() {
    return tendril::emulator::active_mask();
}
inline void __threadfence() {
    tendril::emulator::fence();
}
inline void __threadfence_system() {
    tendril::emulator::fence();
}
inline void __threadfence_block() {}
inline void __nanosleep(unsigned) {
    tendril::emulator::yield();
}

namespace tendril::emulator {

// Shuffles move 32-bit words: one for float and int, two for double and 64-bit integers, half of one for
// __half.
template <class T>
inline T shuffle(const Collective& operation, unsigned mask, T value, unsigned argument, int width,
                 Location where) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 16);
    constexpr size_t kWords = (sizeof(T) + 3) / 4;
    uint32_t words[kWords] = {};
    std::memcpy(words, &value, sizeof value);
    for (uint32_t& word : words) {
        word = warp_word(operation, mask, word, (argument & 0xffffu) | static_cast<unsigned>(width) << 16,
                         where);
    }
    std::memcpy(static_cast<void*>(&value), words, sizeof value);
    return value;
}

}  // namespace tendril::emulator

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32,
                     tendril::emulator::Location where = tendril::emulator::Location::current()) {
    using namespace tendril::emulator;
    return shuffle(kShuffleIndex, mask, value, static_cast<unsigned>(source), width, where);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32,
                        tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::shuffle(tendril::emulator::kShuffleUp, mask, value, distance, width, where);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32,
                          tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::shuffle(tendril::emulator::kShuffleDown, mask, value, distance, width, where);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int pattern, int width = 32,
                         tendril::emulator::Location where = tendril::emulator::Location::current()) {
    using namespace tendril::emulator;
    return shuffle(kShuffleXor, mask, value, static_cast<unsigned>(pattern), width, where);
}

inline unsigned __ballot_sync(unsigned mask, int p,
                              tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return tendril::emulator::warp_word(tendril::emulator::kBallot, mask, p != 0, 0, where);
}
inline int __any_sync(unsigned mask, int p,
                      tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return __ballot_sync(mask, p, where) != 0;
}
inline int __all_sync(unsigned mask, int p,
                      tendril::emulator::Location where = tendril::emulator::Location::current()) {
    return __ballot_sync(mask, !p, where) == 0;
}
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value,
                                 tendril::emulator::Location where = tendril::emulator::Location::current()) {
    static_assert(sizeof(T) == 4);
    uint32_t word;
    std::memcpy(&word, &value, 4);
    return tendril::emulator::warp_word(tendril::emulator::kMatchAny, mask, word, 0, where);
}

// The reductions of sm_80 and later, on 32-bit integers.
#define TENDRIL_REDUCE(name, operation)                                                                     \
    template <class T>                                                                                      \
    inline T name(unsigned mask, T value,                                                                   \
                  tendril::emulator::Location where = tendril::emulator::Location::current()) {             \
        static_assert(std::is_integral_v<T> && sizeof(T) == 4);                                             \
        return static_cast<T>(tendril::emulator::warp_word(                                                 \
            tendril::emulator::operation, mask, static_cast<uint32_t>(value), std::is_signed_v<T>, where)); \
    }
TENDRIL_REDUCE(__reduce_add_sync, kReduceAdd)
TENDRIL_REDUCE(__reduce_min_sync, kReduceMin)
TENDRIL_REDUCE(__reduce_max_sync, kReduceMax)
TENDRIL_REDUCE(__reduce_or_sync, kReduceOr)
TENDRIL_REDUCE(__reduce_and_sync, kReduceAnd)
TENDRIL_REDUCE(__reduce_xor_sync, kReduceXor)
#undef TENDRIL_REDUCE
