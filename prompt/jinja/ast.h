// SPDX-License-Identifier: Apache-2.0
// The tree that a template is compiled to. Chains (a.b|f, a + b + c) are flat lists, so that only real
// nesting costs stack. Immutable after parsing, owned by the Program; any thread may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "prompt/jinja/operations.h"
#include "prompt/jinja/value.h"

namespace tendril::prompt::jinja {

using Name = std::uint32_t;  ///< index into Program::names

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Body = std::vector<std::unique_ptr<Statement>>;

struct CallArguments {
    std::vector<ExpressionPtr> positional;
    std::vector<std::pair<std::string, ExpressionPtr>> named;
    ExpressionPtr star;
    ExpressionPtr double_star;
};

using Filter = Value (*)(Interpreter&, const Value&, const Arguments&);
using Test = bool (*)(Interpreter&, const Value&, const Arguments&);

/// What follows an expression: `.name`, `[index]`, `[a:b:c]`, `(arguments)`, `|filter`, `is test`.
struct Postfix {
    enum class Kind : std::uint8_t { attribute, item, slice, call, filter, test, test_not };
    Kind kind = Kind::attribute;
    int line = 0;
    std::string name;        ///< of the attribute, filter or test
    ExpressionPtr parts[3];  ///< item: the index; slice: start, stop, step (each may be absent)
    CallArguments arguments;
    Filter filter = nullptr;  ///< null when there is no filter (or test) of that name
    Test test = nullptr;
};

struct Expression {
    enum class Kind : std::uint8_t {
        constant,
        name,
        space_attribute,  ///< ns.x as a target of set
        tuple,
        list,
        dict,      ///< operands: key, value, key, value
        chain,     ///< operands[0] and postfixes
        binary,    ///< operands joined by operators, from the left
        compare,   ///< the same, as Python's chained comparison
        all,       ///< and
        any,       ///< or
        negation,  ///< not
        minus,
        plus,
        concat,
        conditional,  ///< operands: value, condition[, otherwise]
    };
    Kind kind = Kind::constant;
    int line = 0;
    Name name = 0;
    Value constant;
    std::string text;  ///< space_attribute: the attribute
    std::vector<ExpressionPtr> operands;
    std::vector<Operator> operators;
    std::vector<Postfix> postfixes;
};

/// A macro, or the body of a call block.
struct MacroNode {
    std::string name;  ///< empty for a call block
    std::vector<Name> parameters;
    std::vector<ExpressionPtr> defaults;  ///< of the last parameters
    Body body;
    bool uses_caller = false;
    bool uses_kwargs = false;
    bool uses_varargs = false;
    bool names_caller = false;  ///< `caller` is one of the parameters
};

struct Statement {
    enum class Kind : std::uint8_t {
        text,
        print,     ///< expressions
        choice,    ///< if: expressions[i] guards bodies[i]; otherwise
        loop,      ///< for: target, expressions[0] in, expressions[1] if (may be null); bodies[0], otherwise
        assign,    ///< set: target, expressions[0]
        capture,   ///< set block: target, expressions[0] a chain of filters on nothing, or null
        macro,     ///< node, stored under name
        call,      ///< call block: node, expressions[0]
        filter,    ///< filter block: expressions[0] a chain of filters on nothing
        with,      ///< targets, expressions
        scope,     ///< generation, autoescape: the body in a scope of its own
        block,     ///< bodies[0], seeing only the template's own variables
        leave,     ///< break
        proceed,   ///< continue
        evaluate,  ///< do
        unavailable,  ///< include, import, extends: an error once it is reached
    };
    Kind kind = Kind::text;
    int line = 0;
    std::string text;
    Name name = 0;
    bool recursive = false;
    ExpressionPtr target;
    std::vector<ExpressionPtr> targets;
    std::vector<ExpressionPtr> expressions;
    std::vector<Body> bodies;
    Body otherwise;
    std::unique_ptr<MacroNode> node;
};

}  // namespace tendril::prompt::jinja
