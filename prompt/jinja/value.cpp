// SPDX-License-Identifier: Apache-2.0
// Construction of template values and the ordered dictionary. One thread at a time.
#include "prompt/jinja/value.h"

#include "prompt/jinja/operations.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

constexpr std::size_t kSmallDict = 8;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

}  // namespace

String::String(std::string t, bool m) : text(std::move(t)), length(count_code_points(text)), markup(m) {}

std::string_view Value::text() const {
    return as<String>().text;
}
const std::vector<Value>& Value::items() const {
    return as<List>().items;
}
bool Value::is_markup() const {
    return kind_ == Kind::string && as<String>().markup;
}

std::size_t Dict::slot(Heap& heap, const Value& key) const {
    if (table_.empty()) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (equals(heap, items[i].first, key)) {
                return i;
            }
        }
        return kNone;
    }
    const std::size_t wanted = hash_of(heap, key);
    for (std::size_t at = wanted & (table_.size() - 1); table_[at] != 0;
         at = (at + 1) & (table_.size() - 1)) {
        heap.work(8);
        const std::size_t i = table_[at] - 1;
        if (hashes_[i] == wanted && equals(heap, items[i].first, key)) {
            return i;
        }
    }
    return kNone;
}

const Value* Dict::find(Heap& heap, const Value& key) const {
    const std::size_t i = slot(heap, key);
    return i == kNone ? nullptr : &items[i].second;
}

const Value* Dict::find(Heap& heap, std::string_view key) const {
    if (!table_.empty()) {
        return find(heap, make_string(heap, std::string(key)));
    }
    for (const auto& [name, value] : items) {
        if (name.is_string() && name.text() == key) {
            return &value;
        }
    }
    return nullptr;
}

void Dict::set(Heap& heap, Value key, Value value) {
    const std::size_t hash = hash_of(heap, key);  // also refuses unhashable keys
    const std::size_t i = slot(heap, key);
    if (i != kNone) {
        items[i].second = value;
        return;
    }
    heap.charge(sizeof(items[0]) + 2 * sizeof(std::size_t));
    items.emplace_back(key, value);
    hashes_.push_back(hash);
    if (items.size() > kSmallDict && items.size() * 2 > table_.size()) {
        reindex(heap);
    } else if (!table_.empty()) {
        std::size_t at = hash & (table_.size() - 1);
        while (table_[at] != 0) {
            heap.work(8);
            at = (at + 1) & (table_.size() - 1);
        }
        table_[at] = static_cast<std::uint32_t>(items.size());
    }
}

void Dict::reindex(Heap& heap) {
    table_.assign(table_.empty() ? 4 * kSmallDict : table_.size() * 2, 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
        std::size_t at = hashes_[i] & (table_.size() - 1);
        while (table_[at] != 0) {
            heap.work(8);
            at = (at + 1) & (table_.size() - 1);
        }
        table_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

Value make_string(Heap& heap, std::string text, bool markup) {
    heap.charge(text.size());
    return Value(Kind::string, heap.make<String>(std::move(text), markup));
}

Value make_string(Heap& heap, Builder& builder, bool markup) {
    return Value(Kind::string,
                 heap.make<String>(builder.take(), markup));  // the builder has paid for the text
}

Value make_list(Heap& heap, std::vector<Value> items, Kind kind) {
    heap.charge(items.size() * sizeof(Value));
    auto* list = heap.make<List>();
    list->items = std::move(items);
    return Value(kind, list);
}

Value make_undefined(Heap& heap, std::string message, ErrorCode code) {
    heap.charge(message.size());
    return Value(Kind::undefined, heap.make<Undefined>(std::move(message), code));
}

Iterator& new_iterator(Heap& heap, std::function<std::optional<Value>()> next) {
    heap.charge(64);
    return *heap.make<Iterator>(heap, std::move(next));
}

Value make_iterator(Heap& heap, std::function<std::optional<Value>()> next) {
    return Value(Kind::iterator, &new_iterator(heap, std::move(next)));
}

}  // namespace tendril::prompt::jinja
