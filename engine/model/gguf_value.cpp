// SPDX-License-Identifier: Apache-2.0
// Decodes metadata values of a GGUF file on request. Pure, any thread. The bytes may be a mapping of a file
// that another program changes meanwhile, so every length that is read again is also checked again.
#include <bit>
#include <cstring>
#include <type_traits>

#include "engine/checked_math.h"
#include "engine/model/gguf.h"

namespace tendril::engine {
namespace {

static_assert(std::endian::native == std::endian::little,
              "GGUF files are little-endian and are read in place");

template <typename T>
T load(std::span<const std::byte> bytes, std::size_t index) {
    T value{};
    std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
    return value;
}

/// Calls `visit` with a value of the C++ type of `type`, read at `index`; false for strings and arrays.
template <typename Visit>
bool visit_scalar(GgufType type, std::span<const std::byte> bytes, std::size_t index, Visit&& visit) {
    switch (type) {
        case GgufType::u8:
            return visit(load<std::uint8_t>(bytes, index));
        case GgufType::i8:
            return visit(load<std::int8_t>(bytes, index));
        case GgufType::u16:
            return visit(load<std::uint16_t>(bytes, index));
        case GgufType::i16:
            return visit(load<std::int16_t>(bytes, index));
        case GgufType::u32:
            return visit(load<std::uint32_t>(bytes, index));
        case GgufType::i32:
            return visit(load<std::int32_t>(bytes, index));
        case GgufType::f32:
            return visit(load<float>(bytes, index));
        case GgufType::boolean:
            return visit(load<std::uint8_t>(bytes, index) != 0);
        case GgufType::u64:
            return visit(load<std::uint64_t>(bytes, index));
        case GgufType::i64:
            return visit(load<std::int64_t>(bytes, index));
        case GgufType::f64:
            return visit(load<double>(bytes, index));
        case GgufType::string:
        case GgufType::array:
            break;
    }
    return false;
}

/// Reads one scalar as To. Integers of any width fit when the value does; floats take integers too; bool
/// takes bool only.
template <typename To>
std::optional<To> scalar_as(GgufType type, std::span<const std::byte> bytes, std::size_t index) {
    std::optional<To> result;
    visit_scalar(type, bytes, index, [&result](auto value) {
        using From = decltype(value);
        if constexpr (std::is_same_v<To, bool> || std::is_same_v<From, bool>) {
            if constexpr (std::is_same_v<To, From>) {
                result = value;
            }
        } else if constexpr (std::is_floating_point_v<To>) {
            result = static_cast<To>(value);
        } else if constexpr (std::is_integral_v<From>) {
            result = checked_cast<To>(value);
        }
        return true;
    });
    return result;
}

template <typename To>
std::optional<std::vector<To>> array_as(const GgufValue& value) {
    if (value.type != GgufType::array) {
        return std::nullopt;
    }
    std::vector<To> result;
    result.reserve(value.count);
    for (std::uint64_t i = 0; i < value.count; ++i) {
        const std::optional<To> element = scalar_as<To>(value.element_type, value.bytes, i);
        if (!element) {
            return std::nullopt;
        }
        result.push_back(*element);
    }
    return result;
}

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::optional<std::uint64_t> GgufValue::as_unsigned() const {
    return scalar_as<std::uint64_t>(type, bytes, 0);
}
std::optional<std::int64_t> GgufValue::as_integer() const {
    return scalar_as<std::int64_t>(type, bytes, 0);
}
std::optional<double> GgufValue::as_number() const {
    return scalar_as<double>(type, bytes, 0);
}
std::optional<bool> GgufValue::as_bool() const {
    return scalar_as<bool>(type, bytes, 0);
}

std::optional<std::string_view> GgufValue::as_string() const {
    if (type != GgufType::string) {
        return std::nullopt;
    }
    return text_of(bytes);
}

std::optional<std::string_view> GgufStrings::next() {
    if (left_ == 0 || rest_.size() < sizeof(std::uint64_t)) {
        return std::nullopt;
    }
    const auto length = load<std::uint64_t>(rest_, 0);
    rest_ = rest_.subspan(sizeof(std::uint64_t));
    if (length > rest_.size()) {
        left_ = 0;
        return std::nullopt;
    }
    const std::string_view text = text_of(rest_.first(length));
    rest_ = rest_.subspan(length);
    --left_;
    return text;
}

std::optional<GgufStrings> GgufValue::strings() const {
    if (type != GgufType::array || element_type != GgufType::string) {
        return std::nullopt;
    }
    return GgufStrings(bytes, count);
}

std::optional<std::vector<std::string_view>> GgufValue::as_strings() const {
    std::optional<GgufStrings> texts = strings();
    if (!texts) {
        return std::nullopt;
    }
    std::vector<std::string_view> result;
    result.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::optional<std::string_view> text = texts->next();
        if (!text) {
            return std::nullopt;
        }
        result.push_back(*text);
    }
    return result;
}

std::optional<std::int64_t> GgufValue::integer_at(std::uint64_t index) const {
    return scalar_as<std::int64_t>(element_type, bytes, index);
}
std::optional<double> GgufValue::number_at(std::uint64_t index) const {
    return scalar_as<double>(element_type, bytes, index);
}

std::optional<std::vector<std::int64_t>> GgufValue::as_integers() const {
    return array_as<std::int64_t>(*this);
}
std::optional<std::vector<double>> GgufValue::as_numbers() const {
    return array_as<double>(*this);
}
std::optional<std::vector<bool>> GgufValue::as_bools() const {
    return array_as<bool>(*this);
}

}  // namespace tendril::engine
