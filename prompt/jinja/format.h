// SPDX-License-Identifier: Apache-2.0
// How values become text, exactly as in Python: str(), repr(), json.dumps(), %-formatting, str.format().
// Charges what it builds; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "prompt/jinja/value.h"

namespace tendril::prompt::jinja {

std::string real_repr(double value);
void append_str(Builder& out, Heap& heap, const Value& value);
void append_repr(Builder& out, Heap& heap, const Value& value);
/// str(value); strings are returned as they are, markup included.
Value to_string(Heap& heap, const Value& value);
std::string_view text_of(Heap& heap, const Value& value);

/// str.replace(); a negative count replaces all.
void append_replaced(Heap& heap, Builder& out, std::string_view text, std::string_view old_text,
                     std::string_view new_text, std::int64_t count);

/// markupsafe.escape of text.
std::string html_escaped(std::string_view text);

struct JsonStyle {
    bool ascii = false;
    bool sort_keys = false;
    bool pretty = false;  ///< with line breaks
    std::string indent;   ///< one level's, when pretty
    std::string item_separator = ", ";
    std::string key_separator = ": ";
};
void append_json(Builder& out, Heap& heap, const Value& value, const JsonStyle& style);

/// format(value, spec) of Python's mini-language.
std::string formatted(Heap& heap, const Value& value, std::string_view spec);
/// text % arguments
Value percent_formatted(Heap& heap, const Value& text, const Value& arguments);
/// The lookups that str.format() needs: a field's first name, and the attributes and items behind it.
struct FieldAccess {
    std::function<Value(std::string_view name)> named;
    std::function<Value(std::size_t index)> positional;
    std::function<Value(const Value& object, std::string_view name)> attribute;
    std::function<Value(const Value& object, const Value& key)> item;
};
Value brace_formatted(Heap& heap, const Value& text, const FieldAccess& access);

}  // namespace tendril::prompt::jinja
