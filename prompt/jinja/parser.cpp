// SPDX-License-Identifier: Apache-2.0
// Token handling of the template parser, and the check for unknown filters and tests. Pure; any thread.
#include "prompt/jinja/parser.h"

#include <utility>

namespace tendril::prompt::jinja {
namespace {

/// An unknown filter or test is an error at once, but inside if and inline if only when it is reached: as in
/// jinja2.
void check_known(const Expression* expression, bool soft);

void check_known(const CallArguments& arguments, bool soft) {
    for (const auto& argument : arguments.positional) {
        check_known(argument.get(), soft);
    }
    for (const auto& argument : arguments.named) {
        check_known(argument.second.get(), soft);
    }
    check_known(arguments.star.get(), soft);
    check_known(arguments.double_star.get(), soft);
}

void check_known(const Expression* expression, bool soft) {
    if (expression == nullptr) {
        return;
    }
    soft = soft || expression->kind == Expression::Kind::conditional;
    for (const auto& operand : expression->operands) {
        check_known(operand.get(), soft);
    }
    for (const Postfix& postfix : expression->postfixes) {
        const bool filter = postfix.kind == Postfix::Kind::filter;
        const bool test = postfix.kind == Postfix::Kind::test || postfix.kind == Postfix::Kind::test_not;
        if (!soft && ((filter && postfix.filter == nullptr) || (test && postfix.test == nullptr))) {
            raise("No " + std::string(filter ? "filter" : "test") + " named '" + postfix.name + "'",
                  ErrorCode::unsupported, postfix.line);
        }
        for (const auto& part : postfix.parts) {
            check_known(part.get(), soft);
        }
        check_known(postfix.arguments, soft);
    }
}

void check_known(const Body& body, bool soft) {
    for (const auto& statement : body) {
        const bool choice = statement->kind == Statement::Kind::choice;
        const bool inner = choice || (soft && (statement->kind == Statement::Kind::print ||
                                               statement->kind == Statement::Kind::assign ||
                                               statement->kind == Statement::Kind::evaluate));
        for (const auto& expression : statement->expressions) {
            // A loop's source, a call block's call and the like are evaluated in the frame around them.
            check_known(expression.get(), choice || inner ||
                                              (soft && statement->kind != Statement::Kind::filter &&
                                               statement->kind != Statement::Kind::capture));
        }
        for (const Body& part : statement->bodies) {
            check_known(part, choice);
        }
        check_known(statement->otherwise, choice);
        if (statement->node != nullptr) {
            for (const auto& expression : statement->node->defaults) {
                check_known(expression.get(), false);
            }
            check_known(statement->node->body, false);
        }
    }
}

}  // namespace

Parser::Deeper::Deeper(Parser& parser) : parser_(parser) {
    if (parser_.depth_left_ == 0) {
        raise("it nests deeper than the limit allows", ErrorCode::too_large, parser.current().line);
    }
    --parser_.depth_left_;
}

Parser::Parser(std::vector<Token> tokens, std::size_t depth, ParsedTemplate& out)
    : tokens_(std::move(tokens)), depth_left_(depth), out_(out) {}

Token Parser::next() {
    Token token = current();
    position_ += position_ + 1 < tokens_.size() ? 1 : 0;
    return token;
}

bool Parser::skip_symbol(std::string_view symbol) {
    const bool found = current().is_symbol(symbol);
    if (found) {
        next();
    }
    return found;
}

bool Parser::skip_name(std::string_view name) {
    const bool found = current().is_name(name);
    if (found) {
        next();
    }
    return found;
}

void Parser::expect_symbol(std::string_view symbol) {
    if (!skip_symbol(symbol)) {
        fail("expected '" + std::string(symbol) + "', got '" + described(current()) + "'");
    }
}

std::string Parser::expect_name() {
    expect(TokenKind::name, "name");
    return tokens_[position_ - 1].text;
}

void Parser::expect(TokenKind kind, std::string_view what) {
    if (current().kind != kind) {
        fail("expected " + std::string(what) + ", got '" + described(current()) + "'");
    }
    next();
}

void Parser::fail(const std::string& message) const {
    fail_at(message, current().line);
}
void Parser::fail_at(const std::string& message, int line) const {
    raise(message, ErrorCode::malformed, line);
}

Name Parser::name_of(const std::string& text) {
    const auto [entry, added] = names_.try_emplace(text, static_cast<Name>(out_.names.size()));
    if (added) {
        out_.names.push_back(text);
    }
    return entry->second;
}

void Parser::store(const std::string& name) {
    if (name == "loop" && loops_ > 0) {
        fail("Can't assign to special loop variable in for-loop target");
    }
}

void parse(std::string_view source, std::size_t depth, ParsedTemplate& out) {
    Parser parser(tokenize(source), depth, out);
    out.body = parser.parse_template();
    check_known(out.body, false);
}

}  // namespace tendril::prompt::jinja
