// SPDX-License-Identifier: Apache-2.0
// Python's str.format() over template values. One thread at a time.
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

Value brace_formatted(Heap& heap, const Value& text, const FieldAccess& access) {
    Builder out(heap);
    BraceFormatter(heap, access, text.is_markup()).run(text.text(), out, 1);
    return make_string(heap, out, text.is_markup());
}

}  // namespace tendril::prompt::jinja
