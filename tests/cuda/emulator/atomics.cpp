// SPDX-License-Identifier: Apache-2.0
// The two steps of an atomic update, by width.
#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

void atomic_begin(void* p, size_t bytes) {
    if (reinterpret_cast<uintptr_t>(p) % bytes != 0) {
        report("misaligned", "an atomic operation on an address that is no multiple of its size");
    }
    check_atomic(Worker::running_thread(), p, bytes, {}, __builtin_return_address(0));
}

uint64_t atomic_load(const void* p, size_t bytes) {
    switch (bytes) {
        case 2:
            return __atomic_load_n(static_cast<const uint16_t*>(p), __ATOMIC_RELAXED);
        case 4:
            return __atomic_load_n(static_cast<const uint32_t*>(p), __ATOMIC_RELAXED);
        default:
            return __atomic_load_n(static_cast<const uint64_t*>(p), __ATOMIC_RELAXED);
    }
}

namespace {
template <class T>
bool exchange_if(void* p, uint64_t& expected, uint64_t desired) {
    auto before = static_cast<T>(expected);
    const bool done = __atomic_compare_exchange_n(static_cast<T*>(p), &before, static_cast<T>(desired), false,
                                                  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    expected = before;
    return done;
}
}  // namespace

bool atomic_exchange_if(void* p, size_t bytes, uint64_t& expected, uint64_t desired) {
    switch (bytes) {
        case 2:
            return exchange_if<uint16_t>(p, expected, desired);
        case 4:
            return exchange_if<uint32_t>(p, expected, desired);
        default:
            return exchange_if<uint64_t>(p, expected, desired);
    }
}

}  // namespace tendril::emulator
