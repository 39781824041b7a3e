// SPDX-License-Identifier: Apache-2.0
// Python's arithmetic over template values. Integers are 64 bits wide: what does not fit is an error. One
// thread at a time.
#include <cmath>
#include <limits>
#include <string>

#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"

namespace tendril::prompt::jinja {
namespace {

[[noreturn]] void overflow() {
    raise("an integer does not fit into 64 bits", ErrorCode::too_large);
}

[[noreturn]] void unsupported(std::string_view symbol, const Value& a, const Value& b) {
    raise("unsupported operand types for " + std::string(symbol) + ": '" + std::string(type_name(a)) +
          "' and '" + std::string(type_name(b)) + "'");
}

Value whole_power(std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    std::int64_t factor = base;
    bool factor_too_large = false;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && (factor_too_large || __builtin_mul_overflow(result, factor, &result))) {
            overflow();
        }
        exponent >>= 1;
        factor_too_large =
            factor_too_large || (exponent > 0 && __builtin_mul_overflow(factor, factor, &factor));
    }
    return Value(result);
}

Value whole_arithmetic(Operator op, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    bool too_large = false;
    switch (op) {
        case Operator::add:
            too_large = __builtin_add_overflow(a, b, &result);
            break;
        case Operator::subtract:
            too_large = __builtin_sub_overflow(a, b, &result);
            break;
        case Operator::multiply:
            too_large = __builtin_mul_overflow(a, b, &result);
            break;
        case Operator::floor_divide:
        case Operator::modulo: {
            if (b == 0) {
                raise("integer division or modulo by zero");
            }
            if (b == -1) {  // the one quotient that can overflow
                too_large =
                    op == Operator::floor_divide && __builtin_sub_overflow(std::int64_t{0}, a, &result);
                break;
            }
            const std::int64_t quotient = a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
            result = op == Operator::floor_divide ? quotient : a - quotient * b;
            break;
        }
        default:
            return whole_power(a, b);
    }
    if (too_large) {
        overflow();
    }
    return Value(result);
}

Value real_power(double a, double b) {
    if (a == 0 && b < 0) {
        raise("0.0 cannot be raised to a negative power");
    }
    if (a < 0 && std::isfinite(a) && std::isfinite(b) && b != std::floor(b)) {
        raise("the power of a negative number is not a real number");
    }
    const double result = std::pow(a, b);
    if (std::isinf(result) && std::isfinite(a) && std::isfinite(b)) {
        raise("the result of a power is too large");
    }
    return Value(result);
}

Value real_arithmetic(Operator op, double a, double b) {
    switch (op) {
        case Operator::add:
            return Value(a + b);
        case Operator::subtract:
            return Value(a - b);
        case Operator::multiply:
            return Value(a * b);
        case Operator::power:
            return real_power(a, b);
        default:
            break;
    }
    if (b == 0) {
        raise("division by zero");
    }
    if (op == Operator::divide) {
        return Value(a / b);
    }
    double rest = std::fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0) {
        if ((b < 0) != (rest < 0)) {
            rest += b;
            quotient -= 1;
        }
    } else {
        rest = std::copysign(0.0, b);
    }
    if (op == Operator::modulo) {
        return Value(rest);
    }
    if (quotient == 0) {
        return Value(std::copysign(0.0, a / b));
    }
    const double floored = std::floor(quotient);
    return Value(quotient - floored > 0.5 ? floored + 1 : floored);
}

/// String, list or tuple times a number.
Value repeated(Heap& heap, const Value& what, std::int64_t times) {
    const std::size_t count = times < 0 ? 0 : static_cast<std::size_t>(times);
    const std::size_t size = what.is_string() ? what.text().size() : what.items().size() * sizeof(Value);
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(size, count, &bytes)) {
        bytes = std::numeric_limits<std::size_t>::max();
    }
    heap.charge(bytes);
    if (what.is_string()) {
        std::string text;
        text.reserve(bytes);
        for (std::size_t i = 0; i < (size == 0 ? 0 : count); ++i) {
            text += what.text();
        }
        return Value(Kind::string, heap.make<String>(std::move(text), what.is_markup()));
    }
    std::vector<Value> items;
    for (std::size_t i = 0; i < (size == 0 ? 0 : count); ++i) {
        items.insert(items.end(), what.items().begin(), what.items().end());
    }
    return make_list(heap, std::move(items), what.kind());
}

Value joined(Heap& heap, const Value& a, const Value& b) {
    if (a.is_string() && b.is_string()) {
        const bool markup = a.is_markup() || b.is_markup();
        Builder out(heap);
        out.add(markup && !a.is_markup() ? html_escaped(a.text()) : std::string(a.text()));
        out.add(markup && !b.is_markup() ? html_escaped(b.text()) : std::string(b.text()));
        return make_string(heap, out, markup);
    }
    if (a.is_sequence() && a.kind() == b.kind()) {
        heap.charge((a.items().size() + b.items().size()) * sizeof(Value));
        std::vector<Value> items = a.items();
        items.insert(items.end(), b.items().begin(), b.items().end());
        return make_list(heap, std::move(items), a.kind());
    }
    unsupported("+", a, b);
}

std::string_view symbol_of(Operator op) {
    constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
    return kSymbols[static_cast<std::size_t>(op)];
}

}  // namespace

Value arithmetic(Heap& heap, Operator op, const Value& a, const Value& b) {
    if (op == Operator::modulo && a.is_string()) {
        return percent_formatted(heap, a, b);
    }
    require_defined(a);
    require_defined(b);
    if (a.is_number() && b.is_number()) {
        const bool whole = a.is_integral() && b.is_integral();
        if (op == Operator::divide && whole && b.integer() == 0) {
            raise("division by zero");
        }
        if (whole && op == Operator::power && b.integer() < 0 && a.integer() == 0) {
            raise("0.0 cannot be raised to a negative power");
        }
        if (whole && op != Operator::divide && !(op == Operator::power && b.integer() < 0)) {
            return whole_arithmetic(op, a.integer(), b.integer());
        }
        return real_arithmetic(op, a.real(), b.real());
    }
    if (op == Operator::multiply) {
        if ((a.is_string() || a.is_sequence()) && b.is_integral()) {
            return repeated(heap, a, b.integer());
        }
        if ((b.is_string() || b.is_sequence()) && a.is_integral()) {
            return repeated(heap, b, a.integer());
        }
    }
    if (op == Operator::add) {
        return joined(heap, a, b);
    }
    unsupported(symbol_of(op), a, b);
}

Value negative(const Value& value) {
    require_defined(value);
    if (value.is(Kind::real)) {
        return Value(-value.real());
    }
    if (!value.is_integral()) {
        raise("bad operand type for unary -: '" + std::string(type_name(value)) + "'");
    }
    if (value.integer() == std::numeric_limits<std::int64_t>::min()) {
        overflow();
    }
    return Value(-value.integer());
}

Value positive(const Value& value) {
    require_defined(value);
    if (value.is(Kind::real)) {
        return value;
    }
    if (!value.is_integral()) {
        raise("bad operand type for unary +: '" + std::string(type_name(value)) + "'");
    }
    return Value(value.integer());
}

}  // namespace tendril::prompt::jinja
