// SPDX-License-Identifier: Apache-2.0
// CUDA's atomic functions: relaxed read-modify-writes that also work between the emulator's worker threads.
// The checker sees them as atomic accesses that may hand memory from one block to another (after a fence).
#pragma once

#include <cstring>
#include <type_traits>

#include "tests/cuda/emulator/runtime.h"

namespace tendril::emulator {

template <class T, class F>
inline T atomic_update(T* p, F&& next) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    atomic_begin(p, sizeof(T));
    uint64_t before = atomic_load(p, sizeof(T));
    for (;;) {
        T old;
        std::memcpy(static_cast<void*>(&old), &before, sizeof old);
        const T value = next(old);
        uint64_t after = 0;
        std::memcpy(&after, &value, sizeof value);
        if (atomic_exchange_if(p, sizeof(T), before, after)) {
            return old;
        }
    }
}

}  // namespace tendril::emulator

template <class T>
inline T atomicAdd(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return static_cast<T>(a + v); });
}
template <class T>
inline T atomicSub(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return static_cast<T>(a - v); });
}
template <class T>
inline T atomicMax(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return a > v ? a : v; });
}
template <class T>
inline T atomicMin(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return a < v ? a : v; });
}
template <class T>
inline T atomicExch(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T) -> T { return v; });
}
template <class T>
inline T atomicAnd(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return a & v; });
}
template <class T>
inline T atomicOr(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return a | v; });
}
template <class T>
inline T atomicXor(T* p, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [v](T a) -> T { return a ^ v; });
}
template <class T>
inline T atomicCAS(T* p, std::type_identity_t<T> expected, std::type_identity_t<T> v) {
    return tendril::emulator::atomic_update(p, [=](T a) -> T { return a == expected ? v : a; });
}
inline unsigned atomicInc(unsigned* p, unsigned limit) {
    return tendril::emulator::atomic_update(p, [limit](unsigned a) { return a >= limit ? 0u : a + 1; });
}
inline unsigned atomicDec(unsigned* p, unsigned limit) {
    return tendril::emulator::atomic_update(
        p, [limit](unsigned a) { return a == 0 || a > limit ? limit : a - 1; });
}
