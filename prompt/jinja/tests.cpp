// SPDX-License-Identifier: Apache-2.0
// What `is` and select() can ask of a value. One thread at a time.
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

using Predicate = bool (*)(const Value&);

template <Predicate kHolds>
bool holds(Interpreter&, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return kHolds(value);
}

bool is_defined(const Value& value) {
    return !value.is_undefined();
}
bool is_undefined(const Value& value) {
    return value.is_undefined();
}
bool is_none(const Value& value) {
    return value.is_none();
}
bool is_boolean(const Value& value) {
    return value.is(Kind::boolean);
}
bool is_true(const Value& value) {
    return value.is(Kind::boolean) && value.integer() != 0;
}
bool is_false(const Value& value) {
    return value.is(Kind::boolean) && value.integer() == 0;
}
bool is_integer(const Value& value) {
    return value.is(Kind::integer);
}
bool is_float(const Value& value) {
    return value.is(Kind::real);
}
bool is_number(const Value& value) {
    return value.is_number();
}
bool is_string(const Value& value) {
    return value.is_string();
}
bool is_mapping(const Value& value) {
    return value.is(Kind::dict);
}
bool is_any_iterable(const Value& value) {
    return is_iterable(value);
}
bool is_escaped(const Value& value) {
    return value.is_markup();
}
bool is_sequence(const Value& value) {
    return value.is_string() || value.is_sequence() || value.is(Kind::dict) || value.is(Kind::range) ||
           value.is_undefined();
}
bool is_callable(const Value& value) {
    return value.is(Kind::macro) || value.is(Kind::native) || value.is(Kind::method) ||
           value.is(Kind::joiner) || value.is(Kind::loop) || value.is_undefined();
}

std::int64_t remainder(Interpreter& interpreter, const Value& value, const Value& by) {
    const Value rest = arithmetic(interpreter.heap(), Operator::modulo, value, by);
    return rest.is_number() ? (rest.real() == 0 ? 0 : rest.real() == 1 ? 1 : 2) : 2;
}

bool is_odd(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return remainder(interpreter, value, Value(std::int64_t{2})) == 1;
}
bool is_even(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return remainder(interpreter, value, Value(std::int64_t{2})) == 0;
}
bool is_divisible(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    return remainder(interpreter, value, bound(arguments, {"num"}, 1)[0]) == 0;
}

template <Operator kOperator>
bool compares(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    return truth(compared(interpreter.heap(), kOperator, value, bound(arguments, {"other"}, 1)[0]));
}

/// `is` of Python: small values are one object each, so equal ones of one type are the same.
bool is_same(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const Value other = bound(arguments, {"other"}, 1)[0];
    if (value.kind() != other.kind()) {
        return false;
    }
    const bool plain = value.is_number() || value.is_string() || value.is_none();
    return plain ? equals(interpreter.heap(), value, other) : value.object() == other.object();
}

template <bool kUpper>
bool is_cased(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    const auto text = text_of(interpreter.heap(), value);
    interpreter.heap().work(text.size());
    return has_case(text, kUpper);
}

bool is_filter(Interpreter& interpreter, const Value& value, const Arguments&) {
    hash_of(interpreter.heap(), value);  // refuses unhashable values, as the lookup in a dict does
    return value.is_string() && find_filter(value.text()) != nullptr;
}
bool is_test(Interpreter& interpreter, const Value& value, const Arguments&) {
    hash_of(interpreter.heap(), value);
    return value.is_string() && find_test(value.text()) != nullptr;
}

constexpr std::pair<std::string_view, Test> kTests[] = {
    {"defined", holds<is_defined>},
    {"undefined", holds<is_undefined>},
    {"none", holds<is_none>},
    {"boolean", holds<is_boolean>},
    {"true", holds<is_true>},
    {"false", holds<is_false>},
    {"integer", holds<is_integer>},
    {"float", holds<is_float>},
    {"number", holds<is_number>},
    {"string", holds<is_string>},
    {"mapping", holds<is_mapping>},
    {"iterable", holds<is_any_iterable>},
    {"sequence", holds<is_sequence>},
    {"callable", holds<is_callable>},
    {"escaped", holds<is_escaped>},
    {"odd", is_odd},
    {"even", is_even},
    {"divisibleby", is_divisible},
    {"lower", is_cased<false>},
    {"upper", is_cased<true>},
    {"filter", is_filter},
    {"test", is_test},
    {"sameas", is_same},
    {"in", compares<Operator::in>},
    {"==", compares<Operator::equal>},
    {"eq", compares<Operator::equal>},
    {"equalto", compares<Operator::equal>},
    {"!=", compares<Operator::not_equal>},
    {"ne", compares<Operator::not_equal>},
    {"<", compares<Operator::less>},
    {"lt", compares<Operator::less>},
    {"lessthan", compares<Operator::less>},
    {"<=", compares<Operator::less_equal>},
    {"le", compares<Operator::less_equal>},
    {">", compares<Operator::greater>},
    {"gt", compares<Operator::greater>},
    {"greaterthan", compares<Operator::greater>},
    {">=", compares<Operator::greater_equal>},
    {"ge", compares<Operator::greater_equal>},
};

}  // namespace

Test find_test(std::string_view name) {
    const auto* found = std::find_if(std::begin(kTests), std::end(kTests),
                                     [&](const auto& entry) { return entry.first == name; });
    return found == std::end(kTests) ? nullptr : found->second;
}

bool Interpreter::apply_test(std::string_view name, const Value& value, const Arguments& arguments) {
    const Test test = find_test(name);
    if (test == nullptr) {
        raise("No test named '" + std::string(name) + "'", ErrorCode::unsupported);
    }
    return test(*this, value, arguments);
}

}  // namespace tendril::prompt::jinja
