// SPDX-License-Identifier: Apache-2.0
// Python's operators over template values: truth, equality, order, arithmetic, membership, iteration,
// indexing. Pure but for the heap they charge; they raise a Failure where Python raises. One thread at a
// time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "prompt/jinja/value.h"

namespace tendril::prompt::jinja {

enum class Operator : std::uint8_t {
    add,
    subtract,
    multiply,
    divide,
    floor_divide,
    modulo,
    power,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    not_in,
};

std::string_view type_name(const Value& value);  ///< as Python calls it
/// Fails with the reason that an undefined value carries.
[[noreturn]] void raise_undefined(const Value& undefined);
void require_defined(const Value& value);

bool truth(const Value& value);
bool equals(Heap& heap, const Value& a, const Value& b);
std::size_t hash_of(Heap& heap, const Value& value);
/// -1, 0, 1; raises for values that Python does not order. `symbol` is for the message.
int compare(Heap& heap, const Value& a, const Value& b, std::string_view symbol = "<");
bool contains(Heap& heap, const Value& container, const Value& element);

Value arithmetic(Heap& heap, Operator op, const Value& a, const Value& b);
Value negative(const Value& value);
Value positive(const Value& value);
Value compared(Heap& heap, Operator op, const Value& a, const Value& b);

/// len(); empty for what has none.
std::optional<std::int64_t> length_of(const Value& value);
/// iter(); raises for what cannot be iterated.
Iterator& iterate(Heap& heap, const Value& value);
bool is_iterable(const Value& value);
std::vector<Value> elements(Heap& heap, const Value& value);

/// value[index] without any fallback; empty where Python raises TypeError or LookupError.
std::optional<Value> subscript(Heap& heap, const Value& value, const Value& index);
Value slice(Heap& heap, const Value& value, const Value& start, const Value& stop, const Value& step);

/// An int argument as Python's __index__ takes it; raises for others.
std::int64_t to_index(const Value& value);

}  // namespace tendril::prompt::jinja
