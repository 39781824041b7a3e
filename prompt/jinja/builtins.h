// SPDX-License-Identifier: Apache-2.0
// The names that templates find ready: filters, tests, methods of strings, dicts and lists, global functions.
// Lookup tables; any thread.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "prompt/jinja/ast.h"
#include "prompt/jinja/value.h"

namespace tendril::prompt::jinja {

Filter find_filter(std::string_view name);  ///< null when there is none of that name
Test find_test(std::string_view name);
NativeFunction find_global(std::string_view name);

/// A Python attribute of a value: a method, or a refusal where the sandbox refuses; missing when Python knows
/// none of that name.
Value find_attribute(Interpreter& interpreter, const Value& object, std::string_view name);
/// Whether jinja2's sandbox refuses the attribute of that type (it would change a list or dict, or is
/// Python's own).
bool is_refused_attribute(const Value& object, std::string_view name);

Method find_string_method(std::string_view name);
Method find_dict_method(std::string_view name);
Method find_list_method(std::string_view name);  ///< of lists; tuples and ranges have some of them

// Groups of filters, one file each.
Filter find_text_filter(std::string_view name);
Filter find_number_filter(std::string_view name);
Filter find_sequence_filter(std::string_view name);
Filter find_selection_filter(std::string_view name);

/// Positional and named arguments in the order of the parameters; missing where not given. Raises for
/// unknown, doubled and lacking ones.
std::vector<Value> bound(const Arguments& arguments, std::initializer_list<std::string_view> parameters,
                         std::size_t required = 0);

}  // namespace tendril::prompt::jinja
