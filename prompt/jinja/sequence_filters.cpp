// SPDX-License-Identifier: Apache-2.0
// Filters over whole sequences: order, groups, sums, joins. One thread at a time.
#include <string>

#include "prompt/jinja/filters.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/stable_order.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

bool flag(const Value& value) {
    return is_given(value) && truth(value);
}

Value length(Interpreter&, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    const auto count = length_of(value);
    if (!count.has_value()) {
        raise("object of type '" + std::string(type_name(value)) + "' has no len()");
    }
    return Value(*count);
}

Value first(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    const auto element = iterate(interpreter.heap(), value).next();
    return element.has_value() ? *element
                               : make_undefined(interpreter.heap(), "No first item, sequence was empty.");
}

bool is_reversible(const Value& value) {
    return length_of(value).has_value();
}

Value last(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    if (!is_reversible(value)) {
        raise("'" + std::string(type_name(value)) + "' object is not reversible");
    }
    const auto count = *length_of(value);
    if (count == 0) {
        return make_undefined(interpreter.heap(), "No last item, sequence was empty.");
    }
    if (const auto element = subscript(interpreter.heap(), value, Value(count - 1));
        element.has_value() && !value.is(Kind::dict)) {
        return *element;
    }
    return elements(interpreter.heap(), value).back();
}

Value list(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    return make_list(interpreter.heap(), elements(interpreter.heap(), value));
}

Value iterator_over(Heap& heap, std::vector<Value> items) {
    const Value all = make_list(heap, std::move(items));
    Iterator& source = iterate(heap, all);
    return Value(Kind::iterator, &source);
}

Value reverse(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    Heap& heap = interpreter.heap();
    if (value.is_string()) {
        return slice(heap, value, Value(), Value(), Value(std::int64_t{-1}));
    }
    auto items = elements(heap, value);
    std::reverse(items.begin(), items.end());
    return is_reversible(value) ? iterator_over(heap, std::move(items)) : make_list(heap, std::move(items));
}

Value join(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"d", "attribute"});
    Heap& heap = interpreter.heap();
    const auto separator = is_given(given[0]) ? text_of(heap, given[0]) : std::string_view();
    Builder out(heap);
    bool is_first = true;
    Iterator& source = iterate(heap, value);
    while (const auto element = source.next()) {
        out.add(is_first ? std::string_view() : separator);
        append_str(out, heap, is_set(given[1]) ? attribute_path(interpreter, *element, given[1]) : *element);
        is_first = false;
    }
    return make_string(heap, out);
}

Value sum(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"attribute", "start"});
    Heap& heap = interpreter.heap();
    if (given[1].is_string()) {
        raise("sum() can't sum strings");
    }
    Value total = is_given(given[1]) ? given[1] : Value(std::int64_t{0});
    Iterator& source = iterate(heap, value);
    while (const auto element = source.next()) {
        total = arithmetic(heap, Operator::add, total,
                           is_set(given[0]) ? attribute_path(interpreter, *element, given[0]) : *element);
    }
    return total;
}

template <bool kLargest>
Value extreme(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"case_sensitive", "attribute"});
    Heap& heap = interpreter.heap();
    Value best;
    Value best_key;
    Iterator& source = iterate(heap, value);
    while (const auto element = source.next()) {
        const Value key = without_case(
            interpreter, is_set(given[1]) ? attribute_path(interpreter, *element, given[1]) : *element,
            flag(given[0]));
        if (best_key.is_missing() ||
            (kLargest ? compare(heap, key, best_key, ">") > 0 : compare(heap, key, best_key) < 0)) {
            best = *element;
            best_key = key;
        }
    }
    return best.is_missing() ? make_undefined(heap, "No aggregated item, sequence was empty.") : best;
}

/// jinja2's key of sort: a list of the values of the comma-separated attributes.
Value sort_key(Interpreter& interpreter, const Value& item, const Value& attribute, bool case_sensitive) {
    std::vector<Value> keys;
    if (!is_set(attribute) || !attribute.is_string()) {
        keys.push_back(without_case(interpreter,
                                    is_set(attribute) ? attribute_path(interpreter, item, attribute) : item,
                                    case_sensitive));
    } else {
        const auto names = attribute.text();
        for (std::size_t i = 0; i <= names.size();) {
            const std::size_t comma = std::min(names.find(',', i), names.size());
            const Value name = interpreter.string(names.substr(i, comma - i));
            keys.push_back(
                without_case(interpreter, attribute_path(interpreter, item, name), case_sensitive));
            i = comma + 1;
        }
    }
    return make_list(interpreter.heap(), std::move(keys));
}

Value sort(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"reverse", "case_sensitive", "attribute"});
    const auto items = elements(interpreter.heap(), value);
    std::vector<Value> keys;
    for (const Value& item : items) {
        keys.push_back(sort_key(interpreter, item, given[2], flag(given[1])));
    }
    return make_list(interpreter.heap(), sorted_by(interpreter, items, keys, flag(given[0])));
}

Value dictsort(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"case_sensitive", "by", "reverse"});
    require_defined(value);
    const std::string_view by = is_given(given[1]) && given[1].is_string() ? given[1].text() : "key";
    if ((by != "key" && by != "value") || (is_given(given[1]) && !given[1].is_string())) {
        raise("You can only sort by either \"key\" or \"value\"");
    }
    if (!value.is(Kind::dict)) {
        raise("dictsort needs a mapping, not " + std::string(type_name(value)));
    }
    const auto items = elements(interpreter.heap(), find_dict_method("items")(interpreter, value, {}));
    std::vector<Value> keys;
    for (const Value& item : items) {
        keys.push_back(without_case(interpreter, item.items()[by == "key" ? 0 : 1], flag(given[0])));
    }
    return make_list(interpreter.heap(), sorted_by(interpreter, items, keys, flag(given[2])));
}

Value groupby(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"attribute", "default", "case_sensitive"}, 1);
    Heap& heap = interpreter.heap();
    const Value otherwise = is_set(given[1]) ? given[1] : Value();
    const auto key_of = [&](const Value& item, bool exact) {
        return without_case(interpreter, attribute_path(interpreter, item, given[0], otherwise), exact);
    };
    const auto items = elements(heap, value);
    std::vector<Value> keys;
    for (const Value& item : items) {
        keys.push_back(key_of(item, flag(given[2])));
    }
    std::vector<Value> groups;
    std::vector<Value> members;
    const auto close = [&] {
        if (!members.empty()) {
            const Value key = key_of(members[0], true);
            groups.push_back(
                make_list(heap, {key, make_list(heap, std::exchange(members, {}))}, Kind::tuple));
        }
    };
    for (const Value& item : sorted_by(interpreter, items, keys, false)) {
        if (!members.empty() &&
            !equals(heap, key_of(members[0], flag(given[2])), key_of(item, flag(given[2])))) {
            close();
        }
        members.push_back(item);
    }
    close();
    return make_list(heap, std::move(groups));
}

Iterator* open_batch(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"linecount", "fill_with"}, 1);
    Heap& heap = interpreter.heap();
    const std::int64_t size = to_index(given[0]);
    std::vector<Value> lines;
    std::vector<Value> line;
    for (const Value& item : elements(heap, value)) {
        if (static_cast<std::int64_t>(line.size()) == size) {
            lines.push_back(make_list(heap, std::exchange(line, {})));
        }
        line.push_back(item);
    }
    if (!line.empty()) {
        if (is_set(given[1]) && static_cast<std::int64_t>(line.size()) < size) {
            std::size_t bytes = 0;
            if (__builtin_mul_overflow(static_cast<std::size_t>(size), sizeof(Value), &bytes)) {
                raise("a line of batch is too long", ErrorCode::too_large);
            }
            heap.charge(bytes);
            line.resize(static_cast<std::size_t>(size), given[1]);
        }
        lines.push_back(make_list(heap, std::move(line)));
    }
    return &iterator_over(heap, std::move(lines)).as<Iterator>();
}

Iterator* open_slices(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    const auto given = bound(arguments, {"slices", "fill_with"}, 1);
    Heap& heap = interpreter.heap();
    const auto items = elements(heap, value);
    const std::int64_t count = to_index(given[0]);
    if (count == 0) {
        raise("integer division or modulo by zero");
    }
    std::vector<Value> columns;
    const auto size = static_cast<std::int64_t>(items.size());
    std::int64_t start = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        heap.step();
        const bool extra = i < size % count;
        const std::int64_t end = start + size / count + (extra ? 1 : 0);
        std::vector<Value> column(items.begin() + start, items.begin() + end);
        if (is_set(given[1]) && !extra) {
            column.push_back(given[1]);
        }
        columns.push_back(make_list(heap, std::move(column)));
        start = end;
    }
    return &iterator_over(heap, std::move(columns)).as<Iterator>();
}

Iterator* open_items(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
    bound(arguments, {});
    if (value.is_undefined()) {
        return &iterator_over(interpreter.heap(), {}).as<Iterator>();
    }
    if (!value.is(Kind::dict)) {
        raise("Can only get item pairs from a mapping.");
    }
    return &iterate(interpreter.heap(), find_dict_method("items")(interpreter, value, {}));
}

}  // namespace

std::vector<Value> sorted_by(Interpreter& interpreter, const std::vector<Value>& items,
                             const std::vector<Value>& keys, bool reverse) {
    Heap& heap = interpreter.heap();
    heap.charge(items.size() * (sizeof(Value) + 2 * sizeof(std::size_t)));
    const auto order = stable_order(items.size(), [&](std::size_t a, std::size_t b) {
        heap.work(16);
        return reverse ? compare(heap, keys[b], keys[a]) < 0 : compare(heap, keys[a], keys[b]) < 0;
    });
    std::vector<Value> sorted;
    for (const std::size_t i : order) {
        sorted.push_back(items[i]);
    }
    return sorted;
}

Filter find_sequence_filter(std::string_view name) {
    static constexpr FilterEntry kFilters[] = {{"length", length},
                                               {"count", length},
                                               {"first", first},
                                               {"last", last},
                                               {"list", list},
                                               {"reverse", reverse},
                                               {"join", join},
                                               {"sum", sum},
                                               {"min", extreme<false>},
                                               {"max", extreme<true>},
                                               {"sort", sort},
                                               {"dictsort", dictsort},
                                               {"groupby", groupby},
                                               {"batch", later<open_batch>},
                                               {"slice", later<open_slices>},
                                               {"items", later<open_items>}};
    return found_in(kFilters, name);
}

}  // namespace tendril::prompt::jinja
