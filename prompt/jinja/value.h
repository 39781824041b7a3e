// SPDX-License-Identifier: Apache-2.0
// The values of a template: small tagged handles to objects that a Heap owns. All but namespaces, cyclers,
// joiners and iterators are immutable once built. Copying is cheap; one thread at a time (a program's
// constants are only read).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prompt/jinja/heap.h"

namespace tendril::prompt::jinja {

class Interpreter;
class Value;
struct MacroNode;
struct Scope;

enum class Kind : std::uint8_t {
    missing,  ///< no value at all: an unset variable or an argument not given. Never seen by a template.
    undefined,
    none,
    boolean,
    integer,
    real,
    string,
    list,
    tuple,
    dict,
    view,  ///< dict.keys(), values(), items()
    range,
    space,  ///< namespace()
    iterator,
    macro,
    native,
    method,
    loop,
    cycler,
    joiner,
};

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string_view, Value>> named;
};
using NativeFunction = Value (*)(Interpreter&, const Arguments&);
using Method = Value (*)(Interpreter&, Value self, const Arguments&);

struct String;
struct List;
struct Dict;
struct View;
struct Range;
struct Iterator;
struct Macro;
struct Native;
struct BoundMethod;
struct Loop;
struct Cycler;
struct Joiner;
struct Undefined;

class Value {
  public:
    Value() : kind_(Kind::missing), integer_(0) {}
    explicit Value(bool value) : kind_(Kind::boolean), integer_(value ? 1 : 0) {}
    explicit Value(std::int64_t value) : kind_(Kind::integer), integer_(value) {}
    explicit Value(double value) : kind_(Kind::real), real_(value) {}
    Value(Kind kind, Object* object) : kind_(kind), object_(object) {}
    static Value none() { return Value(Kind::none, nullptr); }

    Kind kind() const { return kind_; }
    bool is(Kind kind) const { return kind_ == kind; }
    bool is_missing() const { return kind_ == Kind::missing; }
    bool is_none() const { return kind_ == Kind::none; }
    bool is_undefined() const { return kind_ == Kind::undefined; }
    bool is_string() const { return kind_ == Kind::string; }
    bool is_sequence() const { return kind_ == Kind::list || kind_ == Kind::tuple; }
    /// Python's int, of which bool is a kind.
    bool is_integral() const { return kind_ == Kind::integer || kind_ == Kind::boolean; }
    bool is_number() const { return is_integral() || kind_ == Kind::real; }

    std::int64_t integer() const { return integer_; }
    double real() const { return kind_ == Kind::real ? real_ : static_cast<double>(integer_); }
    Object* object() const { return object_; }
    template <typename T>
    T& as() const {
        return *static_cast<T*>(object_);
    }
    /// Of a string; borrowed from the heap.
    std::string_view text() const;
    const std::vector<Value>& items() const;  ///< of a list or tuple
    bool is_markup() const;                   ///< a string that `safe` or `escape` made

  private:
    Kind kind_;
    union {
        std::int64_t integer_;
        double real_;
        Object* object_;
    };
};

struct String : Object {
    String(std::string t, bool m);
    std::string text;
    std::size_t length;  ///< code points
    bool markup;
    bool ascii() const { return length == text.size(); }
};
struct List : Object {
    std::vector<Value> items;
};

/// Insertion-ordered. Lookups are charged to the heap, so that colliding keys end in a budget, not in
/// quadratic time.
struct Dict : Object {
    const Value* find(Heap& heap, const Value& key) const;
    const Value* find(Heap& heap, std::string_view key) const;
    void set(Heap& heap, Value key, Value value);
    std::vector<std::pair<Value, Value>> items;

  private:
    std::size_t slot(Heap& heap, const Value& key) const;  ///< index into items, or npos
    void reindex(Heap& heap);
    std::vector<std::size_t> hashes_;
    std::vector<std::uint32_t> table_;  ///< open addressing, index + 1; empty while the dict is small
};
struct View : Object {
    enum class Part : std::uint8_t { keys, values, items };
    View(const Dict& d, Part p) : dict(d), part(p) {}
    const Dict& dict;
    Part part;
};
struct Range : Object {
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::int64_t stop = 0;
    std::int64_t length = 0;
    /// Wraps like unsigned numbers, for indices that are outside of the range.
    std::int64_t at(std::int64_t index) const {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(start) +
                                         static_cast<std::uint64_t>(index) *
                                             static_cast<std::uint64_t>(step));
    }
};
/// A Python iterator: gives each element once. It may draw on another iterator, so each level counts as
/// depth.
struct Iterator : Object {
    Iterator(Heap& h, std::function<std::optional<Value>()> p) : heap(h), produce(std::move(p)) {}
    /// Empty when there is none left.
    std::optional<Value> next() {
        const Level level(heap);
        heap.step();
        return produce();
    }
    Heap& heap;
    std::function<std::optional<Value>()> produce;
};
struct Macro : Object {
    const MacroNode* node = nullptr;
    Scope* scope = nullptr;  ///< where it was defined
};
struct Native : Object {
    NativeFunction function = nullptr;
};
struct BoundMethod : Object {
    Value self;
    Method method = nullptr;
};
struct Cycler : Object {
    std::vector<Value> items;
    std::size_t position = 0;
};
struct Joiner : Object {
    Value separator;
    bool used = false;
};
struct Undefined : Object {
    Undefined(std::string m, ErrorCode c) : message(std::move(m)), code(c) {}
    std::string message;
    ErrorCode code;  ///< invalid_argument marks what the sandbox refuses
};

Value make_string(Heap& heap, std::string text, bool markup = false);
Value make_string(Heap& heap, Builder& builder, bool markup = false);
Value make_list(Heap& heap, std::vector<Value> items, Kind kind = Kind::list);
Value make_undefined(Heap& heap, std::string message, ErrorCode code = ErrorCode::malformed);
Iterator& new_iterator(Heap& heap, std::function<std::optional<Value>()> next);
Value make_iterator(Heap& heap, std::function<std::optional<Value>()> next);

}  // namespace tendril::prompt::jinja
