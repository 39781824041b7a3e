// SPDX-License-Identifier: Apache-2.0
// Expressions of the template parser: jinja2's precedence, with chains kept flat. Pure; any thread.
#include <algorithm>
#include <array>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/parser.h"

namespace tendril::prompt::jinja {

ExpressionPtr Parser::make(Expression::Kind kind) const {
    auto expression = std::make_unique<Expression>();
    expression->kind = kind;
    expression->line = current().line;
    return expression;
}

ExpressionPtr Parser::constant(Value value) const {
    auto expression = make(Expression::Kind::constant);
    expression->constant = value;
    return expression;
}

ExpressionPtr Parser::as_chain(ExpressionPtr base) const {
    if (base != nullptr && base->kind == Expression::Kind::chain) {
        return base;
    }
    auto chain = make(Expression::Kind::chain);
    chain->line = base != nullptr ? base->line : chain->line;
    chain->operands.push_back(std::move(base));
    return chain;
}

ExpressionPtr Parser::parse_expression(bool with_condition) {
    return with_condition ? parse_conditional() : parse_logical(Expression::Kind::any);
}

ExpressionPtr Parser::parse_conditional() {
    const Deeper deeper(*this);
    auto value = parse_logical(Expression::Kind::any);
    std::size_t levels = 0;
    while (current().is_name("if")) {
        if (depth_left_ == 0) {
            raise("it nests deeper than the limit allows", ErrorCode::too_large, current().line);
        }
        --depth_left_;  // `a if b if c ...` nests to the left: no recursion here, but recursion when it is
                        // evaluated
        ++levels;
        auto conditional = make(Expression::Kind::conditional);
        next();
        conditional->operands.push_back(std::move(value));
        conditional->operands.push_back(parse_logical(Expression::Kind::any));
        if (skip_name("else")) {
            conditional->operands.push_back(parse_conditional());
        }
        value = std::move(conditional);
    }
    depth_left_ += levels;
    return value;
}

ExpressionPtr Parser::parse_logical(Expression::Kind kind) {
    const bool any = kind == Expression::Kind::any;
    const auto operand = [&] { return any ? parse_logical(Expression::Kind::all) : parse_not(); };
    auto first = operand();
    if (!current().is_name(any ? "or" : "and")) {
        return first;
    }
    auto logical = make(kind);
    logical->operands.push_back(std::move(first));
    while (skip_name(any ? "or" : "and")) {
        logical->operands.push_back(operand());
    }
    return logical;
}

ExpressionPtr Parser::parse_not() {
    if (!current().is_name("not")) {
        return parse_compare();
    }
    const Deeper deeper(*this);
    auto negation = make(Expression::Kind::negation);
    next();
    negation->operands.push_back(parse_not());
    return negation;
}

ExpressionPtr Parser::parse_compare() {
    static constexpr std::pair<std::string_view, Operator> kSymbols[] = {
        {"==", Operator::equal},      {"!=", Operator::not_equal}, {"<", Operator::less},
        {"<=", Operator::less_equal}, {">", Operator::greater},    {">=", Operator::greater_equal}};
    auto first = parse_sum();
    auto comparison = make(Expression::Kind::compare);
    comparison->operands.push_back(std::move(first));
    while (true) {
        const auto* symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols), [&](const auto& entry) {
            return current().is_symbol(entry.first);
        });
        if (symbol != std::end(kSymbols)) {
            next();
            comparison->operators.push_back(symbol->second);
        } else if (skip_name("in")) {
            comparison->operators.push_back(Operator::in);
        } else if (current().is_name("not") && ahead().is_name("in")) {
            next();
            next();
            comparison->operators.push_back(Operator::not_in);
        } else {
            break;
        }
        comparison->operands.push_back(parse_sum());
    }
    return comparison->operators.empty() ? std::move(comparison->operands[0]) : std::move(comparison);
}

template <typename Next>
ExpressionPtr Parser::parse_chain(Next operand,
                                  const std::vector<std::pair<std::string_view, Operator>>& symbols) {
    auto first = operand();
    ExpressionPtr binary;
    while (true) {
        const auto symbol = std::find_if(symbols.begin(), symbols.end(),
                                         [&](const auto& entry) { return current().is_symbol(entry.first); });
        if (symbol == symbols.end()) {
            return binary != nullptr ? std::move(binary) : std::move(first);
        }
        if (binary == nullptr) {
            binary = make(Expression::Kind::binary);
            binary->operands.push_back(std::move(first));
        }
        next();
        binary->operators.push_back(symbol->second);
        binary->operands.push_back(operand());
    }
}

ExpressionPtr Parser::parse_sum() {
    return parse_chain([this] { return parse_concat(); }, {{"+", Operator::add}, {"-", Operator::subtract}});
}

ExpressionPtr Parser::parse_concat() {
    auto first = parse_product();
    if (!current().is_symbol("~")) {
        return first;
    }
    auto concat = make(Expression::Kind::concat);
    concat->operands.push_back(std::move(first));
    while (skip_symbol("~")) {
        concat->operands.push_back(parse_product());
    }
    return concat;
}

ExpressionPtr Parser::parse_product() {
    return parse_chain([this] { return parse_power(); }, {{"*", Operator::multiply},
                                                          {"/", Operator::divide},
                                                          {"//", Operator::floor_divide},
                                                          {"%", Operator::modulo}});
}

ExpressionPtr Parser::parse_power() {
    return parse_chain([this] { return parse_unary(); }, {{"**", Operator::power}});
}

ExpressionPtr Parser::parse_unary(bool with_filter) {
    ExpressionPtr node;
    if (current().is_symbol("-") || current().is_symbol("+")) {
        const Deeper deeper(*this);
        node = make(current().is_symbol("-") ? Expression::Kind::minus : Expression::Kind::plus);
        next();
        node->operands.push_back(parse_unary(false));
    } else {
        node = parse_primary();
    }
    node = parse_postfix(std::move(node));
    return with_filter ? parse_filters_and_tests(std::move(node)) : std::move(node);
}

ExpressionPtr Parser::parse_name(bool as_target, bool with_space) {
    auto name = make(Expression::Kind::name);
    const Token token = next();
    const std::string& text = token.text;
    const bool is_true = token.is_name("true") || token.is_name("True");
    const bool is_none = token.is_name("none") || token.is_name("None");
    if (is_true || is_none || token.is_name("false") || token.is_name("False")) {
        if (as_target) {
            fail("can't assign to '" + text + "'");
        }
        name->kind = Expression::Kind::constant;
        name->constant = is_none ? Value::none() : Value(is_true);
        return name;
    }
    if (with_space && skip_symbol(".")) {
        name->kind = Expression::Kind::space_attribute;
        name->text = expect_name();
    } else if (as_target) {
        store(text);
    } else if (text == "caller" || text == "kwargs" || text == "varargs") {
        for (MacroNode* macro : macros_) {
            macro->uses_caller |= text == "caller";
            macro->uses_kwargs |= text == "kwargs";
            macro->uses_varargs |= text == "varargs";
        }
    }
    name->name = name_of(text);
    return name;
}

ExpressionPtr Parser::parse_primary(bool as_target, bool with_space) {
    const Token& token = current();
    if (token.kind == TokenKind::name) {
        return parse_name(as_target, with_space);
    }
    if (token.is_symbol("(")) {
        next();
        auto tuple = parse_tuple(true, true);
        expect_symbol(")");
        return tuple;
    }
    if (as_target) {
        fail("can't assign to '" + described(token) + "'");
    }
    switch (token.kind) {
        case TokenKind::string: {
            auto literal = make(Expression::Kind::constant);
            std::string text;
            while (current().kind == TokenKind::string) {
                text += next().text;
            }
            literal->constant = make_string(out_.heap, std::move(text));
            return literal;
        }
        case TokenKind::integer: {
            auto literal = constant(Value(token.integer));
            next();
            return literal;
        }
        case TokenKind::real: {
            auto literal = constant(Value(token.real));
            next();
            return literal;
        }
        default:
            break;
    }
    if (token.is_symbol("[")) {
        return parse_list();
    }
    if (token.is_symbol("{")) {
        return parse_dict();
    }
    fail("unexpected '" + described(token) + "'");
}

/// jinja2 means `in` and `recursive` to end a tuple after a comma as well, but its test for them never holds.
bool Parser::at_tuple_end() const {
    return current().kind == TokenKind::variable_end || current().kind == TokenKind::block_end ||
           current().is_symbol(")");
}

ExpressionPtr Parser::parse_tuple(bool with_condition, bool in_parentheses) {
    auto tuple = make(Expression::Kind::tuple);
    bool is_tuple = false;
    while (!at_tuple_end()) {
        tuple->operands.push_back(parse_expression(with_condition));
        if (!current().is_symbol(",")) {
            break;
        }
        next();
        is_tuple = true;
    }
    if (is_tuple) {
        return tuple;
    }
    if (!tuple->operands.empty()) {
        return std::move(tuple->operands[0]);
    }
    if (!in_parentheses) {
        fail("Expected an expression, got '" + described(current()) + "'");
    }
    return tuple;
}

ExpressionPtr Parser::parse_target(bool with_space) {
    const Deeper deeper(*this);
    auto tuple = make(Expression::Kind::tuple);
    bool is_tuple = false;
    while (!at_tuple_end()) {
        if (skip_symbol("(")) {
            tuple->operands.push_back(parse_target(with_space));
            expect_symbol(")");
        } else {
            tuple->operands.push_back(parse_primary(true, with_space));
        }
        if (!current().is_symbol(",")) {
            break;
        }
        next();
        is_tuple = true;
    }
    if (!is_tuple && tuple->operands.empty()) {
        fail("Expected an expression, got '" + described(current()) + "'");
    }
    return is_tuple ? std::move(tuple) : std::move(tuple->operands[0]);
}

ExpressionPtr Parser::parse_list() {
    auto list = make(Expression::Kind::list);
    expect_symbol("[");
    while (!current().is_symbol("]")) {
        list->operands.push_back(parse_expression());
        if (!current().is_symbol("]")) {
            expect_symbol(",");
        }
    }
    expect_symbol("]");
    return list;
}

ExpressionPtr Parser::parse_dict() {
    auto dict = make(Expression::Kind::dict);
    expect_symbol("{");
    while (!current().is_symbol("}")) {
        dict->operands.push_back(parse_expression());
        expect_symbol(":");
        dict->operands.push_back(parse_expression());
        if (!current().is_symbol("}")) {
            expect_symbol(",");
        }
    }
    expect_symbol("}");
    return dict;
}

}  // namespace tendril::prompt::jinja
