// SPDX-License-Identifier: Apache-2.0
// Filters that make text. One thread at a time.
#include <cmath>
#include <string>

#include "prompt/jinja/filters.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// soft_str(value).method(arguments)
template <std::size_t kName>
Value as_method(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    constexpr std::string_view kNames[] = {"upper", "lower", "capitalize", "strip"};
    return find_string_method(kNames[kName])(interpreter, to_string(interpreter.heap(), value), arguments);
}

Value string(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return to_string(interpreter.heap(), value);
}

Value safe(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return make_string(interpreter.heap(), std::string(text_of(interpreter.heap(), value)), true);
}

Value escape(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    if (value.is_markup()) {
        return value;
    }
    const auto text = text_of(interpreter.heap(), value);
    interpreter.heap().charge(text.size() * 5);
    return make_string(interpreter.heap(), html_escaped(text), true);
}

Value force_escape(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto text = text_of(interpreter.heap(), value);
    return escape(interpreter, make_string(interpreter.heap(), std::string(text)), arguments);
}

/// The first letter behind white space and some brackets in upper case, all others in lower case.
Value title(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    Heap& heap = interpreter.heap();
    const Value whole = to_string(heap, value);
    const auto text = whole.text();
    heap.work(text.size() * 2);
    heap.charge(text.size() * 3);
    std::string out;
    const auto breaks = [](char32_t c) {
        return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || is_space(c);
    };
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = i;
        const bool separator = breaks(next_code_point(text, i));
        const std::size_t first_end = i;
        for (std::size_t at = i; at < text.size() && breaks(next_code_point(text, at)) == separator;) {
            i = at;
        }
        out +=
            to_upper(text.substr(start, first_end - start)) + to_lower(text.substr(first_end, i - first_end));
    }
    return make_string(heap, std::move(out), whole.is_markup());
}

Value center(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value width = bound(arguments, {"width"})[0];
    Arguments given;
    given.positional.push_back(is_given(width) ? width : Value(std::int64_t{80}));
    return find_string_method("center")(interpreter, to_string(interpreter.heap(), value), given);
}

Value trim(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value characters = bound(arguments, {"chars"})[0];
    Arguments given;
    if (is_given(characters)) {
        given.positional.push_back(characters);
    }
    return find_string_method("strip")(interpreter, to_string(interpreter.heap(), value), given);
}

Value replace(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"old", "new", "count"}, 2);
    Heap& heap = interpreter.heap();
    Builder out(heap);
    append_replaced(heap, out, text_of(heap, value), text_of(heap, given[0]), text_of(heap, given[1]),
                    is_set(given[2]) ? to_index(given[2]) : -1);
    return make_string(heap, out);
}

Value format(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    if (!arguments.positional.empty() && !arguments.named.empty()) {
        raise("can't handle positional and keyword arguments at the same time");
    }
    Heap& heap = interpreter.heap();
    const Value text = to_string(heap, value);
    if (arguments.named.empty()) {
        return percent_formatted(heap, text, make_list(heap, arguments.positional, Kind::tuple));
    }
    auto* named = heap.make<Dict>();
    for (const auto& [name, argument] : arguments.named) {
        named->set(heap, interpreter.string(name), argument);
    }
    return percent_formatted(heap, text, Value(Kind::dict, named));
}

Value indent(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"width", "first", "blank"});
    require_defined(value);
    if (!value.is_string()) {
        raise("indent needs a string, not " + std::string(type_name(value)));
    }
    Heap& heap = interpreter.heap();
    std::string indention(4, ' ');
    if (is_given(given[0])) {
        indention = given[0].is_string() ? std::string(given[0].text()) : std::string();
        if (!given[0].is_string()) {
            const auto width = static_cast<std::size_t>(std::max<std::int64_t>(to_index(given[0]), 0));
            heap.charge(width);
            indention.assign(width, ' ');
        }
    }
    const Value text = make_string(heap, std::string(value.text()) + "\n");
    const Value lines = find_string_method("splitlines")(interpreter, text, {});
    Builder out(heap);
    out.add(is_given(given[1]) && truth(given[1]) ? std::string_view(indention) : std::string_view());
    const bool blank = is_given(given[2]) && truth(given[2]);
    for (std::size_t i = 0; i < lines.items().size(); ++i) {
        const auto line = lines.items()[i].text();
        out.add(i == 0 ? "" : "\n");
        out.add(i > 0 && (blank || !line.empty()) ? std::string_view(indention) : std::string_view());
        out.add(line);
    }
    return make_string(heap, out, value.is_markup());
}

Value truncate(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"length", "killwords", "end", "leeway"});
    const std::int64_t length = is_given(given[0]) ? to_index(given[0]) : 255;
    const std::int64_t leeway = is_set(given[3]) ? to_index(given[3]) : 5;
    const Value end = is_given(given[2]) ? given[2] : interpreter.string("...");
    const auto size = length_of(value);
    if (!size.has_value() || !end.is_string()) {
        raise("truncate needs strings");
    }
    const auto end_length = *length_of(end);
    if (length < end_length || leeway < 0) {
        raise("expected length >= " + std::to_string(end_length) + " and leeway >= 0");
    }
    if (leeway >= *size - length) {
        return value;
    }
    if (!value.is_string()) {
        raise("truncate needs strings");
    }
    interpreter.heap().work(value.text().size());
    auto text =
        value.text().substr(0, offset_of(value.text(), static_cast<std::size_t>(length - end_length)));
    if (!is_given(given[1]) || !truth(given[1])) {
        text = text.substr(0, text.rfind(' '));
    }
    return make_string(interpreter.heap(), std::string(text) + std::string(end.text()), value.is_markup());
}

Value wordcount(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    const auto text = text_of(interpreter.heap(), value);
    interpreter.heap().work(text.size());
    std::int64_t words = 0;
    bool in_word = false;
    for (std::size_t i = 0; i < text.size();) {
        const char32_t c = next_code_point(text, i);
        const bool word = c == '_' || is_alnum(c);
        words += word && !in_word ? 1 : 0;
        in_word = word;
    }
    return Value(words);
}

std::string url_quoted(std::string_view text, bool query) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "_.-~";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != std::string_view::npos ||
            (!query && c == '/')) {
            out += c;
        } else if (query && c == ' ') {
            out += '+';
        } else {
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

Value urlencode(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    Heap& heap = interpreter.heap();
    Builder out(heap);
    if (value.is_string() || !is_iterable(value)) {
        out.add(url_quoted(text_of(heap, value), false));
        return make_string(heap, out);
    }
    const Value pairs = value.is(Kind::dict) ? find_dict_method("items")(interpreter, value, {}) : value;
    bool first = true;
    for (const Value& pair : elements(heap, pairs)) {
        const auto parts = elements(heap, pair);
        if (parts.size() != 2) {
            raise("urlencode needs pairs");
        }
        out.add(first ? "" : "&");
        out.add(url_quoted(text_of(heap, parts[0]), true) + "=");
        out.add(url_quoted(text_of(heap, parts[1]), true));
        first = false;
    }
    return make_string(heap, out);
}

Value striptags(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    Heap& heap = interpreter.heap();
    std::string text(text_of(heap, value));
    heap.work(text.size() * 2);
    const auto cut = [&text](std::string_view open, std::string_view close) {
        std::string out;
        std::size_t i = 0;
        while (true) {
            const std::size_t start = text.find(open, i);
            const std::size_t end =
                start == std::string::npos ? start : text.find(close, start + open.size());
            if (end == std::string::npos) {
                return out + text.substr(i);
            }
            out += text.substr(i, start - i);
            i = end + close.size();
        }
    };
    text = cut("<!--", "-->");
    text = cut("<", ">");
    Builder out(heap);
    bool first = true;
    for (const Value& word : find_string_method("split")(interpreter, make_string(heap, text), {}).items()) {
        out.add(first ? "" : " ");
        out.add(word.text());
        first = false;
    }
    std::string plain = out.take();
    for (const auto& [entity, character] : {std::pair{"&lt;", "<"},
                                            {"&gt;", ">"},
                                            {"&#34;", "\""},
                                            {"&quot;", "\""},
                                            {"&#39;", "'"},
                                            {"&amp;", "&"}}) {
        Builder replaced(heap);
        append_replaced(heap, replaced, plain, entity, character, -1);
        plain = replaced.take();
    }
    return make_string(heap, std::move(plain));
}

Value xmlattr(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value space = bound(arguments, {"autospace"})[0];
    require_defined(value);
    if (!value.is(Kind::dict)) {
        raise("xmlattr needs a mapping");
    }
    Heap& heap = interpreter.heap();
    Builder out(heap);
    bool first = true;
    for (const auto& [key, item] : value.as<Dict>().items) {
        if (item.is_none() || item.is_undefined()) {
            continue;
        }
        const auto name = text_of(heap, key);
        if (!key.is_string() || name.find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos) {
            raise("Invalid character in attribute name");
        }
        out.add(!first || !is_given(space) || truth(space) ? " " : "");
        out.add(html_escaped(name) + "=\"" + std::string(escape(interpreter, item, {}).text()) + "\"");
        first = false;
    }
    return make_string(heap, out);
}

Value tojson(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
    Heap& heap = interpreter.heap();
    JsonStyle style;
    style.ascii = is_given(given[0]) && truth(given[0]);
    style.sort_keys = is_given(given[3]) && truth(given[3]);
    if (is_set(given[1])) {
        style.pretty = true;
        style.item_separator = ",";
        if (given[1].is_string()) {
            style.indent = given[1].text();
        } else {
            const auto width = static_cast<std::size_t>(std::max<std::int64_t>(to_index(given[1]), 0));
            heap.charge(width);
            style.indent.assign(width, ' ');
        }
    }
    if (is_set(given[2])) {
        const auto parts = elements(heap, given[2]);
        if (parts.size() != 2 || !parts[0].is_string() || !parts[1].is_string()) {
            raise("tojson's separators must be two strings");
        }
        style.item_separator = parts[0].text();
        style.key_separator = parts[1].text();
    }
    Builder out(heap);
    append_json(out, heap, value, style);
    return make_string(heap, out);
}

Value pprint(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    Builder out(interpreter.heap());
    append_repr(out, interpreter.heap(), value);
    return make_string(interpreter.heap(), out);
}

Value filesizeformat(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value binary = bound(arguments, {"binary"})[0];
    Arguments no_default;  // what float() refuses shows as none here
    no_default.positional.push_back(Value::none());
    const Value number = find_number_filter("float")(interpreter, value, no_default);
    if (number.is_none()) {
        raise("filesizeformat needs a number");
    }
    const double bytes = number.real();
    const bool is_binary = is_given(binary) && truth(binary);
    const double base = is_binary ? 1024 : 1000;
    if (bytes == 1) {
        return interpreter.string("1 Byte");
    }
    if (bytes < base) {
        return interpreter.string(std::to_string(static_cast<std::int64_t>(bytes)) + " Bytes");
    }
    constexpr std::string_view kPrefixes = "kMGTPEZY";
    double unit = base * base;
    std::size_t i = 0;
    while (i + 1 < kPrefixes.size() && bytes >= unit) {
        unit *= base;
        ++i;
    }
    const char prefix = is_binary && i == 0 ? 'K' : kPrefixes[i];
    return interpreter.string(formatted(interpreter.heap(), Value(base * bytes / unit), ".1f") + " " +
                              prefix + (is_binary ? "iB" : "B"));
}

}  // namespace

Filter find_text_filter(std::string_view name) {
    static constexpr FilterEntry kFilters[] = {{"upper", as_method<0>},
                                               {"lower", as_method<1>},
                                               {"capitalize", as_method<2>},
                                               {"string", string},
                                               {"safe", safe},
                                               {"e", escape},
                                               {"escape", escape},
                                               {"forceescape", force_escape},
                                               {"title", title},
                                               {"center", center},
                                               {"trim", trim},
                                               {"replace", replace},
                                               {"format", format},
                                               {"indent", indent},
                                               {"truncate", truncate},
                                               {"wordcount", wordcount},
                                               {"urlencode", urlencode},
                                               {"striptags", striptags},
                                               {"xmlattr", xmlattr},
                                               {"tojson", tojson},
                                               {"pprint", pprint},
                                               {"filesizeformat", filesizeformat}};
    return found_in(kFilters, name);
}

}  // namespace tendril::prompt::jinja
