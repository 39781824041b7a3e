// SPDX-License-Identifier: Apache-2.0
// What follows an expression in the template parser: attributes, subscripts, calls, filters, tests. Pure; any
// thread.
#include <algorithm>
#include <utility>

#include "prompt/jinja/builtins.h"
#include "prompt/jinja/parser.h"

namespace tendril::prompt::jinja {

ExpressionPtr Parser::parse_postfix(ExpressionPtr base) {
    while (current().is_symbol(".") || current().is_symbol("[") || current().is_symbol("(")) {
        base = as_chain(std::move(base));
        if (current().is_symbol("(")) {
            auto& call = base->postfixes.emplace_back();
            call.kind = Postfix::Kind::call;
            call.line = current().line;
            call.arguments = parse_arguments();
        } else {
            parse_subscript(*base);
        }
    }
    return base;
}

ExpressionPtr Parser::parse_filters_and_tests(ExpressionPtr base) {
    while (true) {
        if (current().is_symbol("|")) {
            base = as_chain(std::move(base));
            next();
            parse_filter(*base);
        } else if (current().is_name("is")) {
            base = as_chain(std::move(base));
            parse_test(*base);
        } else if (current().is_symbol("(")) {
            base = parse_postfix(std::move(base));
        } else {
            return base;
        }
    }
}

ExpressionPtr Parser::parse_filters(ExpressionPtr base, bool inline_first) {
    auto chain = as_chain(std::move(base));
    if (inline_first) {
        parse_filter(*chain);
    }
    while (skip_symbol("|")) {
        parse_filter(*chain);
    }
    return chain->postfixes.empty() ? nullptr : std::move(chain);
}

void Parser::parse_subscript(Expression& chain) {
    Postfix postfix;
    postfix.line = current().line;
    const bool dotted = next().text == ".";
    if (!dotted) {
        parse_subscripted(postfix);
    } else if (current().kind == TokenKind::name) {
        postfix.kind = Postfix::Kind::attribute;
        postfix.name = next().text;
    } else if (current().kind == TokenKind::integer) {
        postfix.kind = Postfix::Kind::item;
        postfix.parts[0] = constant(Value(current().integer));
        next();
    } else {
        fail("expected name or number");
    }
    chain.postfixes.push_back(std::move(postfix));
}

void Parser::parse_subscripted(Postfix& postfix) {
    postfix.kind = Postfix::Kind::item;
    if (current().is_symbol("]")) {  // x[] is x[()]
        postfix.parts[0] = make(Expression::Kind::tuple);
        next();
        return;
    }
    if (!current().is_symbol(":")) {
        postfix.parts[0] = parse_expression();
        if (current().is_symbol(",")) {
            auto tuple = make(Expression::Kind::tuple);
            tuple->operands.push_back(std::move(postfix.parts[0]));
            while (skip_symbol(",")) {
                tuple->operands.push_back(parse_expression());
            }
            postfix.parts[0] = std::move(tuple);
        }
    }
    if (current().is_symbol(":")) {
        postfix.kind = Postfix::Kind::slice;
        for (int part = 1; part <= 2 && skip_symbol(":"); ++part) {
            if (!current().is_symbol(":") && !current().is_symbol("]")) {
                postfix.parts[part] = parse_expression();
            }
        }
    }
    expect_symbol("]");
}

void Parser::parse_filter(Expression& chain) {
    Postfix postfix;
    postfix.kind = Postfix::Kind::filter;
    postfix.line = current().line;
    postfix.name = expect_name();
    while (skip_symbol(".")) {
        postfix.name += "." + expect_name();
    }
    if (current().is_symbol("(")) {
        postfix.arguments = parse_arguments();
    }
    postfix.filter = find_filter(postfix.name);
    chain.postfixes.push_back(std::move(postfix));
}

void Parser::parse_test(Expression& chain) {
    Postfix postfix;
    postfix.line = current().line;
    next();
    postfix.kind = skip_name("not") ? Postfix::Kind::test_not : Postfix::Kind::test;
    postfix.name = expect_name();
    while (skip_symbol(".")) {
        postfix.name += "." + expect_name();
    }
    const Token& token = current();
    const bool value = token.kind == TokenKind::name || token.kind == TokenKind::string ||
                       token.kind == TokenKind::integer || token.kind == TokenKind::real ||
                       token.is_symbol("[") || token.is_symbol("{");
    if (token.is_symbol("(")) {
        postfix.arguments = parse_arguments();
    } else if (value && !token.is_name("else") && !token.is_name("or") && !token.is_name("and")) {
        if (token.is_name("is")) {
            fail("You cannot chain multiple tests with is");
        }
        postfix.arguments.positional.push_back(parse_postfix(parse_primary()));
    }
    postfix.test = find_test(postfix.name);
    chain.postfixes.push_back(std::move(postfix));
}

CallArguments Parser::parse_arguments() {
    CallArguments arguments;
    const int line = current().line;
    const auto ensure = [&](bool allowed) {
        if (!allowed) {
            fail_at("invalid syntax for function call expression", line);
        }
    };
    expect_symbol("(");
    for (bool first = true; !current().is_symbol(")"); first = false) {
        if (!first) {
            expect_symbol(",");
            if (current().is_symbol(")")) {
                break;
            }
        }
        if (skip_symbol("*")) {
            ensure(arguments.star == nullptr && arguments.double_star == nullptr);
            arguments.star = parse_expression();
        } else if (skip_symbol("**")) {
            ensure(arguments.double_star == nullptr);
            arguments.double_star = parse_expression();
        } else if (current().kind == TokenKind::name && ahead().is_symbol("=")) {
            ensure(arguments.double_star == nullptr);
            const std::string name = next().text;
            next();
            ensure(std::none_of(arguments.named.begin(), arguments.named.end(),
                                [&](const auto& n) { return n.first == name; }));
            arguments.named.emplace_back(name, parse_expression());
        } else {
            ensure(arguments.star == nullptr && arguments.double_star == nullptr && arguments.named.empty());
            arguments.positional.push_back(parse_expression());
        }
    }
    expect_symbol(")");
    return arguments;
}

}  // namespace tendril::prompt::jinja
