// SPDX-License-Identifier: Apache-2.0
// One function of three words per kernel: a, b, c are the thread's; f and u turn words into floats and back.
#include <array>

#include "engine/backend/cuda/port.h"
#include "tests/cuda/conformance/conformance.h"

namespace tendril::conformance {

using namespace tendril::cuda;

namespace {
TENDRIL_DEVICE float f(uint32_t word) {
    return __uint_as_float(word);
}
TENDRIL_DEVICE uint32_t u(float value) {
    return __float_as_uint(value);
}
TENDRIL_DEVICE int s(uint32_t word) {
    return static_cast<int>(word);
}
TENDRIL_DEVICE uint64_t wide(uint32_t high, uint32_t low) {
    return uint64_t{high} << 32 | low;
}
TENDRIL_DEVICE uint32_t fold(uint64_t value) {
    return static_cast<uint32_t>(value ^ value >> 32);
}
}  // namespace

#if !defined(TENDRIL_CUDA_EMULATED) && TENDRIL_ARCH < 800
// Turing has no reductions of integers: the same by shuffles, so that the functions below are there on all.
namespace {
template <class T, class F>
TENDRIL_DEVICE T reduce(T v, F combine) {
    for (int offset = 16; offset > 0; offset /= 2) {
        v = combine(v, __shfl_xor_sync(0xffffffffu, v, offset));
    }
    return v;
}
}  // namespace
#define __reduce_add_sync(mask, v) reduce(v, [](auto x, auto y) { return x + y; })
#define __reduce_min_sync(mask, v) reduce(v, [](auto x, auto y) { return x < y ? x : y; })
#define __reduce_max_sync(mask, v) reduce(v, [](auto x, auto y) { return x > y ? x : y; })
#define __reduce_or_sync(mask, v) reduce(v, [](auto x, auto y) { return x | y; })
#define __reduce_and_sync(mask, v) reduce(v, [](auto x, auto y) { return x & y; })
#define __reduce_xor_sync(mask, v) reduce(v, [](auto x, auto y) { return x ^ y; })
#endif

constexpr unsigned kAll = 0xffffffffu;

#define BY_THREAD(name, expression)                                                                          \
    TENDRIL_KERNEL by_thread_##name(const uint32_t* in_a, const uint32_t* in_b, const uint32_t* in_c,        \
                                    uint32_t* out) {                                                         \
        [[maybe_unused]] const uint32_t a = in_a[threadIdx.x], b = in_b[threadIdx.x], c = in_c[threadIdx.x]; \
        [[maybe_unused]] const unsigned lane = threadIdx.x % 32;                                             \
        out[threadIdx.x] = static_cast<uint32_t>(expression);                                                \
    }
#include "tests/cuda/conformance/by_thread.inc"
#undef BY_THREAD

cudaError_t by_thread(std::string_view name, const uint32_t* a, const uint32_t* b, const uint32_t* c,
                      uint32_t* out) {
    using Kernel = void (*)(const uint32_t*, const uint32_t*, const uint32_t*, uint32_t*);
    struct Named {
        std::string_view name;
        Kernel kernel;
    };
#define BY_THREAD(name, expression) Named{#name, by_thread_##name},
    const Named all[] = {
#include "tests/cuda/conformance/by_thread.inc"
    };
#undef BY_THREAD
    for (const Named& named : all) {
        if (named.name == name) {
            return launch(named.kernel, dim3(1), dim3(kThreads), 0, nullptr, a, b, c, out);
        }
    }
    return cudaErrorInvalidValue;
}

}  // namespace tendril::conformance
