// SPDX-License-Identifier: Apache-2.0
// Floating point as PTX has it: the 16-bit types (each result rounded once, to nearest even), pairs of them,
// and the functions that approximate on a GPU and are exact here.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <utility>

namespace tendril::emulator::ptx {

struct Half {
    uint16_t bits = 0;
    Half() = default;
    explicit Half(double v) : bits(__half_raw(__double2half(v)).x) {}
    explicit Half(float v) : bits(__half_raw(__float2half_rn(v)).x) {}
    explicit Half(std::integral auto v) : Half(static_cast<double>(v)) {}
    explicit operator float() const {
        __half_raw raw;
        raw.x = bits;
        return __half2float(__half(raw));
    }
    explicit operator double() const { return static_cast<float>(*this); }
    explicit operator bool() const = delete;
    template <std::integral T>
    explicit operator T() const {
        return static_cast<T>(static_cast<float>(*this));
    }
};
struct BFloat {
    uint16_t bits = 0;
    BFloat() = default;
    explicit BFloat(double v) : bits(__nv_bfloat16_raw(__double2bfloat16(v)).x) {}
    explicit BFloat(float v) : bits(__nv_bfloat16_raw(__float2bfloat16_rn(v)).x) {}
    explicit BFloat(std::integral auto v) : BFloat(static_cast<double>(v)) {}
    explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
    explicit operator double() const { return static_cast<float>(*this); }
};
template <class T>
struct Pair {
    T low, high;
};
using Half2 = Pair<Half>;
using BFloat2 = Pair<BFloat>;

template <class T>
concept Small = std::same_as<T, Half> || std::same_as<T, BFloat>;

template <Small T>
inline Pair<T> join(T high, T low) {
    return {low, high};
}

// Sums and products of 16-bit floats are exact in double, so one rounding is all there is.
template <Small T>
inline T operator+(T a, T b) {
    return T(double(a) + double(b));
}
template <Small T>
inline T operator-(T a, T b) {
    return T(double(a) - double(b));
}
template <Small T>
inline T operator*(T a, T b) {
    return T(double(a) * double(b));
}
template <Small T>
inline auto operator<=>(T a, T b) {
    return float(a) <=> float(b);
}
template <Small T>
inline bool operator==(T a, T b) {
    return float(a) == float(b);
}
template <Small T>
inline Pair<T> operator+(Pair<T> a, Pair<T> b) {
    return {a.low + b.low, a.high + b.high};
}
template <Small T>
inline Pair<T> operator-(Pair<T> a, Pair<T> b) {
    return {a.low - b.low, a.high - b.high};
}
template <Small T>
inline Pair<T> operator*(Pair<T> a, Pair<T> b) {
    return {a.low * b.low, a.high * b.high};
}

inline float fused(float a, float b, float c) {
    return std::fma(a, b, c);
}
inline double fused(double a, double b, double c) {
    return std::fma(a, b, c);
}
template <Small T>
inline T fused(T a, T b, T c) {
    return T(std::fma(double(a), double(b), double(c)));
}
template <Small T>
inline Pair<T> fused(Pair<T> a, Pair<T> b, Pair<T> c) {
    return {fused(a.low, b.low, c.low), fused(a.high, b.high, c.high)};
}

template <class T>
inline bool unordered(T a, T b) {
    return std::isnan(double(a)) || std::isnan(double(b));
}

// min and max give the number where one operand is NaN; the .NaN forms give NaN.
template <class T>
inline T least(T a, T b) {
    if constexpr (std::integral<T>) {
        return b < a ? b : a;
    } else {
        return std::isnan(double(a)) ? b : std::isnan(double(b)) ? a : b < a ? b : a;
    }
}
template <class T>
inline T largest(T a, T b) {
    if constexpr (std::integral<T>) {
        return a < b ? b : a;
    } else {
        return std::isnan(double(a)) ? b : std::isnan(double(b)) ? a : a < b ? b : a;
    }
}
template <class T>
inline T least_or_nan(T a, T b) {
    return std::isnan(double(a)) ? a : std::isnan(double(b)) ? b : least(a, b);
}
template <class T>
inline T largest_or_nan(T a, T b) {
    return std::isnan(double(a)) ? a : std::isnan(double(b)) ? b : largest(a, b);
}
template <Small T>
inline Pair<T> least(Pair<T> a, Pair<T> b) {
    return {least(a.low, b.low), least(a.high, b.high)};
}
template <Small T>
inline Pair<T> largest(Pair<T> a, Pair<T> b) {
    return {largest(a.low, b.low), largest(a.high, b.high)};
}

template <class T>
inline T magnitude(T v) {
    if constexpr (std::integral<T>) {
        return v < 0 ? static_cast<T>(0 - static_cast<uint64_t>(v)) : v;
    } else {
        return T(std::fabs(v));
    }
}
inline float negative(float v) {
    return -v;
}
inline double negative(double v) {
    return -v;
}
template <Small T>
inline T magnitude(T v) {
    v.bits &= 0x7fff;
    return v;
}
template <Small T>
inline T negative(T v) {
    v.bits ^= 0x8000;
    return v;
}
template <Small T>
inline Pair<T> magnitude(Pair<T> v) {
    return {magnitude(v.low), magnitude(v.high)};
}
template <Small T>
inline Pair<T> negative(Pair<T> v) {
    return {negative(v.low), negative(v.high)};
}
template <class T>
inline T saturate(T v) {
    return T(std::isnan(double(v)) ? 0.0 : std::min(1.0, std::max(0.0, double(v))));
}
template <class T>
inline T relu(T v) {
    return double(v) < 0 ? T(0.0) : v;
}
template <Small T>
inline Pair<T> relu(Pair<T> v) {
    return {relu(v.low), relu(v.high)};
}

enum class Rounding { kNearest, kZero, kDown, kUp };
template <Rounding kTo, class T>
inline T rounded(T v) {
    const double d = static_cast<double>(v);
    switch (kTo) {
        case Rounding::kNearest:
            return T(std::nearbyint(d));
        case Rounding::kZero:
            return T(std::trunc(d));
        case Rounding::kDown:
            return T(std::floor(d));
        default:
            return T(std::ceil(d));
    }
}

#define TENDRIL_PTX_FUNCTION(name, expression)    \
    inline float name(float v) {                  \
        return float(expression);                 \
    }                                             \
    inline double name(double v) {                \
        return double(expression);                \
    }                                             \
    template <Small T>                            \
    inline T name(T small) {                      \
        return T(name(float(small)));             \
    }                                             \
    template <Small T>                            \
    inline Pair<T> name(Pair<T> pair) {           \
        return {name(pair.low), name(pair.high)}; \
    }
TENDRIL_PTX_FUNCTION(power_of_2, std::exp2(v))
TENDRIL_PTX_FUNCTION(log_2, std::log2(v))
TENDRIL_PTX_FUNCTION(sine, std::sin(v))
TENDRIL_PTX_FUNCTION(cosine, std::cos(v))
TENDRIL_PTX_FUNCTION(root, std::sqrt(v))
TENDRIL_PTX_FUNCTION(inverse_root, 1 / std::sqrt(v))
TENDRIL_PTX_FUNCTION(inverse, 1 / v)
TENDRIL_PTX_FUNCTION(hyperbolic_tangent, std::tanh(v))
#undef TENDRIL_PTX_FUNCTION

}  // namespace tendril::emulator::ptx
