// SPDX-License-Identifier: Apache-2.0
// Methods of Python's str for templates. One thread at a time.
#include <algorithm>
#include <string>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

std::string_view text_argument(const Value& value) {
    require_defined(value);
    if (!value.is_string()) {
        raise("expected str, got " + std::string(type_name(value)));
    }
    return value.text();
}

std::int64_t number_or(const Value& value, std::int64_t otherwise) {
    return value.is_missing() ? otherwise : to_index(value);
}

Value like(Interpreter& interpreter, const Value& self, std::string_view text) {
    return make_string(interpreter.heap(), std::string(text), self.is_markup());
}

/// The most bytes that a case mapping makes of one: room is charged before it is made.
template <std::string (*Map)(std::string_view)>
Value mapped(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    interpreter.heap().work(self.text().size() * 2);
    interpreter.heap().charge(self.text().size() * 3);
    return like(interpreter, self, Map(self.text()));
}

template <Side kSide>
Value strip(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const Value characters = bound(arguments, {"chars"})[0];
    interpreter.heap().work(self.text().size() * 4);
    if (characters.is_missing() || characters.is_none()) {
        return like(interpreter, self, stripped(self.text(), kSide));
    }
    const auto set = text_argument(characters);
    interpreter.heap().work(set.size() * 4);
    return like(interpreter, self, stripped(self.text(), kSide, set));
}

/// At runs of white space, at most `limit` times; the rest keeps its white space but at its other end.
std::vector<std::string_view> split_spaces(std::string_view text, std::int64_t limit, bool from_right) {
    std::vector<std::string_view> parts;
    const Side near = from_right ? Side::right : Side::left;
    text = stripped(text, near);
    while (!text.empty()) {
        if (limit == 0) {
            parts.push_back(text);
            break;
        }
        std::size_t cut = from_right ? text.size() : 0;
        if (from_right) {
            while (cut > 0) {
                std::size_t start = cut - 1;
                while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) {
                    --start;
                }
                std::size_t at = start;
                if (is_space(next_code_point(text, at))) {
                    break;
                }
                cut = start;
            }
            parts.push_back(text.substr(cut));
            text = stripped(text.substr(0, cut), near);
        } else {
            while (cut < text.size()) {
                std::size_t at = cut;
                if (is_space(next_code_point(text, at))) {
                    break;
                }
                cut = at;
            }
            parts.push_back(text.substr(0, cut));
            text = stripped(text.substr(cut), near);
        }
        --limit;
    }
    return parts;
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view separator, std::int64_t limit,
                                       bool from_right) {
    std::vector<std::string_view> parts;
    while (limit != 0) {
        const std::size_t at = from_right ? rfind_text(text, separator) : find_text(text, separator);
        if (at == std::string_view::npos) {
            break;
        }
        parts.push_back(from_right ? text.substr(at + separator.size()) : text.substr(0, at));
        text = from_right ? text.substr(0, at) : text.substr(at + separator.size());
        --limit;
    }
    parts.push_back(text);
    return parts;
}

template <bool kFromRight>
Value split(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"sep", "maxsplit"});
    const std::int64_t limit = number_or(given[1], -1);
    Heap& heap = interpreter.heap();
    heap.work(self.text().size());
    heap.charge(self.text().size());  // for the list of parts
    std::vector<std::string_view> parts;
    if (given[0].is_missing() || given[0].is_none()) {
        parts = split_spaces(self.text(), limit, kFromRight);
    } else {
        const auto separator = text_argument(given[0]);
        if (separator.empty()) {
            raise("empty separator");
        }
        if (separator.size() > 32 && kFromRight) {
            heap.work(self.text().size() * 32);  // each search from the right reads the whole text
        }
        parts = split_at(self.text(), separator, limit, kFromRight);
    }
    if (kFromRight) {
        std::reverse(parts.begin(), parts.end());
    }
    std::vector<Value> values;
    for (const auto part : parts) {
        values.push_back(like(interpreter, self, part));
    }
    return make_list(heap, std::move(values));
}

template <bool kFromRight>
Value partition(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto separator = text_argument(bound(arguments, {"sep"}, 1)[0]);
    if (separator.empty()) {
        raise("empty separator");
    }
    interpreter.heap().work(self.text().size());
    const auto text = self.text();
    const std::size_t at = kFromRight ? rfind_text(text, separator) : find_text(text, separator);
    const bool found = at != std::string_view::npos;
    const auto before = found ? text.substr(0, at) : kFromRight ? std::string_view() : text;
    const auto after = found ? text.substr(at + separator.size()) : kFromRight ? text : std::string_view();
    return make_list(
        interpreter.heap(),
        {like(interpreter, self, before), like(interpreter, self, found ? separator : std::string_view()),
         like(interpreter, self, after)},
        Kind::tuple);
}

Value splitlines(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const Value keep = bound(arguments, {"keepends"})[0];
    interpreter.heap().work(self.text().size());
    std::vector<Value> lines;
    const auto text = self.text();
    for (std::size_t i = 0, start = 0; i < text.size();) {
        const std::size_t end = i;
        const char32_t c = next_code_point(text, i);
        i += c == '\r' && i < text.size() && text[i] == '\n' ? 1 : 0;
        if (is_line_break(c) || i == text.size()) {
            const std::size_t stop = is_line_break(c) && !truth(keep) ? end : i;
            lines.push_back(like(interpreter, self, text.substr(start, stop - start)));
            start = i;
        }
    }
    return make_list(interpreter.heap(), std::move(lines));
}

/// The part of the text that start and end name, and the byte where it begins; empty when start is behind the
/// end.
struct Window {
    std::string_view text;
    std::size_t offset = 0;
    bool valid = true;
};

Window window_of(Heap& heap, const Value& self, const Value& start, const Value& end) {
    const auto length = static_cast<std::int64_t>(self.as<String>().length);
    const auto clip = [&](const Value& given, std::int64_t otherwise) {
        std::int64_t index = given.is_missing() || given.is_none() ? otherwise : to_index(given);
        return index < 0 ? std::max<std::int64_t>(index + length, 0) : index;
    };
    const std::int64_t first = clip(start, 0);
    const std::int64_t last = std::min(clip(end, length), length);
    if (first > last) {
        return {{}, 0, false};
    }
    heap.work(self.text().size());
    const std::size_t from = offset_of(self.text(), static_cast<std::size_t>(first));
    const std::size_t to = offset_of(self.text(), static_cast<std::size_t>(last));
    return {self.text().substr(from, to - from), from, true};
}

template <bool kStart>
Value has_affix(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"prefix", "start", "end"}, 1);
    const Window window = window_of(interpreter.heap(), self, given[1], given[2]);
    const auto matches = [&](const Value& affix) {
        const auto text = text_argument(affix);
        if (!window.valid || text.size() > window.text.size()) {
            return false;
        }
        return (kStart ? window.text.substr(0, text.size())
                       : window.text.substr(window.text.size() - text.size())) == text;
    };
    if (given[0].is(Kind::tuple)) {
        return Value(std::any_of(given[0].items().begin(), given[0].items().end(), matches));
    }
    return Value(matches(given[0]));
}

template <bool kLast, bool kRaises>
Value find(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"sub", "start", "end"}, 1);
    const auto wanted = text_argument(given[0]);
    const Window window = window_of(interpreter.heap(), self, given[1], given[2]);
    const std::size_t at = !window.valid ? std::string_view::npos
                           : kLast       ? rfind_text(window.text, wanted)
                                         : find_text(window.text, wanted);
    if (at == std::string_view::npos) {
        if (kRaises) {
            raise("substring not found");
        }
        return Value(std::int64_t{-1});
    }
    return Value(static_cast<std::int64_t>(count_code_points(self.text().substr(0, window.offset + at))));
}

Value count(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"sub", "start", "end"}, 1);
    const auto wanted = text_argument(given[0]);
    const Window window = window_of(interpreter.heap(), self, given[1], given[2]);
    if (!window.valid) {
        return Value(std::int64_t{0});
    }
    if (wanted.empty()) {
        return Value(static_cast<std::int64_t>(count_code_points(window.text)) + 1);
    }
    std::int64_t found = 0;
    for (std::size_t at = find_text(window.text, wanted); at != std::string_view::npos;
         at = find_text(window.text, wanted, at + wanted.size())) {
        interpreter.heap().work(8 + wanted.size());
        ++found;
    }
    return Value(found);
}

Value replace(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"old", "new", "count"}, 2);
    const auto new_text = text_argument(given[1]);
    const std::string escaped =
        self.is_markup() && !given[1].is_markup() ? html_escaped(new_text) : std::string(new_text);
    Builder out(interpreter.heap());
    append_replaced(interpreter.heap(), out, self.text(), text_argument(given[0]), escaped,
                    number_or(given[2], -1));
    return make_string(interpreter.heap(), out, self.is_markup());
}

Value join(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const Value items = bound(arguments, {"iterable"}, 1)[0];
    Heap& heap = interpreter.heap();
    Builder out(heap);
    bool first = true;
    Iterator& source = iterate(heap, items);
    while (const auto item = source.next()) {
        if (!item->is_string()) {
            require_defined(*item);
            raise("sequence item: expected str instance, " + std::string(type_name(*item)) + " found");
        }
        out.add(first ? std::string_view() : self.text());
        out.add(self.is_markup() && !item->is_markup() ? html_escaped(item->text())
                                                       : std::string(item->text()));
        first = false;
    }
    return make_string(heap, out, self.is_markup());
}

Value format(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const FieldAccess access{
        [&](std::string_view name) {
            const auto found = std::find_if(arguments.named.begin(), arguments.named.end(),
                                            [&](const auto& entry) { return entry.first == name; });
            if (found == arguments.named.end()) {
                raise("format() has no argument '" + std::string(name) + "'");
            }
            return found->second;
        },
        [&](std::size_t index) {
            if (index >= arguments.positional.size()) {
                raise("Replacement index " + std::to_string(index) +
                      " out of range for positional args tuple");
            }
            return arguments.positional[index];
        },
        [&](const Value& object, std::string_view name) { return interpreter.attribute(object, name); },
        [&](const Value& object, const Value& key) { return interpreter.item(object, key); }};
    return brace_formatted(interpreter.heap(), self, access);
}

Value format_map(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const Value mapping = bound(arguments, {"mapping"}, 1)[0];
    if (!mapping.is(Kind::dict)) {
        raise("format_map() needs a mapping");
    }
    Arguments named;
    for (const auto& [key, value] : mapping.as<Dict>().items) {
        if (key.is_string()) {
            named.named.emplace_back(key.text(), value);
        }
    }
    return format(interpreter, self, named);
}

enum class Justify { left, right, center };

template <Justify kWhere>
Value justify(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"width", "fillchar"}, 1);
    const std::string_view fill = given[1].is_missing() ? " " : text_argument(given[1]);
    if (count_code_points(fill) != 1) {
        raise("The fill character must be exactly one character long");
    }
    const std::int64_t width = to_index(given[0]);
    const auto length = static_cast<std::int64_t>(self.as<String>().length);
    const std::int64_t space = width > length ? width - length : 0;
    // CPython's rule for the odd place of center().
    const std::int64_t before = kWhere == Justify::left    ? 0
                                : kWhere == Justify::right ? space
                                                           : space / 2 + (space & width & 1);
    Builder out(interpreter.heap());
    out.repeat(static_cast<std::size_t>(before), fill);
    out.add(self.text());
    out.repeat(static_cast<std::size_t>(space - before), fill);
    return make_string(interpreter.heap(), out, self.is_markup());
}

Value zfill(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const std::int64_t width = to_index(bound(arguments, {"width"}, 1)[0]);
    const auto length = static_cast<std::int64_t>(self.as<String>().length);
    auto text = self.text();
    Builder out(interpreter.heap());
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        out.add(text.substr(0, 1));
        text.remove_prefix(1);
    }
    out.add(width > length ? static_cast<std::size_t>(width - length) : 0, '0');
    out.add(text);
    return make_string(interpreter.heap(), out, self.is_markup());
}

template <bool kPrefix>
Value remove_affix(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto affix = text_argument(bound(arguments, {"affix"}, 1)[0]);
    auto text = self.text();
    if (affix.size() <= text.size()) {
        if (kPrefix && text.substr(0, affix.size()) == affix) {
            text.remove_prefix(affix.size());
        } else if (!kPrefix && text.substr(text.size() - affix.size()) == affix) {
            text.remove_suffix(affix.size());
        }
    }
    return like(interpreter, self, text);
}

Value expandtabs(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const std::int64_t size = number_or(bound(arguments, {"tabsize"})[0], 8);
    Builder out(interpreter.heap());
    std::int64_t column = 0;
    for (std::size_t i = 0; i < self.text().size();) {
        const char32_t c = next_code_point(self.text(), i);
        if (c == '\t') {
            const std::int64_t spaces = size > 0 ? size - column % size : 0;
            out.add(static_cast<std::size_t>(spaces), ' ');
            column += spaces;
        } else {
            out.add_code_point(c);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
        }
    }
    return make_string(interpreter.heap(), out, self.is_markup());
}

template <bool (*Class)(char32_t)>
Value every(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    const auto text = self.text();
    interpreter.heap().work(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (!Class(next_code_point(text, i))) {
            return Value(false);
        }
    }
    return Value(!text.empty());
}

bool is_ascii_character(char32_t c) {
    return c < 0x80;
}

Value isascii(Interpreter& interpreter, Value self, const Arguments& arguments) {
    return self.text().empty() ? Value(true) : every<is_ascii_character>(interpreter, self, arguments);
}
Value isprintable(Interpreter& interpreter, Value self, const Arguments& arguments) {
    return self.text().empty() ? Value(true) : every<is_printable>(interpreter, self, arguments);
}
Value isidentifier(Interpreter& interpreter, Value self, const Arguments&) {
    interpreter.heap().work(self.text().size());
    return Value(is_identifier(self.text()));
}
template <bool kUpper>
Value iscase(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    interpreter.heap().work(self.text().size());
    return Value(has_case(self.text(), kUpper));
}

Value istitle(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    interpreter.heap().work(self.text().size());
    bool in_word = false;
    bool any = false;
    for (std::size_t i = 0; i < self.text().size();) {
        const char32_t c = next_code_point(self.text(), i);
        const bool high = is_upper(c) || is_title(c);
        if ((high && in_word) || (is_lower(c) && !in_word)) {
            return Value(false);
        }
        in_word = high || is_lower(c);
        any = any || in_word;
    }
    return Value(any);
}

}  // namespace

Method find_string_method(std::string_view name) {
    static constexpr std::pair<std::string_view, Method> kMethods[] = {{"capitalize", mapped<to_capitalized>},
                                                                       {"casefold", mapped<to_folded>},
                                                                       {"center", justify<Justify::center>},
                                                                       {"count", count},
                                                                       {"endswith", has_affix<false>},
                                                                       {"expandtabs", expandtabs},
                                                                       {"find", find<false, false>},
                                                                       {"format", format},
                                                                       {"format_map", format_map},
                                                                       {"index", find<false, true>},
                                                                       {"isalnum", every<is_alnum>},
                                                                       {"isalpha", every<is_alpha>},
                                                                       {"isascii", isascii},
                                                                       {"isdecimal", every<is_decimal>},
                                                                       {"isdigit", every<is_digit>},
                                                                       {"isidentifier", isidentifier},
                                                                       {"islower", iscase<false>},
                                                                       {"isnumeric", every<is_numeric>},
                                                                       {"isprintable", isprintable},
                                                                       {"isspace", every<is_space>},
                                                                       {"istitle", istitle},
                                                                       {"isupper", iscase<true>},
                                                                       {"join", join},
                                                                       {"ljust", justify<Justify::left>},
                                                                       {"lower", mapped<to_lower>},
                                                                       {"lstrip", strip<Side::left>},
                                                                       {"partition", partition<false>},
                                                                       {"removeprefix", remove_affix<true>},
                                                                       {"removesuffix", remove_affix<false>},
                                                                       {"replace", replace},
                                                                       {"rfind", find<true, false>},
                                                                       {"rindex", find<true, true>},
                                                                       {"rjust", justify<Justify::right>},
                                                                       {"rpartition", partition<true>},
                                                                       {"rsplit", split<true>},
                                                                       {"rstrip", strip<Side::right>},
                                                                       {"split", split<false>},
                                                                       {"splitlines", splitlines},
                                                                       {"startswith", has_affix<true>},
                                                                       {"strip", strip<Side::both>},
                                                                       {"swapcase", mapped<to_swapped_case>},
                                                                       {"title", mapped<to_title>},
                                                                       {"upper", mapped<to_upper>},
                                                                       {"zfill", zfill}};
    const auto* found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [&](const auto& entry) { return entry.first == name; });
    return found == std::end(kMethods) ? nullptr : found->second;
}

}  // namespace tendril::prompt::jinja
