// SPDX-License-Identifier: Apache-2.0
// Filters of numbers and of single values. One thread at a time.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "prompt/jinja/filters.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// Digits with single underscores between them, without these.
std::optional<std::string> without_underscores(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_') {
            out += text[i];
        } else if (i == 0 || i + 1 == text.size() ||
                   std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0 ||
                   std::isalnum(static_cast<unsigned char>(text[i + 1])) == 0) {
            return std::nullopt;
        }
    }
    return out;
}

/// int(text, base) of Python; empty where it raises ValueError.
std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t base) {
    text = stripped(text, Side::both);
    const bool negative = text.substr(0, 1) == "-";
    text.remove_prefix(negative || text.substr(0, 1) == "+" ? 1 : 0);
    const char letter = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
    const std::int64_t named = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (named != 0 && (base == named || base == 0)) {
        text.remove_prefix(2);
        text.remove_prefix(text.substr(0, 1) == "_" ? 1 : 0);
        base = named;
    } else if (base == 0) {
        base = 10;
    }
    const auto digits = without_underscores(text);
    if (!digits.has_value() || digits->empty() || base < 2 || base > 36) {
        return std::nullopt;
    }
    std::uint64_t magnitude = 0;
    const auto parsed =
        std::from_chars(digits->data(), digits->data() + digits->size(), magnitude, static_cast<int>(base));
    if (parsed.ptr != digits->data() + digits->size()) {
        return std::nullopt;
    }
    if (parsed.ec != std::errc() || magnitude > (std::uint64_t{1} << 63) - (negative ? 0 : 1)) {
        raise("an integer does not fit into 64 bits", ErrorCode::too_large);
    }
    return static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
}

/// float(text) of Python; empty where it raises ValueError.
std::optional<double> parse_real(std::string_view text) {
    const auto plain = without_underscores(stripped(text, Side::both));
    if (!plain.has_value() || plain->empty()) {
        return std::nullopt;
    }
    const bool word = plain->find_first_of("iInN") != std::string::npos;
    if (!word && plain->find_first_not_of("0123456789+-.eE") != std::string::npos) {
        return std::nullopt;  // strtod would take hexadecimal numbers
    }
    if (word && plain->find('(') != std::string::npos) {
        return std::nullopt;  // and nan(...)
    }
    char* end = nullptr;
    const double value = std::strtod(plain->c_str(), &end);
    return *end == '\0' ? std::optional<double>(value) : std::nullopt;
}

std::optional<std::int64_t> whole_of(double value) {
    if (!std::isfinite(value)) {
        return std::nullopt;
    }
    if (!(std::abs(value) < 9.2e18)) {
        raise("a float does not fit into an integer of 64 bits", ErrorCode::too_large);
    }
    return static_cast<std::int64_t>(value);
}

Value to_int(Interpreter&, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"default", "base"});
    require_defined(value);
    std::optional<std::int64_t> number;
    if (value.is_integral()) {
        number = value.integer();
    } else if (value.is(Kind::real)) {
        if (std::isinf(value.real())) {
            raise("cannot convert float infinity to integer");
        }
        number = whole_of(value.real());
    } else if (value.is_string()) {
        number = parse_whole(value.text(), is_given(given[1]) ? to_index(given[1]) : 10);
        if (!number.has_value()) {
            const auto real = parse_real(value.text());
            number = real.has_value() ? whole_of(*real) : std::nullopt;
        }
    }
    return number.has_value() ? Value(*number) : is_given(given[0]) ? given[0] : Value(std::int64_t{0});
}

Value to_float(Interpreter&, const Value& value, const Arguments& arguments) {
    const Value otherwise = bound(arguments, {"default"})[0];
    require_defined(value);
    if (value.is_number()) {
        return Value(value.real());
    }
    const auto number = value.is_string() ? parse_real(value.text()) : std::nullopt;
    return number.has_value() ? Value(*number) : is_given(otherwise) ? otherwise : Value(0.0);
}

Value absolute(Interpreter&, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    require_defined(value);
    if (!value.is_number()) {
        raise("bad operand type for abs(): '" + std::string(type_name(value)) + "'");
    }
    return value.is(Kind::real)  ? Value(std::abs(value.real()))
           : value.integer() < 0 ? negative(value)
                                 : positive(value);
}

/// round(value, digits) of Python: correctly rounded decimal digits, half to even.
double rounded(double value, std::int64_t digits) {
    if (!std::isfinite(value) || digits > 22) {
        return value;
    }
    if (digits < -308) {
        return 0.0 * value;
    }
    if (digits < 0) {
        const double unit = std::pow(10.0, static_cast<double>(-digits));
        return std::nearbyint(value / unit) * unit;
    }
    char text[512];
    std::snprintf(text, sizeof(text), "%.*f", static_cast<int>(digits), value);
    return std::strtod(text, nullptr);
}

Value round(Interpreter&, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"precision", "method"});
    const std::string_view method = is_given(given[1]) && given[1].is_string() ? given[1].text() : "common";
    if (method != "common" && method != "ceil" && method != "floor") {
        raise("method must be common, ceil or floor");
    }
    require_defined(value);
    if (!value.is_number()) {
        raise("round needs a number, not " + std::string(type_name(value)));
    }
    const std::int64_t digits = is_given(given[0]) ? to_index(given[0]) : 0;
    if (method == "common") {
        return value.is(Kind::real) ? Value(rounded(value.real(), digits))
               : digits >= 0        ? positive(value)
                                    : Value(static_cast<std::int64_t>(rounded(value.real(), digits)));
    }
    const double unit = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(digits, -308, 308)));
    const double scaled = value.real() * unit;
    return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Value default_value(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"default_value", "boolean"});
    const bool replace = value.is_undefined() || (is_given(given[1]) && truth(given[1]) && !truth(value));
    return !replace ? value : is_given(given[0]) ? given[0] : interpreter.string("");
}

Value attr(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value name = bound(arguments, {"name"}, 1)[0];
    if (!name.is_string()) {
        raise("attribute name must be string");
    }
    if (value.is(Kind::dict) && !is_refused_attribute(value, name.text()) &&
        find_attribute(interpreter, value, name.text()).is_missing()) {
        return interpreter.undefined_attribute(value, name.text());
    }
    return interpreter.attribute(value, name.text());
}

}  // namespace

Filter find_number_filter(std::string_view name) {
    static constexpr FilterEntry kFilters[] = {
        {"int", to_int},  {"float", to_float},        {"abs", absolute},
        {"round", round}, {"default", default_value}, {"d", default_value},
        {"attr", attr}};
    return found_in(kFilters, name);
}

}  // namespace tendril::prompt::jinja
