// SPDX-License-Identifier: Apache-2.0
// Arithmetic on numbers that came from untrusted files: the result, or nothing when it does not fit. The one
// place where overflow is decided; readers never add or multiply such numbers by themselves. Pure, any
// thread.
#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace tendril::engine {

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, std::type_identity_t<T> b) {
    T sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return std::nullopt;
    }
    return sum;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, std::type_identity_t<T> b) {
    T product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        return std::nullopt;
    }
    return product;
}

/// The smallest multiple of `alignment` (a power of two) that is not below `value`.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_align(T value, std::type_identity_t<T> alignment) {
    const T mask = static_cast<T>(alignment - 1);
    const std::optional<T> raised = checked_add(value, mask);
    if (!raised) {
        return std::nullopt;
    }
    return static_cast<T>(*raised & static_cast<T>(~mask));
}

/// The same number in another integer type, if that type can hold it.
template <std::integral To, std::integral From>
[[nodiscard]] constexpr std::optional<To> checked_cast(From value) {
    if (!std::in_range<To>(value)) {
        return std::nullopt;
    }
    return static_cast<To>(value);
}

/// a * b, or the largest number there is: for estimates that are only compared with what is available.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_multiply(T a, std::type_identity_t<T> b) {
    return checked_multiply(a, b).value_or(std::numeric_limits<T>::max());
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_add(T a, std::type_identity_t<T> b) {
    return checked_add(a, b).value_or(std::numeric_limits<T>::max());
}

}  // namespace tendril::engine
