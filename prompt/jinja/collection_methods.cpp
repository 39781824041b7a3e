// SPDX-License-Identifier: Apache-2.0
// Methods of Python's dict, list and tuple for templates; those that would change them are refused elsewhere.
// One thread at a time.
#include <algorithm>
#include <string>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"

namespace tendril::prompt::jinja {
namespace {

template <View::Part kPart>
Value view(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    return Value(Kind::view, interpreter.heap().make<View>(self.as<Dict>(), kPart));
}

Value get(Interpreter& interpreter, Value self, const Arguments& arguments) {
    if (!arguments.named.empty()) {
        raise("dict.get() takes no keyword arguments");
    }
    const auto given = bound(arguments, {"key", "default"}, 1);
    hash_of(interpreter.heap(), given[0]);  // refuses unhashable keys
    const Value* found = self.as<Dict>().find(interpreter.heap(), given[0]);
    return found != nullptr ? *found : given[1].is_missing() ? Value::none() : given[1];
}

Value copy_dict(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    auto* dict = interpreter.heap().make<Dict>();
    for (const auto& [key, value] : self.as<Dict>().items) {
        dict->set(interpreter.heap(), key, value);
    }
    return Value(Kind::dict, dict);
}

Value fromkeys(Interpreter& interpreter, Value, const Arguments& arguments) {
    const auto given = bound(arguments, {"iterable", "value"}, 1);
    auto* dict = interpreter.heap().make<Dict>();
    for (const Value& key : elements(interpreter.heap(), given[0])) {
        dict->set(interpreter.heap(), key, given[1].is_missing() ? Value::none() : given[1]);
    }
    return Value(Kind::dict, dict);
}

Value copy_list(Interpreter& interpreter, Value self, const Arguments& arguments) {
    bound(arguments, {});
    return make_list(interpreter.heap(), elements(interpreter.heap(), self));
}

Value index(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const auto given = bound(arguments, {"value", "start", "stop"}, 1);
    const auto items = elements(interpreter.heap(), self);
    const auto length = static_cast<std::int64_t>(items.size());
    const auto clip = [&](const Value& value, std::int64_t otherwise) {
        const std::int64_t at = value.is_missing() ? otherwise : to_index(value);
        return std::clamp<std::int64_t>(at < 0 ? at + length : at, 0, length);
    };
    const std::int64_t stop = clip(given[2], length);
    for (std::int64_t i = clip(given[1], 0); i < stop; ++i) {
        if (equals(interpreter.heap(), items[static_cast<std::size_t>(i)], given[0])) {
            return Value(i);
        }
    }
    raise("the value is not in the list");
}

Value count(Interpreter& interpreter, Value self, const Arguments& arguments) {
    const Value wanted = bound(arguments, {"value"}, 1)[0];
    const auto items = elements(interpreter.heap(), self);
    return Value(static_cast<std::int64_t>(std::count_if(items.begin(), items.end(), [&](const Value& item) {
        return equals(interpreter.heap(), item, wanted);
    })));
}

template <std::size_t N>
Method found_in(const std::pair<std::string_view, Method> (&methods)[N], std::string_view name) {
    const auto* found = std::find_if(std::begin(methods), std::end(methods),
                                     [&](const auto& entry) { return entry.first == name; });
    return found == std::end(methods) ? nullptr : found->second;
}

}  // namespace

Method find_dict_method(std::string_view name) {
    static constexpr std::pair<std::string_view, Method> kMethods[] = {{"items", view<View::Part::items>},
                                                                       {"keys", view<View::Part::keys>},
                                                                       {"values", view<View::Part::values>},
                                                                       {"get", get},
                                                                       {"copy", copy_dict},
                                                                       {"fromkeys", fromkeys}};
    return found_in(kMethods, name);
}

Method find_list_method(std::string_view name) {
    static constexpr std::pair<std::string_view, Method> kMethods[] = {
        {"index", index}, {"count", count}, {"copy", copy_list}};
    return found_in(kMethods, name);
}

}  // namespace tendril::prompt::jinja
