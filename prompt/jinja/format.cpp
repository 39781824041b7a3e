// SPDX-License-Identifier: Apache-2.0
// str(), repr() and json.dumps() of template values as in Python. One thread at a time.
#include "prompt/jinja/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"
#include "prompt/jinja/stable_order.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

std::string hexadecimal(std::uint32_t number, int digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        out += kDigits[(number >> shift) & 15];
    }
    return out;
}

void append_text_repr(Builder& out, std::string_view text) {
    const bool doubled =
        text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
    const char quote = doubled ? '"' : '\'';
    out.add(1, quote);
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = i;
        const char32_t c = next_code_point(text, i);
        if (c == static_cast<char32_t>(quote) || c == '\\') {
            out.add(1, '\\');
            out.add(1, static_cast<char>(c));
        } else if (c == '\n') {
            out.add("\\n");
        } else if (c == '\r') {
            out.add("\\r");
        } else if (c == '\t') {
            out.add("\\t");
        } else if (is_printable(c)) {
            out.add(text.substr(start, i - start));
        } else if (c < 0x100) {
            out.add("\\x" + hexadecimal(c, 2));
        } else {
            out.add(c < 0x10000 ? "\\u" + hexadecimal(c, 4) : "\\U" + hexadecimal(c, 8));
        }
    }
    out.add(1, quote);
}

void append_items(Builder& out, Heap& heap, const std::vector<Value>& items) {
    bool first = true;
    for (const Value& item : items) {
        out.add(first ? "" : ", ");
        append_repr(out, heap, item);
        first = false;
    }
}

void append_dict_repr(Builder& out, Heap& heap, const Dict& dict) {
    out.add("{");
    bool first = true;
    for (const auto& [key, value] : dict.items) {
        out.add(first ? "" : ", ");
        append_repr(out, heap, key);
        out.add(": ");
        append_repr(out, heap, value);
        first = false;
    }
    out.add("}");
}

void append_view_repr(Builder& out, Heap& heap, const Value& value) {
    constexpr std::array<std::string_view, 3> kNames = {"dict_keys(", "dict_values(", "dict_items("};
    out.add(kNames[static_cast<std::size_t>(value.as<View>().part)]);
    append_repr(out, heap, make_list(heap, elements(heap, value)));
    out.add(")");
}

void append_range_repr(Builder& out, const Range& range) {
    out.add("range(" + std::to_string(range.start) + ", " + std::to_string(range.stop));
    out.add(range.step == 1 ? ")" : ", " + std::to_string(range.step) + ")");
}

void append_json_text(Builder& out, std::string_view text, bool ascii) {
    out.add("\"");
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = i;
        const char32_t c = next_code_point(text, i);
        constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
        constexpr std::string_view kLetters = "\"\\bfnrt";
        const std::size_t known = c < 0x80 ? kEscaped.find(static_cast<char>(c)) : std::string_view::npos;
        if (known != std::string_view::npos) {
            out.add(1, '\\');
            out.add(1, kLetters[known]);
        } else if (c < 0x20 || (ascii && c > 0x7E && c < 0x10000)) {
            out.add("\\u" + hexadecimal(c, 4));
        } else if (ascii && c >= 0x10000) {
            out.add("\\u" + hexadecimal(0xD800 + ((c - 0x10000) >> 10), 4));
            out.add("\\u" + hexadecimal(0xDC00 + ((c - 0x10000) & 0x3FF), 4));
        } else {
            out.add(text.substr(start, i - start));
        }
    }
    out.add("\"");
}

std::string json_number(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    return std::isinf(value) ? (value < 0 ? "-Infinity" : "Infinity") : real_repr(value);
}

struct JsonWriter {
    Builder& out;
    Heap& heap;
    const JsonStyle& style;
    std::size_t depth = 0;

    void line_break() {
        if (style.pretty) {
            out.add("\n");
            for (std::size_t i = 0; i < depth; ++i) {
                out.add(style.indent);
            }
        }
    }

    void key(const Value& name) {
        switch (name.kind()) {
            case Kind::string:
                append_json_text(out, name.text(), style.ascii);
                return;
            case Kind::boolean:
                out.add(name.integer() != 0 ? "\"true\"" : "\"false\"");
                return;
            case Kind::none:
                out.add("\"null\"");
                return;
            case Kind::integer:
                out.add("\"" + std::to_string(name.integer()) + "\"");
                return;
            case Kind::real:
                out.add("\"" + json_number(name.real()) + "\"");
                return;
            default:
                raise("keys must be str, int, float, bool or None, not " + std::string(type_name(name)));
        }
    }

    void list(const std::vector<Value>& items) {
        if (items.empty()) {
            out.add("[]");
            return;
        }
        out.add("[");
        ++depth;
        for (std::size_t i = 0; i < items.size(); ++i) {
            out.add(i == 0 ? "" : style.item_separator);
            line_break();
            value(items[i]);
        }
        --depth;
        line_break();
        out.add("]");
    }

    void dict(const Dict& dict) {
        if (dict.items.empty()) {
            out.add("{}");
            return;
        }
        auto items = dict.items;
        if (style.sort_keys) {
            const auto order = stable_order(items.size(), [&](std::size_t a, std::size_t b) {
                return compare(heap, dict.items[a].first, dict.items[b].first) < 0;
            });
            for (std::size_t i = 0; i < order.size(); ++i) {
                items[i] = dict.items[order[i]];
            }
        }
        out.add("{");
        ++depth;
        for (std::size_t i = 0; i < items.size(); ++i) {
            out.add(i == 0 ? "" : style.item_separator);
            line_break();
            key(items[i].first);
            out.add(style.key_separator);
            value(items[i].second);
        }
        --depth;
        line_break();
        out.add("}");
    }

    void value(const Value& v) {
        const Level level(heap);
        heap.step();
        switch (v.kind()) {
            case Kind::none:
                out.add("null");
                break;
            case Kind::boolean:
                out.add(v.integer() != 0 ? "true" : "false");
                break;
            case Kind::integer:
                out.add(std::to_string(v.integer()));
                break;
            case Kind::real:
                out.add(json_number(v.real()));
                break;
            case Kind::string:
                append_json_text(out, v.text(), style.ascii);
                break;
            case Kind::list:
            case Kind::tuple:
                list(v.items());
                break;
            case Kind::dict:
                dict(v.as<Dict>());
                break;
            default:
                raise("Object of type " + std::string(type_name(v)) + " is not JSON serializable");
        }
    }
};

}  // namespace

std::string real_repr(double value) {
    if (std::isnan(value)) {
        return "nan";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-inf" : "inf";
    }
    std::array<char, 64> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
    const std::string shortest(buffer.data(), end);  // d.ddde±dd, the fewest digits that read back the same
    const std::size_t e = shortest.find('e');
    const int exponent = std::stoi(shortest.substr(e + 1));
    if (exponent < -4 || exponent >= 16) {
        return shortest;
    }
    const auto fixed_end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
    std::string fixed(buffer.data(), fixed_end);
    return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

void append_str(Builder& out, Heap& heap, const Value& value) {
    if (value.is_string()) {
        out.add(value.text());
    } else if (!value.is_undefined()) {
        append_repr(out, heap, value);
    }
}

void append_repr(Builder& out, Heap& heap, const Value& value) {
    const Level level(heap);
    heap.step();
    switch (value.kind()) {
        case Kind::missing:
        case Kind::none:
            out.add("None");
            break;
        case Kind::undefined:
            out.add("Undefined");
            break;
        case Kind::boolean:
            out.add(value.integer() != 0 ? "True" : "False");
            break;
        case Kind::integer:
            out.add(std::to_string(value.integer()));
            break;
        case Kind::real:
            out.add(real_repr(value.real()));
            break;
        case Kind::string:
            out.add(value.is_markup() ? "Markup(" : "");
            append_text_repr(out, value.text());
            out.add(value.is_markup() ? ")" : "");
            break;
        case Kind::list:
            out.add("[");
            append_items(out, heap, value.items());
            out.add("]");
            break;
        case Kind::tuple:
            out.add("(");
            append_items(out, heap, value.items());
            out.add(value.items().size() == 1 ? ",)" : ")");
            break;
        case Kind::dict:
            append_dict_repr(out, heap, value.as<Dict>());
            break;
        case Kind::space:
            out.add("<Namespace ");
            append_dict_repr(out, heap, value.as<Dict>());
            out.add(">");
            break;
        case Kind::view:
            append_view_repr(out, heap, value);
            break;
        case Kind::range:
            append_range_repr(out, value.as<Range>());
            break;
        case Kind::macro:
            out.add("<Macro " + macro_name_repr(value.as<Macro>()) + ">");
            break;
        default:
            out.add("<" + std::string(type_name(value)) + " object>");  // Python shows an address here
            break;
    }
}

Value to_string(Heap& heap, const Value& value) {
    if (value.is_string()) {
        return value;
    }
    Builder out(heap);
    append_str(out, heap, value);
    return make_string(heap, out);
}

std::string_view text_of(Heap& heap, const Value& value) {
    return to_string(heap, value).text();
}

void append_replaced(Heap& heap, Builder& out, std::string_view text, std::string_view old_text,
                     std::string_view new_text, std::int64_t count) {
    heap.work(text.size());
    std::size_t i = 0;
    while (count != 0) {
        const std::size_t at = old_text.empty() ? i : find_text(text, old_text, i);
        if (at == std::string_view::npos) {
            break;
        }
        heap.work(8 + old_text.size());
        out.add(text.substr(i, at - i));
        out.add(new_text);
        i = at + old_text.size();
        --count;
        if (old_text.empty()) {  // between all characters
            if (i == text.size()) {
                return;
            }
            const std::size_t bytes = code_point_bytes(text, i);
            out.add(text.substr(i, bytes));
            i += bytes;
        }
    }
    out.add(text.substr(i));
}

std::string html_escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&#34;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

void append_json(Builder& out, Heap& heap, const Value& value, const JsonStyle& style) {
    JsonWriter{out, heap, style}.value(value);
}

}  // namespace tendril::prompt::jinja
