// SPDX-License-Identifier: Apache-2.0
// Length, iteration, indexing and slicing of template values as in Python. One thread at a time.
#include <algorithm>
#include <limits>
#include <string>

#include "prompt/jinja/operations.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

Value one_character(Heap& heap, const Value& text, std::size_t offset) {
    const auto whole = text.text();
    return make_string(heap, std::string(whole.substr(offset, code_point_bytes(whole, offset))),
                       text.is_markup());
}

std::size_t character_offset(Heap& heap, const Value& text, std::int64_t index) {
    if (text.as<String>().ascii()) {
        return static_cast<std::size_t>(index);
    }
    heap.work(static_cast<std::size_t>(index));
    return offset_of(text.text(), static_cast<std::size_t>(index));
}

Value pair_of(Heap& heap, const Value& first, const Value& second) {
    return make_list(heap, {first, second}, Kind::tuple);
}

Value view_element(Heap& heap, const View& view, std::size_t i) {
    const auto& [key, value] = view.dict.items[i];
    switch (view.part) {
        case View::Part::keys:
            return key;
        case View::Part::values:
            return value;
        case View::Part::items:
            break;
    }
    return pair_of(heap, key, value);
}

/// A generator over `count` elements given by index.
template <typename At>
Iterator& indexed(Heap& heap, std::size_t count, At at) {
    const Value iterator =
        make_iterator(heap, [count, at, i = std::size_t{0}]() mutable -> std::optional<Value> {
            return i == count ? std::nullopt : std::optional<Value>(at(i++));
        });
    return iterator.as<Iterator>();
}

struct Bounds {
    std::int64_t start;
    std::int64_t stop;
    std::int64_t step;
    std::int64_t count;
};

std::int64_t clipped(std::int64_t index, std::int64_t length, bool backwards) {
    if (index < 0) {
        index = index < -length ? (backwards ? -1 : 0) : index + length;
    }
    return std::min(index, backwards ? length - 1 : length);
}

/// slice.indices() and the number of elements.
Bounds slice_bounds(std::int64_t length, const Value& start, const Value& stop, const Value& step) {
    const std::int64_t by = step.is_missing() || step.is_none() ? 1 : to_index(step);
    if (by == 0) {
        raise("slice step cannot be zero");
    }
    const bool backwards = by < 0;
    const auto bound = [&](const Value& given, std::int64_t otherwise) {
        return given.is_missing() || given.is_none() ? otherwise
                                                     : clipped(to_index(given), length, backwards);
    };
    const std::int64_t from = bound(start, backwards ? length - 1 : 0);
    const std::int64_t to = bound(stop, backwards ? -1 : length);
    std::int64_t count = 0;
    if (backwards && to < from) {
        const auto size = static_cast<std::uint64_t>(from - to);
        count = static_cast<std::int64_t>((size - 1) / (~static_cast<std::uint64_t>(by) + 1)) + 1;
    } else if (!backwards && from < to) {
        count = (to - from - 1) / by + 1;
    }
    return {from, to, by, count};
}

Value string_slice(Heap& heap, const Value& text, const Bounds& bounds) {
    const auto whole = text.text();
    heap.work(whole.size() / 8 + static_cast<std::size_t>(bounds.count));
    if (bounds.step == 1) {
        const std::size_t first = character_offset(heap, text, bounds.start);
        const auto rest = whole.substr(first);
        const std::size_t bytes = text.as<String>().ascii()
                                      ? static_cast<std::size_t>(bounds.count)
                                      : offset_of(rest, static_cast<std::size_t>(bounds.count));
        return make_string(heap, std::string(rest.substr(0, bytes)), text.is_markup());
    }
    std::vector<std::size_t> offsets;
    heap.charge(whole.size() * sizeof(std::size_t));
    for (std::size_t i = 0; i < whole.size(); i += code_point_bytes(whole, i)) {
        offsets.push_back(i);
    }
    Builder out(heap);
    for (std::int64_t i = 0; i < bounds.count; ++i) {
        const std::size_t offset = offsets[static_cast<std::size_t>(bounds.start + i * bounds.step)];
        out.add(whole.substr(offset, code_point_bytes(whole, offset)));
    }
    return make_string(heap, out, text.is_markup());
}

}  // namespace

std::int64_t to_index(const Value& value) {
    require_defined(value);
    if (!value.is_integral()) {
        raise("'" + std::string(type_name(value)) + "' object cannot be interpreted as an integer");
    }
    return value.integer();
}

std::optional<std::int64_t> length_of(const Value& value) {
    switch (value.kind()) {
        case Kind::undefined:
            return 0;
        case Kind::string:
            return static_cast<std::int64_t>(value.as<String>().length);
        case Kind::list:
        case Kind::tuple:
            return static_cast<std::int64_t>(value.items().size());
        case Kind::dict:
            return static_cast<std::int64_t>(value.as<Dict>().items.size());
        case Kind::view:
            return static_cast<std::int64_t>(value.as<View>().dict.items.size());
        case Kind::range:
            return value.as<Range>().length;
        default:
            return std::nullopt;
    }
}

bool is_iterable(const Value& value) {
    return length_of(value).has_value() || value.is(Kind::iterator) || value.is(Kind::loop);
}

Iterator& iterate(Heap& heap, const Value& value) {
    switch (value.kind()) {
        case Kind::iterator:
            return value.as<Iterator>();
        case Kind::undefined:
            return indexed(heap, 0, [value](std::size_t) { return value; });
        case Kind::string:
            return make_iterator(heap,
                                 [&heap, value, at = std::size_t{0}]() mutable -> std::optional<Value> {
                                     if (at >= value.text().size()) {
                                         return std::nullopt;
                                     }
                                     const std::size_t here = at;
                                     at += code_point_bytes(value.text(), at);
                                     // Characters are plain even where the whole is markup.
                                     return make_string(heap,
                                                        std::string(value.text().substr(here, at - here)));
                                 })
                .as<Iterator>();
        case Kind::list:
        case Kind::tuple:
            return indexed(heap, value.items().size(), [value](std::size_t i) { return value.items()[i]; });
        case Kind::dict:
            return indexed(heap, value.as<Dict>().items.size(),
                           [value](std::size_t i) { return value.as<Dict>().items[i].first; });
        case Kind::view:
            return indexed(heap, value.as<View>().dict.items.size(),
                           [&heap, value](std::size_t i) { return view_element(heap, value.as<View>(), i); });
        case Kind::range:
            return indexed(heap, static_cast<std::size_t>(value.as<Range>().length), [value](std::size_t i) {
                return Value(value.as<Range>().at(static_cast<std::int64_t>(i)));
            });
        default:
            raise("'" + std::string(type_name(value)) + "' object is not iterable");
    }
}

std::vector<Value> elements(Heap& heap, const Value& value) {
    if (value.is_sequence()) {
        heap.charge(value.items().size() * sizeof(Value));
        return value.items();
    }
    std::vector<Value> items;
    Iterator& iterator = iterate(heap, value);
    while (auto item = iterator.next()) {
        heap.charge(sizeof(Value));
        items.push_back(*item);
    }
    return items;
}

std::optional<Value> subscript(Heap& heap, const Value& value, const Value& index) {
    require_defined(value);
    if (value.is(Kind::dict)) {
        if (index.is(Kind::list) || index.is(Kind::dict)) {
            return std::nullopt;
        }
        const Value* found = value.as<Dict>().find(heap, index);
        return found == nullptr ? std::nullopt : std::optional<Value>(*found);
    }
    const bool indexable = value.is_string() || value.is_sequence() || value.is(Kind::range);
    if (!indexable || !index.is_integral()) {
        return std::nullopt;
    }
    const std::int64_t length = *length_of(value);
    std::int64_t at = index.integer();
    if (at < -length || at >= length) {
        return std::nullopt;
    }
    at = at < 0 ? at + length : at;
    if (value.is_string()) {
        return one_character(heap, value, character_offset(heap, value, at));
    }
    return value.is(Kind::range) ? Value(value.as<Range>().at(at))
                                 : value.items()[static_cast<std::size_t>(at)];
}

Value slice(Heap& heap, const Value& value, const Value& start, const Value& stop, const Value& step) {
    require_defined(value);
    if (!value.is_string() && !value.is_sequence() && !value.is(Kind::range)) {
        raise("'" + std::string(type_name(value)) + "' object cannot be sliced");
    }
    const Bounds bounds = slice_bounds(*length_of(value), start, stop, step);
    if (value.is_string()) {
        return string_slice(heap, value, bounds);
    }
    if (value.is(Kind::range)) {
        const auto& old = value.as<Range>();
        auto* range = heap.make<Range>();
        range->start = old.at(bounds.start);
        range->stop = old.at(bounds.stop);
        range->length = bounds.count;
        if (__builtin_mul_overflow(old.step, bounds.step, &range->step)) {
            range->step = 1;  // at most one element is left, so that its step is never used
        }
        return Value(Kind::range, range);
    }
    heap.charge(static_cast<std::size_t>(bounds.count) * sizeof(Value));
    std::vector<Value> items;
    for (std::int64_t i = 0; i < bounds.count; ++i) {
        items.push_back(value.items()[static_cast<std::size_t>(bounds.start + i * bounds.step)]);
    }
    return make_list(heap, std::move(items), value.kind());
}

}  // namespace tendril::prompt::jinja
