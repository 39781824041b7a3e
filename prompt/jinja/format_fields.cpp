// SPDX-License-Identifier: Apache-2.0
// Python's format mini-language, %-formatting and str.format() over template values. One thread at a time.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

constexpr int kLargestPrecision = 400;  // more digits than any double has
constexpr std::int64_t kLargestWidth = 1 << 24;

struct Spec {
    std::string fill = " ";
    char align = 0;
    char sign = '-';
    bool alternate = false;
    bool zero = false;
    char grouping = 0;
    std::int64_t width = 0;
    int precision = -1;
    char type = 0;
};

/// A number of the specification; -1 when there is none.
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
            break;
        }
    }
    spec.alternate = flag('#');
    if (flag('0')) {
        spec.zero = true;
        if (spec.align == 0) {
            spec.fill = "0";
            spec.align = '=';
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

/// `text` in a field; a number's sign and prefix stand before the padding of '='.
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
        append_code_point(digits, static_cast<char32_t>(std::min<std::uint64_t>(magnitude, 0x110000)));
        return padded(heap, spec, "", digits, '<');
    }
    const unsigned base = spec.type == 'b'                         ? 2
                          : spec.type == 'o'                       ? 8
                          : (spec.type == 'x' || spec.type == 'X') ? 16
                                                                   : 10;
    for (std::uint64_t rest = magnitude; rest != 0 || digits.empty(); rest /= base) {
        digits.insert(digits.begin(),
                      (spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[rest % base]);
    }
    if (spec.alternate && base != 10) {
        prefix = std::string("0") + spec.type;
    }
    if (spec.grouping != 0) {
        digits = grouped(digits, spec.grouping, base == 10 ? 3 : 4);
    }
    return padded(heap, spec, sign_of(spec, negative) + prefix, digits, '>');
}

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

bool is_one_of(char c, std::string_view set) {
    return c == 0 || set.find(c) != std::string_view::npos;
}

std::string_view first_code_points(std::string_view text, int count) {
    return count < 0 ? text : text.substr(0, offset_of(text, static_cast<std::size_t>(count)));
}

}  // namespace

std::string formatted(Heap& heap, const Value& value, std::string_view spec_text) {
    if (spec_text.empty()) {
        return std::string(text_of(heap, value));
    }
    const Spec spec = parse_spec(spec_text);
    if (value.is_string() && is_one_of(spec.type, "s") && spec.align != '=') {
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

namespace {

/// One conversion of %-formatting, after the '%'.
class PercentFormatter {
  public:
    PercentFormatter(Heap& heap, const Value& text, const Value& arguments)
        : heap_(heap), text_(text), arguments_(arguments), out_(heap) {}

    Value run() {
        const auto text = text_.text();
        for (std::size_t i = 0; i < text.size();) {
            const std::size_t percent = std::min(text.find('%', i), text.size());
            out_.add(text.substr(i, percent - i));
            i = percent;
            if (i < text.size()) {
                conversion(text, ++i);
            }
        }
        const bool counted = arguments_.is(Kind::tuple)
                                 ? used_ < arguments_.items().size()
                                 : used_ == 0 && !arguments_.is(Kind::dict) && !arguments_.is_sequence();
        if (counted && !mapped_) {
            raise("not all arguments converted during string formatting");
        }
        return make_string(heap_, out_, text_.is_markup());
    }

  private:
    Value next_argument() {
        if (arguments_.is(Kind::tuple)) {
            if (used_ >= arguments_.items().size()) {
                raise("not enough arguments for format string");
            }
            return arguments_.items()[used_++];
        }
        if (used_++ > 0) {
            raise("not enough arguments for format string");
        }
        return arguments_;
    }

    std::optional<Value> mapping_key(std::string_view text, std::size_t& i) {
        if (i >= text.size() || text[i] != '(') {
            return std::nullopt;
        }
        const std::size_t close = text.find(')', i);
        if (close == std::string_view::npos || !arguments_.is(Kind::dict)) {
            raise("format requires a mapping");
        }
        const Value* found = arguments_.as<Dict>().find(heap_, text.substr(i + 1, close - i - 1));
        if (found == nullptr) {
            raise("a key of the format is not in the mapping");
        }
        mapped_ = true;
        i = close + 1;
        return *found;
    }

    std::int64_t star_or_number(std::string_view text, std::size_t& i) {
        if (i < text.size() && text[i] == '*') {
            ++i;
            const std::int64_t number = to_index(next_argument());
            if (number > kLargestWidth || number < -kLargestWidth) {
                raise("a format's width is too large", ErrorCode::too_large);
            }
            return number;
        }
        return read_number(text, i);
    }

    void conversion(std::string_view text, std::size_t& i) {
        const auto key = mapping_key(text, i);
        Spec spec;
        bool left = false;
        bool zero = false;
        for (; i < text.size() && std::string_view("#0- +").find(text[i]) != std::string_view::npos; ++i) {
            left = left || text[i] == '-';
            zero = zero || text[i] == '0';
            spec.alternate = spec.alternate || text[i] == '#';
            spec.sign = text[i] == '+' || (text[i] == ' ' && spec.sign != '+') ? text[i] : spec.sign;
        }
        const std::int64_t width = star_or_number(text, i);
        left = left || width < -1;
        spec.width = std::abs(std::max<std::int64_t>(width, -kLargestWidth)) * (width == -1 ? 0 : 1);
        if (i < text.size() && text[i] == '.') {
            ++i;
            spec.precision =
                static_cast<int>(std::clamp<std::int64_t>(star_or_number(text, i), 0, kLargestWidth));
        }
        while (i < text.size() && std::string_view("hlL").find(text[i]) != std::string_view::npos) {
            ++i;
        }
        if (i >= text.size()) {
            raise("incomplete format");
        }
        spec.align = left ? '<' : zero ? '=' : '>';
        spec.fill = zero && !left ? "0" : " ";
        spec.type = text[i++];
        if (spec.type == '%') {
            out_.add("%");
            return;
        }
        convert(spec, key.has_value() ? *key : next_argument());
    }

    void convert(Spec spec, const Value& value) {
        switch (spec.type) {
            case 's':
            case 'r':
            case 'a': {
                spec.fill = " ";
                spec.align = spec.align == '=' ? '>' : spec.align;
                Builder text(heap_);
                (spec.type == 's' ? append_str : append_repr)(text, heap_, value);
                const std::string shown =
                    text_.is_markup() && !value.is_markup() ? html_escaped(text.text()) : text.text();
                out_.add(padded(heap_, spec, "", first_code_points(shown, spec.precision), '>'));
                return;
            }
            case 'c':
                if (value.is_string() && value.as<String>().length == 1) {
                    out_.add(padded(heap_, spec, "", value.text(), '>'));
                } else {
                    spec.precision = -1;
                    out_.add(format_whole(heap_, to_index(value), spec));
                }
                return;
            case 'd':
            case 'i':
            case 'u':
            case 'o':
            case 'x':
            case 'X':
                whole(spec, value);
                return;
            default:
                break;
        }
        if (std::string_view("eEfFgG").find(spec.type) == std::string_view::npos) {
            raise("unsupported format character '" + std::string(1, spec.type) + "'");
        }
        require_defined(value);
        if (!value.is_number()) {
            raise("must be real number, not " + std::string(type_name(value)));
        }
        out_.add(format_real(heap_, value.real(), spec));
    }

    void whole(Spec spec, const Value& value) {
        require_defined(value);
        const bool decimal = spec.type == 'd' || spec.type == 'i' || spec.type == 'u';
        if (!value.is_number() || (!decimal && !value.is_integral())) {
            raise("%" + std::string(1, spec.type) + " format: a number is required, not " +
                  std::string(type_name(value)));
        }
        if (value.is(Kind::real) && !(std::abs(value.real()) < 9.2e18)) {
            raise("a float does not fit into an integer");
        }
        const int digits = std::min(spec.precision, kLargestPrecision);
        spec.precision = -1;
        spec.type = decimal ? 'd' : spec.type;
        const std::int64_t number =
            value.is(Kind::real) ? static_cast<std::int64_t>(value.real()) : value.integer();
        if (digits < 0) {
            out_.add(format_whole(heap_, number, spec));
            return;
        }
        Spec inner = spec;  // %.3d: at least three digits, then the field
        inner.width = digits + (number < 0 || spec.sign != '-' ? 1 : 0);
        inner.fill = "0";
        inner.align = '=';
        out_.add(padded(heap_, spec, "", format_whole(heap_, number, inner), '>'));
    }

    Heap& heap_;
    const Value& text_;
    const Value& arguments_;
    Builder out_;
    std::size_t used_ = 0;
    bool mapped_ = false;
};

/// The replacement fields of str.format().
class BraceFormatter {
  public:
    BraceFormatter(Heap& heap, const FieldAccess& access, bool markup)
        : heap_(heap), access_(access), markup_(markup) {}

    void run(std::string_view text, Builder& out, int depth) {
        if (depth > 2) {
            raise("Max string recursion exceeded");
        }
        for (std::size_t i = 0; i < text.size();) {
            const std::size_t brace = std::min(text.find_first_of("{}", i), text.size());
            out.add(text.substr(i, brace - i));
            i = brace;
            if (i >= text.size()) {
                return;
            }
            if (i + 1 < text.size() && text[i + 1] == text[i]) {
                out.add(1, text[i]);
                i += 2;
            } else if (text[i] == '}') {
                raise("Single '}' encountered in format string");
            } else {
                i = field(text, i + 1, out, depth);
            }
        }
    }

  private:
    std::size_t field(std::string_view text, std::size_t start, Builder& out, int depth) {
        int nested = 1;
        bool bracket = false;
        std::size_t end = start;
        for (; end < text.size(); ++end) {
            bracket = text[end] == '[' || (bracket && text[end] != ']');
            nested += bracket ? 0 : text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
            if (nested == 0) {
                break;
            }
        }
        if (nested != 0) {
            raise("expected '}' before end of string");
        }
        const auto body = text.substr(start, end - start);
        std::size_t name_end = 0;
        for (bool inside = false; name_end < body.size(); ++name_end) {
            inside = body[name_end] == '[' || (inside && body[name_end] != ']');
            if (!inside && (body[name_end] == '!' || body[name_end] == ':')) {
                break;
            }
        }
        Value value = lookup(body.substr(0, name_end));
        std::size_t at = name_end;
        if (at < body.size() && body[at] == '!') {
            value = converted(value, at + 1 < body.size() ? body[at + 1] : '\0');
            at += 2;
            if (at < body.size() && body[at] != ':') {
                raise("expected ':' after conversion specifier");
            }
        }
        Builder spec(heap_);
        if (at < body.size()) {
            run(body.substr(at + 1), spec, depth + 1);
        }
        const std::string shown = formatted(heap_, value, spec.text());
        out.add(markup_ && !value.is_markup() ? html_escaped(shown) : shown);
        return end + 1;
    }

    Value converted(const Value& value, char conversion) {
        if (conversion == 's') {
            return to_string(heap_, value);
        }
        if (conversion != 'r' && conversion != 'a') {
            raise("Unknown conversion specifier");
        }
        Builder out(heap_);
        append_repr(out, heap_, value);
        return make_string(heap_, out);
    }

    static bool is_number(std::string_view text) {
        return !text.empty() && text.size() < 10 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    }

    Value first(std::string_view name) {
        if (name.empty() || is_number(name)) {
            if (numbering_ != 0 && numbering_ != (name.empty() ? 1 : 2)) {
                raise("cannot switch between automatic and manual field numbering");
            }
            numbering_ = name.empty() ? 1 : 2;
            return access_.positional(name.empty() ? next_++
                                                   : static_cast<std::size_t>(std::stoul(std::string(name))));
        }
        return access_.named(name);
    }

    Value lookup(std::string_view name) {
        std::size_t i = std::min(name.find_first_of(".["), name.size());
        Value value = first(name.substr(0, i));
        while (i < name.size()) {
            if (name[i] == '.') {
                const std::size_t end = std::min(name.find_first_of(".[", i + 1), name.size());
                if (end == i + 1) {
                    raise("Empty attribute in format string");
                }
                value = access_.attribute(value, name.substr(i + 1, end - i - 1));
                i = end;
                continue;
            }
            const std::size_t close = name.find(']', i);
            if (name[i] != '[' || close == std::string_view::npos || close == i + 1) {
                raise("Missing ']' or empty attribute in format string");
            }
            const auto key = name.substr(i + 1, close - i - 1);
            const Value wanted = is_number(key)
                                     ? Value(static_cast<std::int64_t>(std::stol(std::string(key))))
                                     : make_string(heap_, std::string(key));
            value = access_.item(value, wanted);
            i = close + 1;
        }
        return value;
    }

    Heap& heap_;
    const FieldAccess& access_;
    bool markup_;
    std::size_t next_ = 0;
    int numbering_ = 0;  ///< 1 automatic, 2 manual
};

}  // namespace

Value percent_formatted(Heap& heap, const Value& text, const Value& arguments) {
    return PercentFormatter(heap, text, arguments).run();
}

Value brace_formatted(Heap& heap, const Value& text, const FieldAccess& access) {
    Builder out(heap);
    BraceFormatter(heap, access, text.is_markup()).run(text.text(), out, 1);
    return make_string(heap, out, text.is_markup());
}

}  // namespace tendril::prompt::jinja
