// SPDX-License-Identifier: Apache-2.0
// Calls, attributes and the life of the template interpreter. One thread at a time.
#include <algorithm>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"

namespace tendril::prompt::jinja {

std::string macro_name_repr(const Macro& macro) {
    return macro.node->name.empty() ? "anonymous" : "'" + macro.node->name + "'";
}

Interpreter::Interpreter(const ParsedTemplate& program, const RenderBudget& budget, std::time_t now)
    : program_(program),
      heap_(budget.bytes, budget.steps, budget.depth),
      globals_(program.names.size()),
      top_(program.names.size()),
      calls_left_(budget.calls),
      output_left_(budget.output_bytes),
      now_(now),
      loop_name_(known_name("loop")),
      caller_name_(known_name("caller")),
      kwargs_name_(known_name("kwargs")),
      varargs_name_(known_name("varargs")) {
    root_ = &new_scope(nullptr);
    for (std::size_t i = 0; i < program.names.size(); ++i) {
        if (const NativeFunction function = find_global(program.names[i])) {
            auto* native = heap_.make<Native>();
            native->function = function;
            globals_[i] = Value(Kind::native, native);
        }
    }
}

std::optional<Name> Interpreter::known_name(std::string_view name) const {
    const auto found = std::find(program_.names.begin(), program_.names.end(), name);
    return found == program_.names.end()
               ? std::nullopt
               : std::optional<Name>(static_cast<Name>(found - program_.names.begin()));
}

void Interpreter::set_variable(std::string_view name, Value value) {
    if (const auto known = known_name(name)) {
        globals_[*known] = value;
    }
}

std::string Interpreter::render() {
    run(program_.body, *root_);
    return std::move(output_);
}

Scope& Interpreter::new_scope(Scope* parent) {
    auto* scope = heap_.make<Scope>();
    scope->parent = parent;
    return *scope;
}

void Interpreter::keep(Scope& scope) {
    for (Scope* at = &scope; at != nullptr && !at->kept; at = at->parent) {
        at->kept = true;
    }
}

void Interpreter::store(Name name, const Value& value, Scope& scope) {
    if (&scope == root_) {
        top_[name] = value;
        return;
    }
    heap_.work(scope.variables.size());
    for (auto& [known, old] : scope.variables) {
        if (known == name) {
            old = value;
            return;
        }
    }
    heap_.charge(sizeof(scope.variables[0]));
    scope.variables.emplace_back(name, value);
}

Value Interpreter::undefined_attribute(const Value& object, std::string_view name) {
    const std::string type = object.is_none() ? "None" : std::string(type_name(object)) + " object";
    return make_undefined(heap_, "'" + type + "' has no attribute '" + std::string(name) + "'");
}

Value Interpreter::object_attribute(const Value& object, std::string_view name) {
    switch (object.kind()) {
        case Kind::space: {
            const Value* found = object.as<Dict>().find(heap_, name);
            return found == nullptr ? Value() : *found;
        }
        case Kind::loop:
            return loop_attribute(object, name);
        case Kind::macro: {
            const MacroNode& node = *object.as<Macro>().node;
            if (name == "name") {
                return node.name.empty() ? Value::none() : string(node.name);
            }
            if (name == "catch_kwargs" || name == "catch_varargs" || name == "caller") {
                return Value(name == "caller"         ? node.uses_caller
                             : name == "catch_kwargs" ? node.uses_kwargs
                                                      : node.uses_varargs);
            }
            if (name == "arguments") {
                std::vector<Value> names;
                std::transform(node.parameters.begin(), node.parameters.end(), std::back_inserter(names),
                               [this](Name id) { return string(program_.names[id]); });
                return make_list(heap_, std::move(names), Kind::tuple);
            }
            return Value();
        }
        default:
            return find_attribute(*this, object, name);
    }
}

Value Interpreter::attribute(const Value& object, std::string_view name) {
    require_defined(object);
    Value value = object_attribute(object, name);
    if (value.is_missing() && !is_refused_attribute(object, name)) {
        const auto found = object.is(Kind::dict) ? object.as<Dict>().find(heap_, name) : nullptr;
        return found == nullptr ? undefined_attribute(object, name) : *found;
    }
    if (is_refused_attribute(object, name)) {
        return make_undefined(heap_,
                              "access to attribute '" + std::string(name) + "' of '" +
                                  std::string(type_name(object)) + "' object is unsafe",
                              ErrorCode::invalid_argument);
    }
    return value;
}

Value Interpreter::item(const Value& object, const Value& index) {
    if (const auto found = subscript(heap_, object, index)) {
        return *found;
    }
    if (index.is_string()) {
        if (is_refused_attribute(object, index.text())) {
            return attribute(object, index.text());
        }
        const Value value = object_attribute(object, index.text());
        return value.is_missing() ? undefined_attribute(object, index.text()) : value;
    }
    Builder message(heap_);
    message.add(std::string(type_name(object)) + " object has no element ");
    append_repr(message, heap_, index);
    return make_undefined(heap_, message.take());
}

Value Interpreter::call(const Value& callee, const Arguments& arguments) {
    require_defined(callee);
    switch (callee.kind()) {
        case Kind::macro:
            return call_macro(callee.as<Macro>(), arguments);
        case Kind::native:
            return callee.as<Native>().function(*this, arguments);
        case Kind::method:
            return callee.as<BoundMethod>().method(*this, callee.as<BoundMethod>().self, arguments);
        case Kind::loop:
            return call_loop(callee.as<Loop>(), arguments);
        case Kind::joiner: {
            auto& joiner = callee.as<Joiner>();
            return std::exchange(joiner.used, true) ? joiner.separator : string("");
        }
        default:
            raise("'" + std::string(type_name(callee)) + "' object is not callable");
    }
}

namespace {

/// The named argument, taken out of the list; missing when it is not there.
Value taken(std::vector<std::pair<std::string_view, Value>>& named, std::string_view name) {
    const auto found =
        std::find_if(named.begin(), named.end(), [&](const auto& entry) { return entry.first == name; });
    Value value;
    if (found != named.end()) {
        value = found->second;
        named.erase(found);
    }
    return value;
}

}  // namespace

/// As jinja2's Macro.__call__: what is not given is undefined until the defaults are evaluated, in order,
/// inside of the macro.
void Interpreter::bind_parameters(const Macro& macro, const Arguments& arguments, Scope& scope) {
    const MacroNode& node = *macro.node;
    const std::size_t count = node.parameters.size();
    Arguments rest{{}, arguments.named};
    std::vector<Value> given = arguments.positional;
    if (given.size() > count) {
        rest.positional.assign(given.begin() + static_cast<std::ptrdiff_t>(count), given.end());
        given.resize(count);
    }
    bool caller_given = given.size() == count && node.names_caller;
    for (std::size_t i = given.size(); i < count; ++i) {
        const std::string& name = program_.names[node.parameters[i]];
        caller_given = caller_given || name == "caller";
        given.push_back(taken(rest.named, name));
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& name = program_.names[node.parameters[i]];
        store(node.parameters[i],
              given[i].is_missing() ? make_undefined(heap_, "parameter '" + name + "' was not provided")
                                    : given[i],
              scope);
    }
    bind_special(macro, rest, caller_given, scope);
    const std::size_t first_default = count - node.defaults.size();
    for (std::size_t i = first_default; i < count; ++i) {
        if (given[i].is_missing()) {
            store(node.parameters[i], evaluate(*node.defaults[i - first_default], scope), scope);
        }
    }
}

/// caller, kwargs and varargs for macros that speak of them; an error where arguments are left over for
/// others.
void Interpreter::bind_special(const Macro& macro, Arguments& rest, bool caller_given, Scope& scope) {
    const MacroNode& node = *macro.node;
    if (node.uses_caller && !caller_given) {
        const Value caller = taken(rest.named, "caller");
        const bool none = caller.is_missing() || caller.is_none();
        store(*caller_name_, none ? make_undefined(heap_, "No caller defined") : caller, scope);
    }
    if (node.uses_kwargs) {
        auto* kwargs = heap_.make<Dict>();
        for (const auto& [name, value] : rest.named) {
            kwargs->set(heap_, string(name), value);
        }
        store(*kwargs_name_, Value(Kind::dict, kwargs), scope);
    } else if (!rest.named.empty()) {
        raise("macro " + macro_name_repr(macro) + " takes no keyword argument '" +
              std::string(rest.named[0].first) + "'");
    }
    if (node.uses_varargs) {
        store(*varargs_name_, make_list(heap_, std::move(rest.positional), Kind::tuple), scope);
    } else if (!rest.positional.empty()) {
        raise("macro " + macro_name_repr(macro) + " takes not more than " +
              std::to_string(node.parameters.size()) + " argument(s)");
    }
}

Value Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
    if (calls_left_ == 0) {
        raise("its macros call each other deeper than the limit allows", ErrorCode::too_large);
    }
    --calls_left_;
    Scope& scope = new_scope(macro.scope);
    bind_parameters(macro, arguments, scope);
    Builder text(heap_);
    captures_.push_back(&text);
    run(macro.node->body, scope);
    captures_.pop_back();
    ++calls_left_;
    return make_string(heap_, text);
}

Value Interpreter::call_loop(Loop& loop, const Arguments& arguments) {
    if (!loop.recursive) {
        raise("The loop must have the 'recursive' marker to be called recursively.");
    }
    const Value over = bound(arguments, {"iterable"}, 1)[0];
    if (calls_left_ == 0) {
        raise("its loop calls itself deeper than the limit allows", ErrorCode::too_large);
    }
    --calls_left_;
    Builder text(heap_);
    captures_.push_back(&text);
    run_loop(*loop.node, *loop.scope, over, loop.depth0 + 1);
    captures_.pop_back();
    ++calls_left_;
    return make_string(heap_, text);
}

bool Interpreter::peek(Loop& loop) {
    if (!loop.ahead.has_value() && !loop.ended) {
        loop.ahead = loop.source->next();
        loop.ended = !loop.ahead.has_value();
    }
    return loop.ahead.has_value();
}

std::int64_t Interpreter::loop_length(Loop& loop) {
    if (!loop.length.has_value()) {
        const bool looked_ahead = loop.ahead.has_value();
        const auto rest = make_list(heap_, elements(heap_, Value(Kind::iterator, loop.source)));
        loop.source = &iterate(heap_, rest);
        loop.length =
            static_cast<std::int64_t>(rest.items().size()) + loop.index0 + 1 + (looked_ahead ? 1 : 0);
    }
    return *loop.length;
}

namespace {

Value loop_cycle(Interpreter&, Value self, const Arguments& arguments) {
    if (arguments.positional.empty()) {
        raise("no items for cycling given");
    }
    return arguments
        .positional[static_cast<std::size_t>(self.as<Loop>().index0) % arguments.positional.size()];
}

Value loop_changed(Interpreter& interpreter, Value self, const Arguments& arguments) {
    auto& loop = self.as<Loop>();
    const Value now = make_list(interpreter.heap(), arguments.positional, Kind::tuple);
    const bool changed = loop.changed.is_missing() || !equals(interpreter.heap(), loop.changed, now);
    loop.changed = now;
    return Value(changed);
}

}  // namespace

Value Interpreter::loop_attribute(const Value& object, std::string_view name) {
    auto& loop = object.as<Loop>();
    const auto number = [](std::int64_t value) { return Value(value); };
    if (name == "index") {
        return number(loop.index0 + 1);
    }
    if (name == "index0") {
        return number(loop.index0);
    }
    if (name == "first") {
        return Value(loop.index0 == 0);
    }
    if (name == "last") {
        return Value(!peek(loop));
    }
    if (name == "length") {
        return number(loop_length(loop));
    }
    if (name == "revindex" || name == "revindex0") {
        return number(loop_length(loop) - loop.index0 - (name == "revindex" ? 0 : 1));
    }
    if (name == "depth" || name == "depth0") {
        return number(loop.depth0 + (name == "depth" ? 1 : 0));
    }
    if (name == "previtem") {
        return loop.index0 == 0 ? make_undefined(heap_, "there is no previous item") : loop.previous;
    }
    if (name == "nextitem") {
        return peek(loop) ? *loop.ahead : make_undefined(heap_, "there is no next item");
    }
    if (name == "cycle" || name == "changed") {
        auto* method = heap_.make<BoundMethod>();
        method->self = object;
        method->method = name == "cycle" ? loop_cycle : loop_changed;
        return Value(Kind::method, method);
    }
    return Value();
}

}  // namespace tendril::prompt::jinja
