// SPDX-License-Identifier: Apache-2.0
// Evaluates a parsed template. One Interpreter renders once, on one thread; scopes follow jinja2's rules:
// for, macro, call, filter, with and set blocks have their own, if has none.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prompt/jinja/ast.h"
#include "prompt/jinja/heap.h"
#include "prompt/jinja/parser.h"
#include "prompt/jinja/value.h"

namespace tendril::prompt::jinja {

/// Variables by name; inner scopes are short, so they are searched. Owned by the heap, because macros keep
/// the scope that they were defined in.
struct Scope : Object {
    Scope* parent = nullptr;
    bool kept = false;  ///< a macro refers to it
    std::vector<std::pair<Name, Value>> variables;
};

/// What `loop` is inside of a for.
struct Loop : Object {
    const Statement* node = nullptr;
    Scope* scope = nullptr;  ///< around the for, for loop(...)
    Iterator* source = nullptr;
    std::optional<std::int64_t> length;
    std::optional<Value> ahead;  ///< the next element, when it was looked at
    bool ended = false;          ///< a look ahead found no next element
    Value previous;
    Value current;
    Value changed;
    std::int64_t index0 = -1;
    std::int64_t depth0 = 0;
    bool recursive = false;
};

struct RenderBudget {
    std::size_t steps;
    std::size_t bytes;
    std::size_t depth;  ///< nesting of nodes, values and calls together: the stack's bound
    std::size_t calls;  ///< macros inside macros
    std::size_t output_bytes;
};

std::string macro_name_repr(const Macro& macro);

class Interpreter {
  public:
    Interpreter(const ParsedTemplate& program, const RenderBudget& budget, std::time_t now);

    void set_variable(std::string_view name, Value value);
    std::string render();

    Heap& heap() { return heap_; }
    std::time_t now() const { return now_; }
    /// The line that is being evaluated.
    int line() const { return line_; }

    /// environment.getattr and getitem of the sandbox.
    Value attribute(const Value& object, std::string_view name);
    Value item(const Value& object, const Value& index);
    Value call(const Value& callee, const Arguments& arguments);
    Value apply_filter(std::string_view name, const Value& value, const Arguments& arguments);
    bool apply_test(std::string_view name, const Value& value, const Arguments& arguments);

    // Values on this heap.
    Value string(std::string_view text) { return make_string(heap_, std::string(text)); }
    Value undefined_attribute(const Value& object, std::string_view name);

  private:
    enum class Flow { on, leave, proceed };

    // Statements (statements.cpp)
    Flow run(const Body& body, Scope& scope);
    Flow run(const Statement& statement, Scope& scope);
    Flow run_choice(const Statement& statement, Scope& scope);
    Flow run_loop(const Statement& statement, Scope& scope, const Value& over, std::int64_t depth0);
    Flow run_capture(const Statement& statement, Scope& scope);
    Flow run_filter(const Statement& statement, Scope& scope);
    Flow run_with(const Statement& statement, Scope& scope);
    void run_call(const Statement& statement, Scope& scope);
    void run_assign(const Statement& statement, Scope& scope);
    void assign(const Expression& target, const Value& value, Scope& scope);
    void require_spaces(const Expression& target, Scope& scope);
    Iterator& filtered(const Statement& statement, Scope& scope, const Value& over);
    bool advance(Loop& loop);
    void write(std::string_view text);
    void write(const Value& value);

    // Expressions (expressions.cpp)
    Value evaluate(const Expression& expression, Scope& scope);
    Value evaluate_binary(const Expression& expression, Scope& scope);
    Value evaluate_compare(const Expression& expression, Scope& scope);
    Value evaluate_chain(const Expression& expression, Scope& scope, Value value, const Value& caller);
    Value evaluate_postfix(const Postfix& postfix, Scope& scope, const Value& value, const Value& caller);
    Value evaluate_dict(const Expression& expression, Scope& scope);
    Value evaluate_concat(const Expression& expression, Scope& scope);
    std::vector<Value> evaluate_all(const std::vector<ExpressionPtr>& expressions, Scope& scope);
    Arguments evaluate_arguments(const CallArguments& arguments, Scope& scope);
    const Value* find(Name name, const Scope& scope) const;
    Value load(Name name, const Scope& scope);

    // Calls (calls.cpp)
    Value call_macro(const Macro& macro, const Arguments& arguments);
    void bind_parameters(const Macro& macro, const Arguments& arguments, Scope& scope);
    void bind_special(const Macro& macro, Arguments& rest, bool caller_given, Scope& scope);
    Value call_loop(Loop& loop, const Arguments& arguments);
    Value object_attribute(const Value& object, std::string_view name);
    Value loop_attribute(const Value& object, std::string_view name);
    std::int64_t loop_length(Loop& loop);
    bool peek(Loop& loop);

    Scope& new_scope(Scope* parent);
    static void keep(Scope& scope);
    void store(Name name, const Value& value, Scope& scope);
    std::optional<Name> known_name(std::string_view name) const;

    const ParsedTemplate& program_;
    Heap heap_;
    Scope* root_ = nullptr;
    std::vector<Value> globals_;  ///< by Name: the caller's variables, else built-in functions
    std::vector<Value> top_;      ///< by Name: the variables of the root scope
    std::size_t calls_left_;
    std::size_t output_left_;
    std::time_t now_;
    int line_ = 1;
    std::optional<Name> loop_name_;  ///< empty when the template never says `loop`
    std::optional<Name> caller_name_;
    std::optional<Name> kwargs_name_;
    std::optional<Name> varargs_name_;
    std::vector<Builder*> captures_;
    std::string output_;
};

}  // namespace tendril::prompt::jinja
