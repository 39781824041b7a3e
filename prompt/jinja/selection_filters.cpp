// SPDX-License-Identifier: Apache-2.0
// Filters that give iterators: map, select, reject and their attr forms, unique. Elements are made when they
// are asked for, as in jinja2. One thread at a time.
#include <string>

#include "prompt/jinja/filters.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// The names in arguments belong to the tree or to strings of the heap, so that they outlive the call.
Value map(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    Heap& heap = interpreter.heap();
    if (!truth(value)) {
        return make_iterator(heap, []() -> std::optional<Value> { return std::nullopt; });
    }
    if (arguments.positional.empty()) {
        const auto given = bound(arguments, {"attribute", "default"}, 1);
        Iterator& source = iterate(heap, value);
        return make_iterator(heap, [&interpreter, &source, given]() -> std::optional<Value> {
            const auto element = source.next();
            return element.has_value()
                       ? std::optional<Value>(attribute_path(interpreter, *element, given[0],
                                                             is_set(given[1]) ? given[1] : Value()))
                       : std::nullopt;
        });
    }
    Arguments rest = arguments;
    const Value name = rest.positional[0];
    rest.positional.erase(rest.positional.begin());
    if (!name.is_string()) {
        raise("map needs a filter's name");
    }
    Iterator& source = iterate(heap, value);
    return make_iterator(heap, [&interpreter, &source, name, rest]() -> std::optional<Value> {
        const auto element = source.next();
        return element.has_value()
                   ? std::optional<Value>(interpreter.apply_filter(name.text(), *element, rest))
                   : std::nullopt;
    });
}

template <bool kWanted, bool kAttribute>
Value select(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    Heap& heap = interpreter.heap();
    if (!truth(value)) {
        return make_iterator(heap, []() -> std::optional<Value> { return std::nullopt; });
    }
    Arguments rest = arguments;
    const auto take = [&rest] {
        Value value_taken;
        if (!rest.positional.empty()) {
            value_taken = rest.positional[0];
            rest.positional.erase(rest.positional.begin());
        }
        return value_taken;
    };
    const Value attribute = kAttribute ? take() : Value();
    if (kAttribute && attribute.is_missing()) {
        raise("Missing parameter for attribute name");
    }
    const Value test = take();
    if (!test.is_missing() && !test.is_string()) {
        raise("a test is named by a string");
    }
    Iterator& source = iterate(heap, value);
    return make_iterator(heap, [&interpreter, &source, attribute, test, rest]() -> std::optional<Value> {
        while (auto element = source.next()) {
            const Value subject = kAttribute ? attribute_path(interpreter, *element, attribute) : *element;
            if ((test.is_missing() ? truth(subject) : interpreter.apply_test(test.text(), subject, rest)) ==
                kWanted) {
                return element;
            }
        }
        return std::nullopt;
    });
}

Value unique(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"case_sensitive", "attribute"});
    Heap& heap = interpreter.heap();
    Iterator& source = iterate(heap, value);
    auto* seen = heap.make<Dict>();
    const bool exact = is_given(given[0]) && truth(given[0]);
    return make_iterator(heap, [&interpreter, &heap, &source, seen, given, exact]() -> std::optional<Value> {
        while (auto element = source.next()) {
            const Value key = without_case(
                interpreter, is_set(given[1]) ? attribute_path(interpreter, *element, given[1]) : *element,
                exact);
            hash_of(heap, key);  // refuses unhashable keys
            if (seen->find(heap, key) == nullptr) {
                seen->set(heap, key, Value(true));
                return element;
            }
        }
        return std::nullopt;
    });
}

}  // namespace

Value attribute_path(Interpreter& interpreter, const Value& item, const Value& attribute,
                     const Value& otherwise) {
    const auto step = [&](const Value& from, const Value& key) {
        const Value next = interpreter.item(from, key);
        return next.is_undefined() && is_given(otherwise) ? otherwise : next;
    };
    if (!is_set(attribute)) {
        return item;
    }
    if (!attribute.is_string()) {
        return step(item, attribute);
    }
    Value value = item;
    const auto path = attribute.text();
    for (std::size_t i = 0; i <= path.size();) {
        const std::size_t dot = std::min(path.find('.', i), path.size());
        const auto part = path.substr(i, dot - i);
        const bool number = !part.empty() && part.size() < 10 &&
                            part.find_first_not_of("0123456789") == std::string_view::npos;
        value = step(value, number ? Value(static_cast<std::int64_t>(std::stol(std::string(part))))
                                   : interpreter.string(part));
        i = dot + 1;
    }
    return value;
}

Value without_case(Interpreter& interpreter, const Value& value, bool case_sensitive) {
    if (case_sensitive || !value.is_string()) {
        return value;
    }
    interpreter.heap().work(value.text().size());
    return make_string(interpreter.heap(), to_lower(value.text()));
}

Filter find_selection_filter(std::string_view name) {
    static constexpr FilterEntry kFilters[] = {{"map", map},
                                               {"select", select<true, false>},
                                               {"reject", select<false, false>},
                                               {"selectattr", select<true, true>},
                                               {"rejectattr", select<false, true>},
                                               {"unique", unique}};
    return found_in(kFilters, name);
}

Filter find_filter(std::string_view name) {
    for (const auto find :
         {find_text_filter, find_number_filter, find_sequence_filter, find_selection_filter}) {
        if (const Filter filter = find(name)) {
            return filter;
        }
    }
    return nullptr;
}

Value Interpreter::apply_filter(std::string_view name, const Value& value, const Arguments& arguments) {
    const Filter filter = find_filter(name);
    if (filter == nullptr) {
        raise("No filter named '" + std::string(name) + "'", ErrorCode::unsupported);
    }
    return filter(*this, value, arguments);
}

}  // namespace tendril::prompt::jinja
