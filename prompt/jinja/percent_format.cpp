// SPDX-License-Identifier: Apache-2.0
// Python's % of text over template values. One thread at a time.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "prompt/jinja/format.h"
#include "prompt/jinja/format_spec.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
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
        // Python asks a tuple to be used up, and any other single value unless it can be indexed.
        const bool indexable = arguments_.is(Kind::dict) || arguments_.is(Kind::list) ||
                               arguments_.is(Kind::range) || arguments_.is_undefined();
        const bool counted =
            arguments_.is(Kind::tuple) ? used_ < arguments_.items().size() : used_ == 0 && !indexable;
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

}  // namespace

Value percent_formatted(Heap& heap, const Value& text, const Value& arguments) {
    return PercentFormatter(heap, text, arguments).run();
}

}  // namespace tendril::prompt::jinja
