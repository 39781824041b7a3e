// SPDX-License-Identifier: Apache-2.0
// Python's format mini-language over template values. One thread at a time.
#include "prompt/jinja/format_spec.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
std::int64_t read_number(std::string_view text, std::size_t& i) {
    std::int64_t number = -1;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
        number = std::max<std::int64_t>(number, 0) * 10 + (text[i] - '0');
        if (number > kLargestWidth) {
            raise("a format's width or precision is too large", ErrorCode::too_large);
        }
        ++i;
    }
    return number;
}

namespace {

bool is_align(std::string_view text, std::size_t i) {
    return i < text.size() && std::string_view("<>=^").find(text[i]) != std::string_view::npos;
}

Spec parse_spec(std::string_view text) {
    Spec spec;
    std::size_t i = 0;
    const std::size_t second = text.empty() ? 0 : code_point_bytes(text, 0);
    if (is_align(text, second) && second > 0) {
        spec.fill = std::string(text.substr(0, second));
        spec.align = text[second];
        i = second + 1;
    } else if (is_align(text, 0)) {
        spec.align = text[0];
        i = 1;
    }
    const auto flag = [&](char c) { return i < text.size() && text[i] == c && ++i != 0; };
    for (const char c : {'+', '-', ' '}) {
        if (flag(c)) {
            spec.sign = c;
            spec.signed_by_hand = true;
            break;
        }
    }
    spec.alternate = flag('#');
    if (flag('0')) {
        spec.zero = true;
        if (spec.align == 0) {
            spec.fill = "0";
            spec.align = '=';
            spec.aligned_by_zero = true;
        }
    }
    spec.width = std::max<std::int64_t>(read_number(text, i), 0);
    for (const char c : {',', '_'}) {
        if (flag(c)) {
            spec.grouping = c;
        }
    }
    if (flag('.')) {
        const std::int64_t precision = read_number(text, i);
        if (precision < 0) {
            raise("Format specifier missing precision");
        }
        spec.precision = static_cast<int>(std::min<std::int64_t>(precision, kLargestWidth));
    }
    if (i < text.size()) {
        spec.type = text[i++];
    }
    if (i < text.size()) {
        raise("Invalid format specifier");
    }
    return spec;
}

}  // namespace

std::string padded(Heap& heap, const Spec& spec, std::string_view prefix, std::string_view text,
                   char otherwise) {
    const auto length = static_cast<std::int64_t>(count_code_points(prefix) + count_code_points(text));
    const std::int64_t space = std::max<std::int64_t>(spec.width - length, 0);
    const char align = spec.align == 0 ? otherwise : spec.align;
    heap.charge(static_cast<std::size_t>(space) * spec.fill.size() + text.size());
    const auto fill = [&](std::int64_t count) {
        std::string out;
        for (std::int64_t i = 0; i < count; ++i) {
            out += spec.fill;
        }
        return out;
    };
    const std::string whole = std::string(prefix) + std::string(text);
    switch (align) {
        case '<':
            return whole + fill(space);
        case '^':
            return fill(space / 2) + whole + fill(space - space / 2);
        case '=':
            return std::string(prefix) + fill(space) + std::string(text);
        default:
            return fill(space) + whole;
    }
}

namespace {

std::string grouped(std::string digits, char separator, std::size_t size) {
    std::size_t end = 0;
    while (end < digits.size() && std::isxdigit(static_cast<unsigned char>(digits[end])) != 0) {
        ++end;
    }
    for (std::size_t at = end; at > size;) {
        at -= size;
        digits.insert(at, 1, separator);
    }
    return digits;
}

std::string sign_of(const Spec& spec, bool negative) {
    return negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
}

}  // namespace

std::string format_whole(Heap& heap, std::int64_t value, const Spec& spec) {
    if (spec.precision >= 0) {
        raise("Precision not allowed in integer format specifier");
    }
    const bool negative = value < 0;
    const std::uint64_t magnitude =
        negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    std::string digits;
    std::string prefix;
    if (spec.type == 'c') {
        if (negative || magnitude > 0x10FFFF) {
            raise("%c arg not in range(0x110000)");
        }
        append_code_point(digits, static_cast<char32_t>(std::min<std::uint64_t>(magnitude, 0x110000)));
        return padded(heap, spec, "", digits, '<');
    }
    const unsigned base = spec.type == 'b'                         ? 2
                          : spec.type == 'o'                       ? 8
                          : (spec.type == 'x' || spec.type == 'X') ? 16
                                                                   : 10;
    const std::string_view symbols = spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    std::uint64_t rest = magnitude;
    do {
        digits.insert(digits.begin(), symbols[rest % base]);
        rest /= base;
    } while (rest != 0);
    if (spec.alternate && base != 10) {
        prefix = std::string("0") + spec.type;
    }
    if (spec.grouping != 0) {
        digits = grouped(digits, spec.grouping, base == 10 ? 3 : 4);
    }
    return padded(heap, spec, sign_of(spec, negative) + prefix, digits, '>');
}

namespace {

std::string real_digits(double magnitude, const Spec& spec) {
    if (std::isnan(magnitude) || std::isinf(magnitude)) {
        return std::isnan(magnitude) ? "nan" : "inf";
    }
    char type = spec.type == '%' ? 'f' : spec.type == 'n' ? 'g' : spec.type;
    if (type == 0) {
        if (spec.precision < 0) {
            return real_repr(magnitude);
        }
        type = 'g';
    }
    const int precision = std::min(spec.precision < 0 ? 6 : spec.precision, kLargestPrecision);
    const char pattern[] = {'%',
                            spec.alternate ? '#' : '.',
                            spec.alternate ? '.' : '*',
                            spec.alternate ? '*' : type,
                            spec.alternate ? type : '\0',
                            '\0'};
    char buffer[1024];
    std::snprintf(buffer, sizeof(buffer), pattern, precision, magnitude);
    std::string digits = buffer;
    if (spec.type == 0 && digits.find_first_of(".e") == std::string::npos) {
        digits += ".0";
    }
    return digits;
}

}  // namespace

std::string format_real(Heap& heap, double value, const Spec& spec) {
    const bool negative = std::signbit(value) && !std::isnan(value);
    const double magnitude = std::abs(value) * (spec.type == '%' ? 100 : 1);
    std::string digits = real_digits(magnitude, spec);
    if (spec.grouping != 0) {
        digits = grouped(digits, spec.grouping, 3);
    }
    if (spec.type == '%') {
        digits += '%';
    }
    if (spec.type == 'F' || spec.type == 'E' || spec.type == 'G') {
        std::transform(digits.begin(), digits.end(), digits.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    return padded(heap, spec, sign_of(spec, negative), digits, '>');
}

namespace {

bool is_one_of(char c, std::string_view set) {
    return c == 0 || set.find(c) != std::string_view::npos;
}

}  // namespace

std::string_view first_code_points(std::string_view text, int count) {
    return count < 0 ? text : text.substr(0, offset_of(text, static_cast<std::size_t>(count)));
}

std::string formatted(Heap& heap, const Value& value, std::string_view spec_text) {
    if (spec_text.empty()) {
        return std::string(text_of(heap, value));
    }
    Spec spec = parse_spec(spec_text);
    if (value.is_string() && spec.aligned_by_zero) {
        spec.align = '<';
    }
    if (value.is_string() && is_one_of(spec.type, "s") && spec.align != '=' && !spec.signed_by_hand &&
        !spec.alternate && spec.grouping == 0) {
        return padded(heap, spec, "", first_code_points(value.text(), spec.precision), '<');
    }
    if (value.is_integral() && is_one_of(spec.type, "bcdoxXn")) {
        return format_whole(heap, value.integer(), spec);
    }
    if (value.is_number() && is_one_of(spec.type, "eEfFgGn%")) {
        return format_real(heap, value.real(), spec);
    }
    raise("unsupported format '" + std::string(spec_text) + "' for a value of type " +
          std::string(type_name(value)));
}

}  // namespace tendril::prompt::jinja
