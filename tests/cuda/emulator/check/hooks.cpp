// SPDX-License-Identifier: Apache-2.0
// The functions that -fsanitize=thread has the compiler call for every load and store. They are ours: libtsan
// is not linked. Outside kernels they do nothing.
#include <cstring>

#include "tests/cuda/emulator/check/access.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace {

using namespace tendril::emulator;

inline void see(const void* p, size_t bytes, Access access, bool aligned, const void* instruction) {
    Thread* thread = Worker::running();
    if (thread == nullptr || looking) {
        return;
    }
    if (aligned && (reinterpret_cast<uintptr_t>(p) & (bytes - 1)) != 0) {
        looking = true;
        report("misaligned", "an access of " + std::to_string(bytes) +
                                 " bytes at an address that is no multiple of it at " +
                                 source_line(instruction));
        looking = false;
    }
    check_access(*thread, p, bytes, access, {}, instruction);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define PC __builtin_return_address(0)
#define ACCESSES(n)                                    \
    void __tsan_read##n(void* p) {                     \
        see(p, n, Access::kRead, true, PC);            \
    }                                                  \
    void __tsan_write##n(void* p) {                    \
        see(p, n, Access::kWrite, true, PC);           \
    }                                                  \
    void __tsan_unaligned_read##n(void* p) {           \
        see(p, n, Access::kRead, false, PC);           \
    }                                                  \
    void __tsan_unaligned_write##n(void* p) {          \
        see(p, n, Access::kWrite, false, PC);          \
    }                                                  \
    void __tsan_volatile_read##n(void* p) {            \
        see(p, n, Access::kRead, true, PC);            \
    }                                                  \
    void __tsan_volatile_write##n(void* p) {           \
        see(p, n, Access::kWrite, true, PC);           \
    }                                                  \
    void __tsan_unaligned_volatile_read##n(void* p) {  \
        see(p, n, Access::kRead, false, PC);           \
    }                                                  \
    void __tsan_unaligned_volatile_write##n(void* p) { \
        see(p, n, Access::kWrite, false, PC);          \
    }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
void __tsan_read_range(void* p, size_t n) {
    see(p, n, Access::kRead, false, PC);
}
void __tsan_write_range(void* p, size_t n) {
    see(p, n, Access::kWrite, false, PC);
}

// Host code compiled along with kernels may use atomics: these only do what they say.
#define ATOMICS(bits, T)                                                                        \
    T __tsan_atomic##bits##_load(const volatile T* p, int) {                                    \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                            \
    }                                                                                           \
    void __tsan_atomic##bits##_store(volatile T* p, T v, int) {                                 \
        __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                               \
    }                                                                                           \
    T __tsan_atomic##bits##_exchange(volatile T* p, T v, int) {                                 \
        return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                                     \
    }                                                                                           \
    T __tsan_atomic##bits##_fetch_add(volatile T* p, T v, int) {                                \
        return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    T __tsan_atomic##bits##_fetch_sub(volatile T* p, T v, int) {                                \
        return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    T __tsan_atomic##bits##_fetch_and(volatile T* p, T v, int) {                                \
        return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    T __tsan_atomic##bits##_fetch_or(volatile T* p, T v, int) {                                 \
        return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);                                       \
    }                                                                                           \
    T __tsan_atomic##bits##_fetch_xor(volatile T* p, T v, int) {                                \
        return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST);                                      \
    }                                                                                           \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* e, T d, int, int) {     \
        return __atomic_compare_exchange_n(p, e, d, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }                                                                                           \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* e, T d, int, int) {       \
        return __atomic_compare_exchange_n(p, e, d, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }
ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
void __tsan_atomic_thread_fence(int) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

// The compiler leaves these calls alone; the linker sends them here (--wrap).
void* __wrap_memcpy(void* to, const void* from, size_t n) {
    see(from, n, Access::kRead, false, PC);
    see(to, n, Access::kWrite, false, PC);
    return std::memcpy(to, from, n);
}
void* __wrap_memmove(void* to, const void* from, size_t n) {
    see(from, n, Access::kRead, false, PC);
    see(to, n, Access::kWrite, false, PC);
    return std::memmove(to, from, n);
}
void* __wrap_memset(void* to, int value, size_t n) {
    see(to, n, Access::kWrite, false, PC);
    return std::memset(to, value, n);
}

}  // extern "C"
#pragma GCC visibility pop
