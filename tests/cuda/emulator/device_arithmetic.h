// SPDX-License-Identifier: Apache-2.0
// CUDA's arithmetic intrinsics on the CPU. Approximate ones (__expf, __fdividef, rsqrtf) are computed
// exactly: tests compare with a tolerance that covers the GPU's error.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

using std::max;
using std::min;

inline float __int_as_float(int v) {
    return std::bit_cast<float>(v);
}
inline int __float_as_int(float v) {
    return std::bit_cast<int>(v);
}
inline float __uint_as_float(unsigned v) {
    return std::bit_cast<float>(v);
}
inline unsigned __float_as_uint(float v) {
    return std::bit_cast<unsigned>(v);
}

inline int __dp4a(int a, int b, int c) {
    unsigned sum = static_cast<unsigned>(c);
    for (int i = 0; i < 4; ++i) {
        sum += static_cast<unsigned>(static_cast<int8_t>(a >> 8 * i) * static_cast<int8_t>(b >> 8 * i));
    }
    return static_cast<int>(sum);
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    for (int i = 0; i < 4; ++i) {
        c += (a >> 8 * i & 0xffu) * (b >> 8 * i & 0xffu);
    }
    return c;
}

inline float __expf(float x) {
    return std::exp(x);
}
inline float __exp10f(float x) {
    return std::pow(10.0f, x);
}
inline float __logf(float x) {
    return std::log(x);
}
inline float __log2f(float x) {
    return std::log2(x);
}
inline float __sinf(float x) {
    return std::sin(x);
}
inline float __cosf(float x) {
    return std::cos(x);
}
inline void __sincosf(float x, float* s, float* c) {
    *s = std::sin(x);
    *c = std::cos(x);
}
inline float __powf(float x, float y) {
    return std::pow(x, y);
}
inline float __fdividef(float a, float b) {
    return a / b;
}
inline float rsqrtf(float x) {
    return 1.0f / std::sqrt(x);
}
inline float __frcp_rn(float x) {
    return 1.0f / x;
}
inline float __frsqrt_rn(float x) {
    return 1.0f / std::sqrt(x);
}
inline float __fsqrt_rn(float x) {
    return std::sqrt(x);
}
inline float __fdiv_rn(float a, float b) {
    return a / b;
}
inline float __saturatef(float x) {
    return x > 1.0f ? 1.0f : x > 0.0f ? x : 0.0f;
}
inline float __fmaf_rn(float a, float b, float c) {
    return std::fma(a, b, c);
}
// The two that keep nvcc from fusing a product and a sum; volatile keeps the CPU's compiler from it as well.
inline float __fmul_rn(float a, float b) {
    const volatile float product = a * b;
    return product;
}
inline float __fadd_rn(float a, float b) {
    const volatile float sum = a + b;
    return sum;
}

inline int __float2int_rn(float x) {
    return static_cast<int>(std::nearbyint(x));
}
inline int __float2int_rz(float x) {
    return static_cast<int>(x);
}
inline int __float2int_rd(float x) {
    return static_cast<int>(std::floor(x));
}
inline int __float2int_ru(float x) {
    return static_cast<int>(std::ceil(x));
}
inline unsigned __float2uint_rn(float x) {
    return static_cast<unsigned>(std::nearbyint(x));
}
inline float __int2float_rn(int x) {
    return static_cast<float>(x);
}
inline float __uint2float_rn(unsigned x) {
    return static_cast<float>(x);
}

inline int __popc(unsigned x) {
    return std::popcount(x);
}
inline int __popcll(unsigned long long x) {
    return std::popcount(x);
}
inline int __ffs(int x) {
    return __builtin_ffs(x);
}
inline int __clz(int x) {
    return std::countl_zero(static_cast<unsigned>(x));
}
inline int __clzll(long long x) {
    return std::countl_zero(static_cast<unsigned long long>(x));
}
inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int i = 0; i < 32; ++i) {
        reversed |= (x >> i & 1u) << (31 - i);
    }
    return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(uint64_t{a} * b >> 32);
}
inline int __mulhi(int a, int b) {
    return static_cast<int>(int64_t{a} * b >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<__uint128_t>(a) * b >> 64);
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((uint64_t{high} << 32 | low) << (shift & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((uint64_t{high} << 32 | low) >> (shift & 31));
}
// Each nibble of the selector names a byte of y:x; with its top bit set, that byte's sign spread over eight
// bits.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    const uint64_t bytes = uint64_t{y} << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) {
        const unsigned choice = selector >> 4 * i & 0xfu;
        unsigned byte = static_cast<unsigned>(bytes >> 8 * (choice & 7u)) & 0xffu;
        if ((choice & 8u) != 0) {
            byte = (byte & 0x80u) != 0 ? 0xffu : 0u;
        }
        result |= byte << 8 * i;
    }
    return result;
}

namespace tendril::emulator {

// Applies f to the four signed bytes of a and b.
template <class F>
inline unsigned by_bytes(unsigned a, unsigned b, F&& f) {
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) {
        const int value = f(static_cast<int>(static_cast<int8_t>(a >> 8 * i)),
                            static_cast<int>(static_cast<int8_t>(b >> 8 * i)));
        result |= (static_cast<unsigned>(value) & 0xffu) << 8 * i;
    }
    return result;
}

}  // namespace tendril::emulator

inline unsigned __vadd4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return x + y; });
}
inline unsigned __vsub4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return x - y; });
}
inline unsigned __vaddss4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return std::clamp(x + y, -128, 127); });
}
inline unsigned __vsubss4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return std::clamp(x - y, -128, 127); });
}
inline unsigned __vcmpeq4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return x == y ? 0xff : 0; });
}
inline unsigned __vcmpne4(unsigned a, unsigned b) {
    return tendril::emulator::by_bytes(a, b, [](int x, int y) { return x != y ? 0xff : 0; });
}

template <class T>
inline T __ldg(const T* p) {
    return *p;
}
template <class T>
inline T __ldcs(const T* p) {
    return *p;
}
template <class T>
inline T __ldcg(const T* p) {
    return *p;
}
template <class T>
inline void __stcs(T* p, T value) {
    *p = value;
}
template <class T>
inline void __stcg(T* p, T value) {
    *p = value;
}
