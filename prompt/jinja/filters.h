// SPDX-License-Identifier: Apache-2.0
// Helpers that several groups of filters share. One thread at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"

namespace tendril::prompt::jinja {

using FilterEntry = std::pair<std::string_view, Filter>;

template <std::size_t N>
Filter found_in(const FilterEntry (&entries)[N], std::string_view name) {
    const auto* found = std::find_if(std::begin(entries), std::end(entries),
                                     [&](const FilterEntry& entry) { return entry.first == name; });
    return found == std::end(entries) ? nullptr : found->second;
}

inline bool is_given(const Value& value) {
    return !value.is_missing();
}
inline bool is_set(const Value& value) {
    return !value.is_missing() && !value.is_none();
}

/// jinja2's attribute getter: `attribute` is a number or a dotted path whose numeric parts are indices. None
/// gives the item itself. With a default, every step that ends undefined goes on with the default.
Value attribute_path(Interpreter& interpreter, const Value& item, const Value& attribute,
                     const Value& otherwise = Value());
/// An iterator whose source is opened when its first element is asked for: errors come no sooner than in
/// Python's generators.
Value lazily(Heap& heap, std::function<Iterator*()> open);
/// A filter that is a generator in Python.
template <Iterator* (*kOpen)(Interpreter&, const Value&, const Arguments&)>
Value later(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    return lazily(interpreter.heap(),
                  [&interpreter, value, arguments] { return kOpen(interpreter, value, arguments); });
}
/// Strings in lower case, for comparisons that ignore it.
Value without_case(Interpreter& interpreter, const Value& value, bool case_sensitive);
/// Stable, charged by comparison; raises as soon as two keys cannot be ordered.
std::vector<Value> sorted_by(Interpreter& interpreter, const std::vector<Value>& items,
                             const std::vector<Value>& keys, bool reverse);

}  // namespace tendril::prompt::jinja
