// SPDX-License-Identifier: Apache-2.0
// Statements of the template interpreter. One thread at a time.
#include <utility>

#include "prompt/jinja/format.h"
#include "prompt/jinja/operations.h"
#include "prompt/jinja/runtime.h"

namespace tendril::prompt::jinja {

void Interpreter::write(std::string_view text) {
    if (!captures_.empty()) {
        captures_.back()->add(text);
        return;
    }
    if (text.size() > output_left_) {
        raise("its text grows longer than the limit allows", ErrorCode::too_large);
    }
    output_left_ -= text.size();
    output_ += text;
}

void Interpreter::write(const Value& value) {
    if (value.is_string()) {
        write(value.text());
    } else if (!value.is_undefined()) {
        Builder text(heap_);
        append_str(text, heap_, value);
        write(text.text());
    }
}

Interpreter::Flow Interpreter::run(const Body& body, Scope& scope) {
    const Level level(heap_);
    for (const auto& statement : body) {
        heap_.step();
        line_ = statement->line;
        const Flow flow = run(*statement, scope);
        if (flow != Flow::on) {
            return flow;
        }
    }
    return Flow::on;
}

Interpreter::Flow Interpreter::run(const Statement& statement, Scope& scope) {
    switch (statement.kind) {
        case Statement::Kind::text:
            write(statement.text);
            break;
        case Statement::Kind::print:
            for (const auto& expression : statement.expressions) {
                write(evaluate(*expression, scope));
            }
            break;
        case Statement::Kind::choice:
            return run_choice(statement, scope);
        case Statement::Kind::loop: {
            const Value over = evaluate(*statement.expressions[0], scope);
            return run_loop(statement, scope, over, 0);
        }
        case Statement::Kind::assign:
            run_assign(statement, scope);
            break;
        case Statement::Kind::capture:
            return run_capture(statement, scope);
        case Statement::Kind::macro: {
            auto* macro = heap_.make<Macro>();
            macro->node = statement.node.get();
            macro->scope = &scope;
            keep(scope);
            store(statement.name, Value(Kind::macro, macro), scope);
            break;
        }
        case Statement::Kind::call:
            run_call(statement, scope);
            break;
        case Statement::Kind::filter:
            return run_filter(statement, scope);
        case Statement::Kind::with:
            return run_with(statement, scope);
        case Statement::Kind::scope:
            return run(statement.bodies[0], new_scope(&scope));
        case Statement::Kind::block:
            return run(statement.bodies[0], new_scope(root_));
        case Statement::Kind::leave:
            return Flow::leave;
        case Statement::Kind::proceed:
            return Flow::proceed;
        case Statement::Kind::evaluate:
            evaluate(*statement.expressions[0], scope);
            break;
        case Statement::Kind::unavailable:
            raise("'" + statement.text + "' is not available: a chat template stands alone",
                  ErrorCode::unsupported);
    }
    return Flow::on;
}

Interpreter::Flow Interpreter::run_choice(const Statement& statement, Scope& scope) {
    for (std::size_t i = 0; i < statement.expressions.size(); ++i) {
        if (truth(evaluate(*statement.expressions[i], scope))) {
            return run(statement.bodies[i], scope);
        }
    }
    return run(statement.otherwise, scope);
}

/// The elements for which the loop's `if` holds, found when they are asked for.
Iterator& Interpreter::filtered(const Statement& statement, Scope& scope, const Value& over) {
    Iterator& source = iterate(heap_, over);
    if (statement.expressions[1] == nullptr) {
        return source;
    }
    Scope& test_scope = new_scope(&scope);
    return make_iterator(heap_,
                         [this, &statement, &source, &test_scope]() -> std::optional<Value> {
                             while (auto element = source.next()) {
                                 test_scope.variables.clear();
                                 assign(*statement.target, *element, test_scope);
                                 if (truth(evaluate(*statement.expressions[1], test_scope))) {
                                     return element;
                                 }
                             }
                             return std::nullopt;
                         })
        .as<Iterator>();
}

bool Interpreter::advance(Loop& loop) {
    std::optional<Value> element = std::exchange(loop.ahead, std::nullopt);
    if (!element.has_value() && !loop.ended) {
        element = loop.source->next();
    }
    if (!element.has_value()) {
        return false;
    }
    ++loop.index0;
    loop.previous = loop.current;
    loop.current = *element;
    return true;
}

Interpreter::Flow Interpreter::run_loop(const Statement& statement, Scope& scope, const Value& over,
                                        std::int64_t depth0) {
    auto* loop = heap_.make<Loop>();
    loop->node = &statement;
    loop->scope = &scope;
    loop->depth0 = depth0;
    loop->recursive = statement.recursive;
    loop->source = &filtered(statement, scope, over);
    if (statement.expressions[1] == nullptr) {
        loop->length = length_of(over);
    }
    Scope* inner = nullptr;
    bool finished = false;
    while (advance(*loop)) {
        heap_.step();
        // A scope that a macro may have kept is not used again.
        if (inner == nullptr || inner->kept) {
            inner = &new_scope(&scope);
        }
        inner->variables.clear();
        if (loop_name_.has_value()) {
            inner->variables.emplace_back(*loop_name_, Value(Kind::loop, loop));
        }
        assign(*statement.target, loop->current, *inner);
        const Flow flow = run(statement.bodies[0], *inner);
        finished = finished || flow == Flow::on;
        if (flow == Flow::leave) {
            break;
        }
    }
    // jinja2 takes `else` unless a turn ran to its end; turns that break or continue do not count.
    return finished ? Flow::on : run(statement.otherwise, new_scope(&scope));
}

Interpreter::Flow Interpreter::run_capture(const Statement& statement, Scope& scope) {
    Builder text(heap_);
    captures_.push_back(&text);
    Scope& inner = new_scope(&scope);
    const Flow flow = run(statement.bodies[0], inner);
    captures_.pop_back();
    if (flow != Flow::on) {
        return flow;
    }
    Value value = make_string(heap_, text);
    if (statement.expressions[0] != nullptr) {
        value = evaluate_chain(*statement.expressions[0], inner, value, Value());
    }
    assign(*statement.target, value, scope);
    return Flow::on;
}

Interpreter::Flow Interpreter::run_filter(const Statement& statement, Scope& scope) {
    Builder text(heap_);
    captures_.push_back(&text);
    Scope& inner = new_scope(&scope);
    const Flow flow = run(statement.bodies[0], inner);
    captures_.pop_back();
    if (flow == Flow::on) {
        write(evaluate_chain(*statement.expressions[0], inner, make_string(heap_, text), Value()));
    }
    return flow;
}

Interpreter::Flow Interpreter::run_with(const Statement& statement, Scope& scope) {
    Scope& inner = new_scope(&scope);
    for (std::size_t i = 0; i < statement.targets.size(); ++i) {
        assign(*statement.targets[i], evaluate(*statement.expressions[i], scope), inner);
    }
    return run(statement.bodies[0], inner);
}

void Interpreter::run_call(const Statement& statement, Scope& scope) {
    auto* caller = heap_.make<Macro>();
    caller->node = statement.node.get();
    caller->scope = &scope;
    keep(scope);
    const Expression& chain = *statement.expressions[0];
    const Value base = evaluate(*chain.operands[0], scope);
    write(evaluate_chain(chain, scope, base, Value(Kind::macro, caller)));
}

/// jinja2 checks all namespaces of a target before it evaluates anything.
void Interpreter::require_spaces(const Expression& target, Scope& scope) {
    if (target.kind == Expression::Kind::space_attribute) {
        const Value* space = find(target.name, scope);
        if (space == nullptr || !space->is(Kind::space)) {
            raise("cannot assign attribute on non-namespace object");
        }
    }
    for (const auto& part : target.operands) {
        require_spaces(*part, scope);
    }
}

void Interpreter::run_assign(const Statement& statement, Scope& scope) {
    require_spaces(*statement.target, scope);
    assign(*statement.target, evaluate(*statement.expressions[0], scope), scope);
}

void Interpreter::assign(const Expression& target, const Value& value, Scope& scope) {
    if (target.kind == Expression::Kind::name) {
        store(target.name, value, scope);
        return;
    }
    if (target.kind == Expression::Kind::space_attribute) {
        const Value* space = find(target.name, scope);
        if (space == nullptr || !space->is(Kind::space)) {
            raise("cannot assign attribute on non-namespace object");
        }
        space->as<Dict>().set(heap_, string(target.text), value);
        return;
    }
    const std::size_t wanted = target.operands.size();
    std::vector<Value> parts;
    Iterator& source = iterate(heap_, value);
    while (parts.size() <= wanted) {
        const auto part = source.next();
        if (!part.has_value()) {
            break;
        }
        parts.push_back(*part);
    }
    if (parts.size() != wanted) {
        raise(std::string(parts.size() < wanted ? "not enough" : "too many") +
              " values to unpack (expected " + std::to_string(wanted) + ")");
    }
    for (std::size_t i = 0; i < wanted; ++i) {
        assign(*target.operands[i], parts[i], scope);
    }
}

}  // namespace tendril::prompt::jinja
