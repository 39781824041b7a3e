// SPDX-License-Identifier: Apache-2.0
// Expressions of the template interpreter. One thread at a time.
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"

namespace tendril::prompt::jinja {

const Value* Interpreter::find(Name name, const Scope& scope) const {
    for (const Scope* at = &scope; at != root_; at = at->parent) {
        for (const auto& [known, value] : at->variables) {
            if (known == name) {
                return &value;
            }
        }
    }
    const Value& top = top_[name];
    return top.is_missing() ? (globals_[name].is_missing() ? nullptr : &globals_[name]) : &top;
}

Value Interpreter::load(Name name, const Scope& scope) {
    if (const Value* value = find(name, scope)) {
        return *value;
    }
    return make_undefined(heap_, "'" + program_.names[name] + "' is undefined");
}

Value Interpreter::evaluate(const Expression& expression, Scope& scope) {
    const Level level(heap_);
    heap_.step();
    line_ = expression.line;
    switch (expression.kind) {
        case Expression::Kind::constant:
            return expression.constant;
        case Expression::Kind::name:
            return load(expression.name, scope);
        case Expression::Kind::space_attribute:
            break;
        case Expression::Kind::tuple:
            return make_list(heap_, evaluate_all(expression.operands, scope), Kind::tuple);
        case Expression::Kind::list:
            return make_list(heap_, evaluate_all(expression.operands, scope));
        case Expression::Kind::dict:
            return evaluate_dict(expression, scope);
        case Expression::Kind::chain:
            return evaluate_chain(expression, scope, evaluate(*expression.operands[0], scope), Value());
        case Expression::Kind::binary:
            return evaluate_binary(expression, scope);
        case Expression::Kind::compare:
            return evaluate_compare(expression, scope);
        case Expression::Kind::all:
        case Expression::Kind::any: {
            Value value;
            for (const auto& operand : expression.operands) {
                value = evaluate(*operand, scope);
                if (truth(value) == (expression.kind == Expression::Kind::any)) {
                    break;
                }
            }
            return value;
        }
        case Expression::Kind::negation:
            return Value(!truth(evaluate(*expression.operands[0], scope)));
        case Expression::Kind::minus:
            return negative(evaluate(*expression.operands[0], scope));
        case Expression::Kind::plus:
            return positive(evaluate(*expression.operands[0], scope));
        case Expression::Kind::concat:
            return evaluate_concat(expression, scope);
        case Expression::Kind::conditional:
            if (truth(evaluate(*expression.operands[1], scope))) {
                return evaluate(*expression.operands[0], scope);
            }
            if (expression.operands.size() > 2) {
                return evaluate(*expression.operands[2], scope);
            }
            return make_undefined(
                heap_, "the inline if-expression evaluated to false and no else section was defined");
    }
    raise("a namespace's attribute is a target of set only", ErrorCode::internal);
}

std::vector<Value> Interpreter::evaluate_all(const std::vector<ExpressionPtr>& expressions, Scope& scope) {
    std::vector<Value> values;
    values.reserve(expressions.size());
    for (const auto& expression : expressions) {
        values.push_back(evaluate(*expression, scope));
    }
    return values;
}

Value Interpreter::evaluate_dict(const Expression& expression, Scope& scope) {
    auto* dict = heap_.make<Dict>();
    for (std::size_t i = 0; i + 1 < expression.operands.size(); i += 2) {
        const Value key = evaluate(*expression.operands[i], scope);
        dict->set(heap_, key, evaluate(*expression.operands[i + 1], scope));
    }
    return Value(Kind::dict, dict);
}

Value Interpreter::evaluate_binary(const Expression& expression, Scope& scope) {
    Value value = evaluate(*expression.operands[0], scope);
    for (std::size_t i = 0; i < expression.operators.size(); ++i) {
        const Value right = evaluate(*expression.operands[i + 1], scope);
        line_ = expression.line;
        value = arithmetic(heap_, expression.operators[i], value, right);
    }
    return value;
}

Value Interpreter::evaluate_compare(const Expression& expression, Scope& scope) {
    Value left = evaluate(*expression.operands[0], scope);
    Value result;
    for (std::size_t i = 0; i < expression.operators.size(); ++i) {
        const Value right = evaluate(*expression.operands[i + 1], scope);
        result = compared(heap_, expression.operators[i], left, right);
        if (!truth(result)) {
            break;
        }
        left = right;
    }
    return result;
}

Value Interpreter::evaluate_concat(const Expression& expression, Scope& scope) {
    const std::vector<Value> parts = evaluate_all(expression.operands, scope);
    Builder text(heap_);
    for (const Value& part : parts) {
        append_str(text, heap_, part);
    }
    return make_string(heap_, text);
}

/// `caller` goes to the last call of the chain, which is a call block's.
Value Interpreter::evaluate_chain(const Expression& expression, Scope& scope, Value value,
                                  const Value& caller) {
    for (std::size_t i = 0; i < expression.postfixes.size(); ++i) {
        heap_.step();
        const bool last = i + 1 == expression.postfixes.size();
        value = evaluate_postfix(expression.postfixes[i], scope, value, last ? caller : Value());
    }
    return value;
}

Value Interpreter::evaluate_postfix(const Postfix& postfix, Scope& scope, const Value& value,
                                    const Value& caller) {
    line_ = postfix.line;
    switch (postfix.kind) {
        case Postfix::Kind::attribute:
            return attribute(value, postfix.name);
        case Postfix::Kind::item:
            return item(value, evaluate(*postfix.parts[0], scope));
        case Postfix::Kind::slice: {
            const auto part = [&](int i) {
                return postfix.parts[i] == nullptr ? Value() : evaluate(*postfix.parts[i], scope);
            };
            const Value start = part(0);
            const Value stop = part(1);
            return slice(heap_, value, start, stop, part(2));
        }
        default:
            break;
    }
    Arguments arguments = evaluate_arguments(postfix.arguments, scope);
    line_ = postfix.line;
    if (postfix.kind == Postfix::Kind::call) {
        if (!caller.is_missing()) {
            arguments.named.emplace_back("caller", caller);
        }
        const Value result = call(value, arguments);
        line_ = postfix.line;
        return result;
    }
    const bool filter = postfix.kind == Postfix::Kind::filter;
    if (filter ? postfix.filter == nullptr : postfix.test == nullptr) {
        raise("No " + std::string(filter ? "filter" : "test") + " named '" + postfix.name + "'",
              ErrorCode::unsupported);
    }
    if (filter) {
        return postfix.filter(*this, value, arguments);
    }
    return Value(postfix.test(*this, value, arguments) == (postfix.kind == Postfix::Kind::test));
}

Arguments Interpreter::evaluate_arguments(const CallArguments& given, Scope& scope) {
    Arguments arguments;
    arguments.positional = evaluate_all(given.positional, scope);
    if (given.star != nullptr) {
        const auto more = elements(heap_, evaluate(*given.star, scope));
        arguments.positional.insert(arguments.positional.end(), more.begin(), more.end());
    }
    for (const auto& [name, expression] : given.named) {
        arguments.named.emplace_back(name, evaluate(*expression, scope));
    }
    if (given.double_star == nullptr) {
        return arguments;
    }
    const Value more = evaluate(*given.double_star, scope);
    if (!more.is(Kind::dict)) {
        raise("argument after ** must be a mapping, not " + std::string(type_name(more)));
    }
    heap_.charge(more.as<Dict>().items.size() * sizeof(arguments.named[0]));
    for (const auto& [key, value] : more.as<Dict>().items) {
        if (!key.is_string()) {
            raise("keywords must be strings");
        }
        for (const auto& [name, expression] : given.named) {
            if (name == key.text()) {
                raise("got multiple values for keyword argument '" + name + "'");
            }
        }
        arguments.named.emplace_back(key.text(), value);
    }
    return arguments;
}

}  // namespace tendril::prompt::jinja
