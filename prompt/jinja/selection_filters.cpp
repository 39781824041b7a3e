// SPDX-License-Identifier: Apache-2.0
// Filters that give iterators: map, select, reject and their attr forms, unique. Elements are made when they
// are asked for, as in jinja2. One thread at a time.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "prompt/jinja/filters.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

Iterator* nothing(Heap& heap) {
    return &new_iterator(heap, []() -> std::optional<Value> { return std::nullopt; });
}

Arguments without_first(const Arguments& arguments, std::size_t count) {
    Arguments rest = arguments;
    const auto end =
        rest.positional.begin() + static_cast<std::ptrdiff_t>(std::min(count, rest.positional.size()));
    rest.positional.erase(rest.positional.begin(), end);
    return rest;
}

/// The names in arguments belong to the tree or to strings of the heap, so that they outlive the call.
Iterator* open_map(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    Heap& heap = interpreter.heap();
    if (!truth(value)) {
        return nothing(heap);
    }
    std::function<Value(const Value&)> function;
    if (arguments.positional.empty()) {
        const auto given = bound(arguments, {"attribute", "default"}, 1);
        const Value otherwise = is_set(given[1]) ? given[1] : Value();
        function = [&interpreter, given, otherwise](const Value& element) {
            return attribute_path(interpreter, element, given[0], otherwise);
        };
    } else {
        const Value name = arguments.positional[0];
        if (!name.is_string()) {
            raise("map needs a filter's name");
        }
        function = [&interpreter, name, rest = without_first(arguments, 1)](const Value& element) {
            return interpreter.apply_filter(name.text(), element, rest);
        };
    }
    Iterator& source = iterate(heap, value);
    Iterator& iterator = new_iterator(heap, [function, &source]() -> std::optional<Value> {
        const auto element = source.next();
        return element.has_value() ? std::optional<Value>(function(*element)) : std::nullopt;
    });
    return &iterator;
}

template <bool kWanted, bool kAttribute>
Iterator* open_select(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    Heap& heap = interpreter.heap();
    if (!truth(value)) {
        return nothing(heap);
    }
    const auto& given = arguments.positional;
    if (kAttribute && given.empty()) {
        raise("Missing parameter for attribute name");
    }
    const Value attribute = kAttribute ? given[0] : Value();
    const std::size_t at = kAttribute ? 1 : 0;
    const Value test = given.size() > at ? given[at] : Value();
    if (!test.is_missing() && !test.is_string()) {
        raise("a test is named by a string");
    }
    Iterator& source = iterate(heap, value);
    Iterator& iterator = new_iterator(
        heap,
        [&interpreter, &source, attribute, test,
         rest = without_first(arguments, at + 1)]() -> std::optional<Value> {
            while (auto element = source.next()) {
                const Value subject =
                    kAttribute ? attribute_path(interpreter, *element, attribute) : *element;
                if ((test.is_missing() ? truth(subject)
                                       : interpreter.apply_test(test.text(), subject, rest)) == kWanted) {
                    return element;
                }
            }
            return std::nullopt;
        });
    return &iterator;
}

Iterator* open_unique(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"case_sensitive", "attribute"});
    Heap& heap = interpreter.heap();
    Iterator& source = iterate(heap, value);
    auto* seen = heap.make<Dict>();
    const bool exact = is_given(given[0]) && truth(given[0]);
    return &new_iterator(heap, [&interpreter, &heap, &source, seen, given, exact]() -> std::optional<Value> {
        while (auto element = source.next()) {
            const Value subject =
                is_set(given[1]) ? attribute_path(interpreter, *element, given[1]) : *element;
            const Value key = without_case(interpreter, subject, exact);
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

Value lazily(Heap& heap, std::function<Iterator*()> open) {
    return make_iterator(heap, [open = std::move(open), source = static_cast<Iterator*>(nullptr)]() mutable {
        if (source == nullptr) {
            source = open();
        }
        return source->next();
    });
}

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
    static constexpr FilterEntry kFilters[] = {{"map", later<open_map>},
                                               {"select", later<open_select<true, false>>},
                                               {"reject", later<open_select<false, false>>},
                                               {"selectattr", later<open_select<true, true>>},
                                               {"rejectattr", later<open_select<false, true>>},
                                               {"unique", later<open_unique>}};
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
