// SPDX-License-Identifier: Apache-2.0
// What translated PTX is written in: registers' conversions, 16-bit floats, and instructions that C++ has no
// operator for. Included by the files that ptx_translate.py makes, and by nothing else.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "tests/cuda/emulator/device_arithmetic.h"
#include "tests/cuda/emulator/device_atomics.h"
#include "tests/cuda/emulator/device_port.h"
#include "tests/cuda/emulator/device_warp.h"
#include "tests/cuda/emulator/ptx_entries.h"
#include "tests/cuda/emulator/ptx_support.h"
#include "tests/cuda/ptx/ptx_half.h"

namespace tendril::emulator::ptx {

using At = Location;
using Wide = unsigned __int128;
using tendril::cuda::matrix_product;

template <size_t N>
struct UnsignedOf;
template <>
struct UnsignedOf<1> : std::type_identity<uint8_t> {};
template <>
struct UnsignedOf<2> : std::type_identity<uint16_t> {};
template <>
struct UnsignedOf<4> : std::type_identity<uint32_t> {};
template <>
struct UnsignedOf<8> : std::type_identity<uint64_t> {};
template <>
struct UnsignedOf<16> : std::type_identity<Wide> {};
template <class T>
using Unsigned = typename UnsignedOf<sizeof(T)>::type;

template <class T, class B>
inline T from_bits(B bits) {
    static_assert(sizeof(T) == sizeof(B));
    return std::bit_cast<T>(bits);
}

// The register's low bits as a T.
template <class T, class R>
inline T as(R r) {
    if constexpr (sizeof(T) == sizeof(R)) {
        return std::bit_cast<T>(r);
    } else {
        return std::bit_cast<T>(static_cast<Unsigned<T>>(r));
    }
}

// Stores a value in a register; narrower integers are extended by their sign, as ld, cvt and mul.wide do.
template <class R, class V>
inline void put(R& r, V v) {
    if constexpr (std::is_same_v<V, bool>) {
        r = v ? 1 : 0;
    } else if constexpr (sizeof(R) == sizeof(V)) {
        r = std::bit_cast<R>(v);
    } else if constexpr (std::is_integral_v<V> || std::is_same_v<V, Wide>) {
        r = static_cast<R>(v);
    } else {
        r = static_cast<R>(std::bit_cast<Unsigned<V>>(v));
    }
}

inline void* pointer(uint64_t address) {
    return reinterpret_cast<void*>(address);
}
inline uint32_t shared_offset(uint64_t address) {
    return static_cast<uint32_t>(address - reinterpret_cast<uint64_t>(shared_memory_start));
}
inline void* shared_pointer(uint32_t offset) {
    return shared_memory_start + offset;
}
inline bool is_shared(uint64_t address) {
    return address - reinterpret_cast<uint64_t>(shared_memory_start) < kSharedWindow;
}
inline bool is_global(uint64_t address) {
    return !is_shared(address);
}

inline void see(const void* p, size_t alignment, size_t bytes, PtxAccess access, At at) {
    if (__builtin_expect((reinterpret_cast<uintptr_t>(p) & (alignment - 1)) != 0, 0)) {
        ptx_misaligned(bytes, at);
    }
    if (__builtin_expect(ptx_checks, 0)) {
        ptx_see(p, bytes, access, at);
    }
}
template <class T, size_t N>
inline void load_plain(T (&to)[N], const void* p, size_t alignment, At at) {
    see(p, alignment, sizeof to, PtxAccess::kRead, at);
    std::memcpy(static_cast<void*>(to), p, sizeof to);
}
template <class T, size_t N>
inline void load_relaxed(T (&to)[N], const void* p, size_t alignment, At at) {
    yield();  // whoever spins on it lets others go on
    see(p, alignment, sizeof to, PtxAccess::kRelaxed, at);
    std::memcpy(static_cast<void*>(to), p, sizeof to);
}
template <class T, size_t N>
inline void load_acquire(T (&to)[N], const void* p, size_t alignment, At at) {
    yield();
    see(p, alignment, sizeof to, PtxAccess::kAcquire, at);
    std::memcpy(static_cast<void*>(to), p, sizeof to);
}
inline void store_plain(void* p, const void* from, size_t bytes, At at) {
    see(p, bytes, bytes, PtxAccess::kWrite, at);
    std::memcpy(p, from, bytes);
}
inline void store_release(void* p, const void* from, size_t bytes, At at) {
    fence();
    see(p, bytes, bytes, PtxAccess::kRelease, at);
    std::memcpy(p, from, bytes);
}

template <class T, class F>
inline T update(T* p, bool release, At at, F&& next) {
    if (release) {
        fence();
    }
    see(p, sizeof(T), sizeof(T), PtxAccess::kAtomic, at);
    uint64_t before = atomic_load(p, sizeof(T));
    for (;;) {
        const T old = std::bit_cast<T>(static_cast<Unsigned<T>>(before));
        const uint64_t after = std::bit_cast<Unsigned<T>>(static_cast<T>(next(old)));
        if (atomic_exchange_if(p, sizeof(T), before, after)) {
            return old;
        }
    }
}
#define TENDRIL_PTX_ATOMIC(name, expression)                            \
    template <class T>                                                  \
    inline T name(T* p, T v, bool release, At at) {                     \
        return update(p, release, at, [=](T a) { return expression; }); \
    }
TENDRIL_PTX_ATOMIC(atomic_add, static_cast<T>(a + v))
TENDRIL_PTX_ATOMIC(atomic_min, a < v ? a : v)
TENDRIL_PTX_ATOMIC(atomic_max, a > v ? a : v)
TENDRIL_PTX_ATOMIC(atomic_and, static_cast<T>(a& v))
TENDRIL_PTX_ATOMIC(atomic_or, static_cast<T>(a | v))
TENDRIL_PTX_ATOMIC(atomic_xor, static_cast<T>(a ^ v))
TENDRIL_PTX_ATOMIC(atomic_inc, a >= v ? T(0) : static_cast<T>(a + 1))
TENDRIL_PTX_ATOMIC(atomic_dec, a == 0 || a > v ? v : static_cast<T>(a - 1))
template <class T>
inline T atomic_exch(T* p, T v, bool release, At at) {
    return update(p, release, at, [=](T) { return v; });
}
#undef TENDRIL_PTX_ATOMIC
template <class T>
inline T atomic_cas(T* p, T expected, T v, bool release, At at) {
    return update(p, release, at, [=](T a) { return a == expected ? v : a; });
}

inline bool shuffle_in_range(const Collective& kind, uint32_t operand, uint32_t width) {
    const uint32_t lane = lane_index(), first = lane & ~(width - 1);
    if (&kind == &kShuffleUp) {
        return lane >= first + operand;
    }
    const uint32_t source = &kind == &kShuffleDown  ? lane + operand
                            : &kind == &kShuffleXor ? (lane ^ operand)
                                                    : first;
    return source < first + width;
}

// Integers. Division by zero gives all ones, as the GPU does.
template <std::integral T>
inline T quotient(T a, T b) {
    if (b == 0) {
        return static_cast<T>(-1);
    }
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? static_cast<T>(0 - static_cast<uint64_t>(a))
                                                          : static_cast<T>(a / b);
}
template <std::integral T>
inline T remainder(T a, T b) {
    return b == 0 ? a : std::is_signed_v<T> && b == static_cast<T>(-1) ? T(0) : static_cast<T>(a % b);
}
template <std::integral T>
inline T multiply_high(T a, T b) {
    using Double = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
    return static_cast<T>(Double(a) * Double(b) >> 8 * sizeof(T));
}
inline int32_t clamp_s32(int64_t v) {
    return static_cast<int32_t>(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX));
}
template <std::integral T>
inline T shift_left(T v, uint32_t by) {
    return by >= 8 * sizeof(T) ? T(0) : static_cast<T>(static_cast<Unsigned<T>>(v) << by);
}
template <std::integral T>
inline T shift_right(T v, uint32_t by) {
    return static_cast<T>(v >> std::min<uint32_t>(by, 8 * sizeof(T) - 1)) >> (by >= 8 * sizeof(T) ? 1 : 0);
}
inline uint32_t funnel_l_wrap(uint32_t low, uint32_t high, uint32_t by) {
    return __funnelshift_l(low, high, by);
}
inline uint32_t funnel_r_wrap(uint32_t low, uint32_t high, uint32_t by) {
    return __funnelshift_r(low, high, by);
}
inline uint32_t funnel_l_clamp(uint32_t low, uint32_t high, uint32_t by) {
    return by >= 32 ? low : __funnelshift_l(low, high, by);
}
inline uint32_t funnel_r_clamp(uint32_t low, uint32_t high, uint32_t by) {
    return by >= 32 ? high : __funnelshift_r(low, high, by);
}
template <int kTable>
inline uint32_t any_logic(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t result = 0;
    for (int i = 0; i < 8; ++i) {
        if ((kTable >> i & 1) != 0) {
            result |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
        }
    }
    return result;
}
template <std::integral T>
inline T extract(T v, uint32_t from, uint32_t bits) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    from &= 255;
    bits &= 255;
    if (bits == 0) {
        return 0;
    }
    if (std::is_unsigned_v<T> && from >= kBits) {
        return 0;
    }
    const uint32_t sign_at = std::min(from + bits - 1, kBits - 1);
    auto field = static_cast<Unsigned<T>>(from >= kBits ? 0 : static_cast<Unsigned<T>>(v) >> from);
    const uint32_t kept = from >= kBits ? 0 : std::min(bits, kBits - from);
    if (kept < kBits) {
        field &= (Unsigned<T>(1) << kept) - 1;
        if (std::is_signed_v<T> && (static_cast<Unsigned<T>>(v) >> sign_at & 1) != 0) {
            field |= ~((Unsigned<T>(1) << kept) - 1);
        }
    }
    return static_cast<T>(field);
}
template <std::integral T>
inline T insert(T field, T into, uint32_t at, uint32_t bits) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    at &= 255;
    bits &= 255;
    if (bits == 0 || at >= kBits) {
        return into;
    }
    const T mask = static_cast<T>((bits >= kBits ? ~T(0) : (T(1) << bits) - 1) << at);
    return static_cast<T>((into & ~mask) | (field << at & mask));
}
template <std::integral T>
inline T reversed(T v) {
    T result = 0;
    for (unsigned i = 0; i < 8 * sizeof(T); ++i) {
        result |= static_cast<T>((v >> i & 1) << (8 * sizeof(T) - 1 - i));
    }
    return result;
}
template <std::integral T>
inline uint32_t highest_bit(T v, bool as_shift) {
    const int zeros = std::countl_zero(v);
    if (v == 0) {
        return ~0u;
    }
    return static_cast<uint32_t>(as_shift ? zeros : static_cast<int>(8 * sizeof(T)) - 1 - zeros);
}
template <class A, class B>
inline uint32_t dot_4(uint32_t a, uint32_t b, uint32_t c) {
    for (int i = 0; i < 4; ++i) {
        c += static_cast<uint32_t>(static_cast<A>(a >> 8 * i) * static_cast<B>(b >> 8 * i));
    }
    return c;
}
// Conversions from floating point: to the nearest value of the integer type, zero for NaN.
template <std::integral T, class V>
inline T to_integer(V value) {
    const auto v = static_cast<double>(value);
    if (std::isnan(v)) {
        return 0;
    }
    const double least = static_cast<double>(std::numeric_limits<T>::min());
    const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
    return v < least    ? std::numeric_limits<T>::min()
           : v >= above ? std::numeric_limits<T>::max()
                        : static_cast<T>(v);
}
template <std::integral T, std::integral V>
inline T to_narrower(V v) {
    return std::cmp_less(v, std::numeric_limits<T>::min())      ? std::numeric_limits<T>::min()
           : std::cmp_greater(v, std::numeric_limits<T>::max()) ? std::numeric_limits<T>::max()
                                                                : static_cast<T>(v);
}

inline void trapped(At at) {
    ptx_report("trap", "the kernel executed trap", at);
}
inline void untranslated(At at, const char* instruction) {
    ptx_report("ptx", instruction, at);
}

}  // namespace tendril::emulator::ptx
