// SPDX-License-Identifier: Apache-2.0
// Global functions of templates, attributes of values by type, and the binding of arguments to parameters.
// One thread at a time.
#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <string>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

constexpr std::int64_t kLargestRange = 100'000;  // of jinja2's sandbox

Value global_range(Interpreter& interpreter, const Arguments& arguments) {
    const auto& given = arguments.positional;
    if (given.empty() || given.size() > 3 || !arguments.named.empty()) {
        raise("range expected 1 to 3 arguments");
    }
    const std::int64_t start = given.size() == 1 ? 0 : to_index(given[0]);
    const std::int64_t stop = to_index(given[given.size() == 1 ? 0 : 1]);
    const std::int64_t step = given.size() == 3 ? to_index(given[2]) : 1;
    if (step == 0) {
        raise("range() arg 3 must not be zero");
    }
    std::uint64_t length = 0;
    if (step > 0 && start < stop) {
        length = (static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start) - 1) /
                     static_cast<std::uint64_t>(step) +
                 1;
    } else if (step < 0 && start > stop) {
        length = (static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop) - 1) /
                     (~static_cast<std::uint64_t>(step) + 1) +
                 1;
    }
    if (length > static_cast<std::uint64_t>(kLargestRange)) {
        raise("a range is larger than 100000 numbers", ErrorCode::too_large);
    }
    auto* range = interpreter.heap().make<Range>();
    range->start = start;
    range->step = step;
    range->stop = stop;
    range->length = static_cast<std::int64_t>(length);
    return Value(Kind::range, range);
}

/// dict(mapping or pairs, name=value)
Dict& dict_from(Interpreter& interpreter, const Arguments& arguments) {
    Heap& heap = interpreter.heap();
    auto* dict = heap.make<Dict>();
    if (arguments.positional.size() > 1) {
        raise("dict expected at most 1 argument, got " + std::to_string(arguments.positional.size()));
    }
    if (!arguments.positional.empty()) {
        const Value& from = arguments.positional[0];
        if (from.is(Kind::dict)) {
            for (const auto& [key, value] : from.as<Dict>().items) {
                dict->set(heap, key, value);
            }
        } else {
            for (const Value& pair : elements(heap, from)) {
                const auto parts = elements(heap, pair);
                if (parts.size() != 2) {
                    raise("an element of dict()'s argument is not a pair");
                }
                dict->set(heap, parts[0], parts[1]);
            }
        }
    }
    for (const auto& [name, value] : arguments.named) {
        dict->set(heap, interpreter.string(name), value);
    }
    return *dict;
}

Value global_dict(Interpreter& interpreter, const Arguments& arguments) {
    return Value(Kind::dict, &dict_from(interpreter, arguments));
}

Value global_namespace(Interpreter& interpreter, const Arguments& arguments) {
    return Value(Kind::space, &dict_from(interpreter, arguments));
}

Value global_raise(Interpreter& interpreter, const Arguments& arguments) {
    const Value message = bound(arguments, {"message"}, 1)[0];
    raise(std::string(text_of(interpreter.heap(), message)), ErrorCode::unsupported);
}

Value global_strftime(Interpreter& interpreter, const Arguments& arguments) {
    const Value format = bound(arguments, {"format"}, 1)[0];
    require_defined(format);
    if (!format.is_string()) {
        raise("strftime() argument 1 must be str, not " + std::string(type_name(format)));
    }
    std::tm local{};
    const std::time_t now = interpreter.now();
    localtime_r(&now, &local);
    // A final mark tells an empty result from one that did not fit.
    const std::string pattern = std::string(format.text()) + "|";
    std::string text(256 + 16 * pattern.size(), '\0');
    interpreter.heap().charge(text.size());
    text.resize(std::strftime(text.data(), text.size(), pattern.c_str(), &local));
    if (text.empty()) {
        raise("the date's format is too long");
    }
    text.pop_back();
    return interpreter.string(is_valid_utf8(text) ? text : repaired_utf8(text));
}

Value global_cycler(Interpreter& interpreter, const Arguments& arguments) {
    if (arguments.positional.empty() || !arguments.named.empty()) {
        raise("at least one item has to be provided");
    }
    auto* cycler = interpreter.heap().make<Cycler>();
    cycler->items = arguments.positional;
    return Value(Kind::cycler, cycler);
}

Value global_joiner(Interpreter& interpreter, const Arguments& arguments) {
    const Value separator = bound(arguments, {"sep"})[0];
    auto* joiner = interpreter.heap().make<Joiner>();
    joiner->separator = separator.is_missing() ? interpreter.string(", ") : separator;
    return Value(Kind::joiner, joiner);
}

Value cycler_next(Interpreter&, Value self, const Arguments&) {
    auto& cycler = self.as<Cycler>();
    const Value current = cycler.items[cycler.position];
    cycler.position = (cycler.position + 1) % cycler.items.size();
    return current;
}

Value cycler_reset(Interpreter&, Value self, const Arguments&) {
    self.as<Cycler>().position = 0;
    return Value::none();
}

Method cycler_method(std::string_view name) {
    return name == "next" ? cycler_next : name == "reset" ? cycler_reset : nullptr;
}

bool is_python_internal(std::string_view name) {
    constexpr std::string_view kNames[] = {
        "__class__", "__delattr__",      "__dir__",     "__doc__",    "__eq__",           "__format__",
        "__ge__",    "__getattribute__", "__gt__",      "__hash__",   "__init__",         "__init_subclass__",
        "__le__",    "__lt__",           "__ne__",      "__new__",    "__reduce__",       "__reduce_ex__",
        "__repr__",  "__setattr__",      "__sizeof__",  "__str__",    "__subclasshook__", "__len__",
        "__iter__",  "__contains__",     "__getitem__", "__add__",    "__mul__",          "__getstate__",
        "__dict__",  "__globals__",      "__call__",    "__module__", "__mro__",          "__subclasses__",
        "__bases__"};
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

NativeFunction find_global(std::string_view name) {
    static constexpr std::pair<std::string_view, NativeFunction> kGlobals[] = {
        {"range", global_range},           {"dict", global_dict},
        {"namespace", global_namespace},   {"raise_exception", global_raise},
        {"strftime_now", global_strftime}, {"cycler", global_cycler},
        {"joiner", global_joiner}};
    const auto* found = std::find_if(std::begin(kGlobals), std::end(kGlobals),
                                     [&](const auto& entry) { return entry.first == name; });
    return found == std::end(kGlobals) ? nullptr : found->second;
}

bool is_refused_attribute(const Value& object, std::string_view name) {
    constexpr std::string_view kDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
    constexpr std::string_view kList[] = {"append", "clear", "pop",    "reverse",
                                          "insert", "sort",  "extend", "remove"};
    if (object.is(Kind::dict) && std::find(std::begin(kDict), std::end(kDict), name) != std::end(kDict)) {
        return true;
    }
    if (object.is(Kind::list) && std::find(std::begin(kList), std::end(kList), name) != std::end(kList)) {
        return true;
    }
    if (object.is(Kind::space) || object.is(Kind::loop)) {
        return name.substr(0, 1) == "_";
    }
    return is_python_internal(name);
}

Value find_attribute(Interpreter& interpreter, const Value& object, std::string_view name) {
    Method method = nullptr;
    switch (object.kind()) {
        case Kind::string:
            method = find_string_method(name);
            break;
        case Kind::dict:
            method = find_dict_method(name);
            break;
        case Kind::list:
        case Kind::tuple:
            method = name == "copy" && object.is(Kind::tuple) ? nullptr : find_list_method(name);
            break;
        case Kind::cycler:
            if (name == "current") {
                return object.as<Cycler>().items[object.as<Cycler>().position];
            }
            method = cycler_method(name);
            break;
        case Kind::range:
            if (name == "start" || name == "stop" || name == "step") {
                const auto& range = object.as<Range>();
                return Value(name == "start" ? range.start : name == "step" ? range.step : range.stop);
            }
            method = name == "index" || name == "count" ? find_list_method(name) : nullptr;
            break;
        case Kind::boolean:
        case Kind::integer:
            if (name == "real" || name == "imag" || name == "numerator" || name == "denominator") {
                return Value(name == "imag"          ? std::int64_t{0}
                             : name == "denominator" ? std::int64_t{1}
                                                     : object.integer());
            }
            break;
        default:
            break;
    }
    if (method == nullptr) {
        return Value();
    }
    auto* bound_method = interpreter.heap().make<BoundMethod>();
    bound_method->self = object;
    bound_method->method = method;
    return Value(Kind::method, bound_method);
}

std::vector<Value> bound(const Arguments& arguments, std::initializer_list<std::string_view> parameters,
                         std::size_t required) {
    if (arguments.positional.size() > parameters.size()) {
        raise("takes at most " + std::to_string(parameters.size()) + " arguments, " +
              std::to_string(arguments.positional.size()) + " were given");
    }
    std::vector<Value> values = arguments.positional;
    values.resize(parameters.size());
    for (const auto& [name, value] : arguments.named) {
        const auto at = static_cast<std::size_t>(std::find(parameters.begin(), parameters.end(), name) -
                                                 parameters.begin());
        if (at == parameters.size()) {
            raise("got an unexpected keyword argument '" + std::string(name) + "'");
        }
        if (!values[at].is_missing()) {
            raise("got multiple values for argument '" + std::string(name) + "'");
        }
        values[at] = value;
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (values[i].is_missing()) {
            raise("missing a required argument: '" + std::string(*(parameters.begin() + i)) + "'");
        }
    }
    return values;
}

}  // namespace tendril::prompt::jinja
