// SPDX-License-Identifier: Apache-2.0
// Truth, equality, hashing, order and membership as in Python. One thread at a time.
#include "prompt/jinja/operations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// Exact order of an int and a float; both may be at the edge of the other's range.
int compare_mixed(std::int64_t a, double b) {
    constexpr double kTwo63 = 9223372036854775808.0;
    if (b >= kTwo63) {
        return -1;
    }
    if (b < -kTwo63) {
        return 1;
    }
    const auto whole = static_cast<std::int64_t>(b);
    if (a != whole) {
        return a < whole ? -1 : 1;
    }
    const double rest = b - static_cast<double>(whole);
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

/// Empty when one of them is NaN.
std::optional<int> compare_numbers(const Value& a, const Value& b) {
    if ((a.is(Kind::real) && std::isnan(a.real())) || (b.is(Kind::real) && std::isnan(b.real()))) {
        return std::nullopt;
    }
    if (a.is(Kind::real) && b.is(Kind::real)) {
        return a.real() < b.real() ? -1 : a.real() > b.real() ? 1 : 0;
    }
    if (a.is(Kind::real)) {
        return -compare_mixed(b.integer(), a.real());
    }
    if (b.is(Kind::real)) {
        return compare_mixed(a.integer(), b.real());
    }
    return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
}

bool equal_dicts(Heap& heap, const Dict& a, const Dict& b) {
    if (a.items.size() != b.items.size()) {
        return false;
    }
    return std::all_of(a.items.begin(), a.items.end(), [&](const auto& item) {
        const Value* other = b.find(heap, item.first);
        return other != nullptr && equals(heap, item.second, *other);
    });
}

std::size_t mix(std::size_t seed, std::size_t hash) {
    return (seed ^ hash) * 0x9E3779B97F4A7C15ULL + (seed >> 29);
}

}  // namespace

std::string_view type_name(const Value& value) {
    switch (value.kind()) {
        case Kind::undefined:
            return "Undefined";
        case Kind::none:
            return "None";
        case Kind::boolean:
            return "bool";
        case Kind::integer:
            return "int";
        case Kind::real:
            return "float";
        case Kind::string:
            return "str";
        case Kind::list:
            return "list";
        case Kind::tuple:
            return "tuple";
        case Kind::dict:
            return "dict";
        case Kind::view:
            return "dict view";
        case Kind::range:
            return "range";
        case Kind::space:
            return "Namespace";
        case Kind::iterator:
            return "generator";
        case Kind::macro:
            return "Macro";
        case Kind::native:
        case Kind::method:
            return "function";
        case Kind::loop:
            return "LoopContext";
        case Kind::cycler:
            return "Cycler";
        case Kind::joiner:
            return "Joiner";
        case Kind::missing:
            break;
    }
    return "nothing";
}

void raise_undefined(const Value& undefined) {
    raise(undefined.as<Undefined>().message, undefined.as<Undefined>().code);
}

void require_defined(const Value& value) {
    if (value.is_undefined()) {
        raise_undefined(value);
    }
}

bool truth(const Value& value) {
    switch (value.kind()) {
        case Kind::missing:
        case Kind::undefined:
        case Kind::none:
            return false;
        case Kind::boolean:
        case Kind::integer:
            return value.integer() != 0;
        case Kind::real:
            return value.real() != 0;
        case Kind::string:
            return !value.text().empty();
        case Kind::list:
        case Kind::tuple:
            return !value.items().empty();
        case Kind::dict:
            return !value.as<Dict>().items.empty();
        case Kind::view:
            return !value.as<View>().dict.items.empty();
        case Kind::range:
            return value.as<Range>().length != 0;
        default:
            return true;
    }
}

bool equals(Heap& heap, const Value& a, const Value& b) {
    heap.work(4);
    if (a.is_number() && b.is_number()) {
        return compare_numbers(a, b) == 0;
    }
    if (a.kind() != b.kind()) {
        return false;
    }
    switch (a.kind()) {
        case Kind::undefined:
        case Kind::none:
            return true;
        case Kind::string: {
            const auto text = a.text();
            heap.work(text.size() == b.text().size() ? text.size() / 8 : 0);
            return text == b.text();
        }
        case Kind::list:
        case Kind::tuple: {
            const Level level(heap);
            return a.items().size() == b.items().size() &&
                   std::equal(a.items().begin(), a.items().end(), b.items().begin(),
                              [&](const Value& x, const Value& y) { return equals(heap, x, y); });
        }
        case Kind::dict: {
            const Level level(heap);
            return equal_dicts(heap, a.as<Dict>(), b.as<Dict>());
        }
        case Kind::range: {
            const auto& x = a.as<Range>();
            const auto& y = b.as<Range>();
            return x.length == y.length &&
                   (x.length == 0 || (x.start == y.start && (x.length == 1 || x.step == y.step)));
        }
        case Kind::method:
            return a.as<BoundMethod>().method == b.as<BoundMethod>().method &&
                   equals(heap, a.as<BoundMethod>().self, b.as<BoundMethod>().self);
        case Kind::native:
            return a.as<Native>().function == b.as<Native>().function;
        default:
            return a.object() == b.object();
    }
}

std::size_t hash_of(Heap& heap, const Value& value) {
    switch (value.kind()) {
        case Kind::boolean:
        case Kind::integer:
            return mix(1, static_cast<std::size_t>(value.integer()));
        case Kind::real: {
            const double number = value.real();
            if (number == std::floor(number) && std::abs(number) < 9.2e18) {
                return mix(1, static_cast<std::size_t>(static_cast<std::int64_t>(number)));
            }
            return mix(2, std::hash<double>{}(number));
        }
        case Kind::string:
            heap.work(value.text().size() / 4);
            return std::hash<std::string_view>{}(value.text());
        case Kind::tuple: {
            const Level level(heap);
            std::size_t hash = 3;
            for (const Value& item : value.items()) {
                heap.work(4);
                hash = mix(hash, hash_of(heap, item));
            }
            return hash;
        }
        case Kind::list:
        case Kind::dict:
            raise("unhashable type: '" + std::string(type_name(value)) + "'");
        case Kind::none:
        case Kind::undefined:
            return static_cast<std::size_t>(value.kind());
        case Kind::range:
            return mix(4, static_cast<std::size_t>(value.as<Range>().length));
        default:
            return std::hash<Object*>{}(value.object());
    }
}

int compare(Heap& heap, const Value& a, const Value& b, std::string_view symbol) {
    require_defined(a);
    require_defined(b);
    heap.work(4);
    if (a.is_number() && b.is_number()) {
        return compare_numbers(a, b).value_or(1);
    }
    if (a.is_string() && b.is_string()) {
        heap.work(std::min(a.text().size(), b.text().size()) / 8);
        const int order = a.text().compare(b.text());
        return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    if (a.is_sequence() && a.kind() == b.kind()) {
        const Level level(heap);
        const auto& x = a.items();
        const auto& y = b.items();
        for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
            if (!equals(heap, x[i], y[i])) {
                return compare(heap, x[i], y[i], symbol);
            }
        }
        return x.size() < y.size() ? -1 : x.size() > y.size() ? 1 : 0;
    }
    raise("'" + std::string(symbol) + "' not supported between instances of '" + std::string(type_name(a)) +
          "' and '" + std::string(type_name(b)) + "'");
}

Value compared(Heap& heap, Operator op, const Value& a, const Value& b) {
    const bool nan = (a.is(Kind::real) && std::isnan(a.real())) || (b.is(Kind::real) && std::isnan(b.real()));
    switch (op) {
        case Operator::equal:
            return Value(equals(heap, a, b));
        case Operator::not_equal:
            return Value(!equals(heap, a, b));
        case Operator::less:
            return Value(compare(heap, a, b, "<") < 0 && !nan);
        case Operator::less_equal:
            return Value(compare(heap, a, b, "<=") <= 0 && !nan);
        case Operator::greater:
            return Value(compare(heap, a, b, ">") > 0 && !nan);
        case Operator::greater_equal:
            return Value(compare(heap, a, b, ">=") >= 0 && !nan);
        case Operator::in:
            return Value(contains(heap, b, a));
        default:
            return Value(!contains(heap, b, a));
    }
}

bool contains(Heap& heap, const Value& container, const Value& element) {
    switch (container.kind()) {
        case Kind::string:
            require_defined(element);
            if (!element.is_string()) {
                raise("'in <string>' requires string as left operand, not " +
                      std::string(type_name(element)));
            }
            // A long needle is searched byte by byte, which takes about twice as long as the search for a
            // short one.
            heap.work((element.text().size() > kShortNeedle ? 4 : 2) * container.text().size() +
                      element.text().size());
            return find_text(container.text(), element.text()) != std::string_view::npos;
        case Kind::list:
        case Kind::tuple:
            return std::any_of(container.items().begin(), container.items().end(),
                               [&](const Value& item) { return equals(heap, item, element); });
        case Kind::dict:
            hash_of(heap, element);
            return container.as<Dict>().find(heap, element) != nullptr;
        case Kind::view:
            if (container.as<View>().part == View::Part::keys) {
                hash_of(heap, element);
                return container.as<View>().dict.find(heap, element) != nullptr;
            }
            break;
        case Kind::iterator:
        case Kind::range:
        case Kind::undefined:
            break;
        default:
            raise("argument of type '" + std::string(type_name(container)) + "' is not iterable");
    }
    Iterator& iterator = iterate(heap, container);
    while (const auto item = iterator.next()) {
        if (equals(heap, *item, element)) {
            return true;
        }
    }
    return false;
}

}  // namespace tendril::prompt::jinja
