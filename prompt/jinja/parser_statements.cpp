// SPDX-License-Identifier: Apache-2.0
// Statements of the template parser. Pure; any thread.
#include <algorithm>
#include <utility>

#include "prompt/jinja/parser.h"

namespace tendril::prompt::jinja {

Body Parser::parse_template() {
    Body body = parse_body({});
    if (current().kind != TokenKind::end) {
        fail("unexpected '" + described(current()) + "'");
    }
    return body;
}

std::unique_ptr<Statement> Parser::start(Statement::Kind kind) {
    auto statement = std::make_unique<Statement>();
    statement->kind = kind;
    statement->line = current().line;
    return statement;
}

/// Until a tag whose name is one of `ends`, which is the current token then; or until the end of the template
/// when there are none.
Body Parser::parse_body(const std::vector<std::string_view>& ends) {
    const Deeper deeper(*this);
    Body body;
    while (current().kind != TokenKind::end) {
        if (current().kind == TokenKind::data) {
            auto text = start(Statement::Kind::text);
            text->text = next().text;
            body.push_back(std::move(text));
        } else if (current().kind == TokenKind::variable_begin) {
            next();
            auto print = start(Statement::Kind::print);
            print->expressions.push_back(parse_tuple());
            expect(TokenKind::variable_end, "end of print statement");
            body.push_back(std::move(print));
        } else {
            next();  // block_begin
            if (current().kind != TokenKind::name) {
                fail("tag name expected");
            }
            if (std::any_of(ends.begin(), ends.end(),
                            [&](std::string_view end) { return current().is_name(end); })) {
                return body;
            }
            body.push_back(parse_statement());
            expect(TokenKind::block_end, "end of statement block");
        }
    }
    if (!ends.empty()) {
        fail("Unexpected end of template: '" + std::string(ends.back()) + "' is missing");
    }
    return body;
}

/// The body behind a tag's own end.
Body Parser::parse_block_body(const std::vector<std::string_view>& ends) {
    skip_symbol(":");
    expect(TokenKind::block_end, "end of statement block");
    return parse_body(ends);
}

std::unique_ptr<Statement> Parser::parse_statement() {
    const std::string& tag = current().text;
    if (tag == "for") {
        return parse_for();
    }
    if (tag == "if") {
        return parse_if();
    }
    if (tag == "set") {
        return parse_set();
    }
    if (tag == "macro") {
        return parse_macro();
    }
    if (tag == "call") {
        return parse_call();
    }
    if (tag == "filter") {
        return parse_filter_block();
    }
    if (tag == "with") {
        return parse_with();
    }
    if (tag == "generation" || tag == "autoescape") {
        return parse_scope(tag == "generation" ? "endgeneration" : "endautoescape");
    }
    if (tag == "block") {
        return parse_named_block();
    }
    if (tag == "print" || tag == "do") {
        return parse_print();
    }
    if (tag == "break" || tag == "continue") {
        auto jump = start(tag == "break" ? Statement::Kind::leave : Statement::Kind::proceed);
        if (breakable_loops_ == 0) {
            fail("'" + tag + "' outside of a loop");
        }
        next();
        return jump;
    }
    if (tag == "include" || tag == "import" || tag == "from" || tag == "extends") {
        return parse_unavailable();
    }
    fail("Encountered unknown tag '" + tag + "'");
}

std::unique_ptr<Statement> Parser::parse_for() {
    auto loop = start(Statement::Kind::loop);
    next();
    ++loops_;
    loop->target = parse_target(false);
    if (!skip_name("in")) {
        fail("expected 'in', got '" + described(current()) + "'");
    }
    loop->expressions.push_back(parse_tuple(false));
    loop->expressions.push_back(skip_name("if") ? parse_expression() : nullptr);
    loop->recursive = skip_name("recursive");
    ++breakable_loops_;
    loop->bodies.push_back(parse_block_body({"else", "endfor"}));
    --breakable_loops_;
    if (next().text == "else") {
        loop->otherwise = parse_block_body({"endfor"});
        next();
    }
    --loops_;
    return loop;
}

std::unique_ptr<Statement> Parser::parse_if() {
    auto choice = start(Statement::Kind::choice);
    std::string tag;
    do {
        next();
        choice->expressions.push_back(parse_tuple(false));
        choice->bodies.push_back(parse_block_body({"elif", "else", "endif"}));
        tag = current().text;
    } while (tag == "elif");
    next();
    if (tag == "else") {
        choice->otherwise = parse_block_body({"endif"});
        next();
    }
    return choice;
}

std::unique_ptr<Statement> Parser::parse_set() {
    auto set = start(Statement::Kind::assign);
    next();
    set->target = parse_target(true);
    if (skip_symbol("=")) {
        set->expressions.push_back(parse_tuple());
        return set;
    }
    set->kind = Statement::Kind::capture;
    set->expressions.push_back(parse_filters(nullptr));
    set->bodies.push_back(parse_block_body({"endset"}));
    next();
    return set;
}

std::unique_ptr<Statement> Parser::parse_with() {
    auto with = start(Statement::Kind::with);
    next();
    while (current().kind != TokenKind::block_end) {
        if (!with->targets.empty()) {
            expect_symbol(",");
        }
        const int loops = std::exchange(loops_, 0);  // with is allowed to name its variable `loop`
        with->targets.push_back(parse_target(false));
        loops_ = loops;
        expect_symbol("=");
        with->expressions.push_back(parse_expression());
    }
    with->bodies.push_back(parse_block_body({"endwith"}));
    next();
    return with;
}

void Parser::parse_signature(MacroNode& node) {
    expect_symbol("(");
    while (!current().is_symbol(")")) {
        if (!node.parameters.empty()) {
            expect_symbol(",");
        }
        const std::string name = expect_name();
        const Name id = name_of(name);
        if (std::find(node.parameters.begin(), node.parameters.end(), id) != node.parameters.end()) {
            fail("duplicate argument '" + name + "'");
        }
        if (skip_symbol("=")) {
            node.defaults.push_back(parse_expression());
        } else if (!node.defaults.empty()) {
            fail("non-default argument follows default argument");
        }
        node.parameters.push_back(id);
    }
    expect_symbol(")");
}

void Parser::parse_macro_body(MacroNode& node, std::string_view end) {
    macros_.push_back(&node);
    const int outer = std::exchange(breakable_loops_, 0);
    node.body = parse_block_body({end});
    breakable_loops_ = outer;
    macros_.pop_back();
    next();
    const auto has = [&](std::string_view name) {
        return std::any_of(node.parameters.begin(), node.parameters.end(),
                           [&](Name id) { return out_.names[id] == name; });
    };
    node.names_caller = has("caller");
    if (node.uses_caller && node.names_caller) {
        const auto at =
            static_cast<std::size_t>(std::find_if(node.parameters.begin(), node.parameters.end(),
                                                  [&](Name id) { return out_.names[id] == "caller"; }) -
                                     node.parameters.begin());
        if (at + node.defaults.size() < node.parameters.size()) {
            fail("the special 'caller' argument must be omitted or be given a default");
        }
    }
    node.uses_kwargs = node.uses_kwargs && !has("kwargs");
    node.uses_varargs = node.uses_varargs && !has("varargs");
    name_of("caller");
    name_of("kwargs");
    name_of("varargs");
}

std::unique_ptr<Statement> Parser::parse_macro() {
    auto macro = start(Statement::Kind::macro);
    next();
    macro->node = std::make_unique<MacroNode>();
    macro->node->name = expect_name();
    macro->name = name_of(macro->node->name);
    parse_signature(*macro->node);
    parse_macro_body(*macro->node, "endmacro");
    return macro;
}

std::unique_ptr<Statement> Parser::parse_call() {
    auto call = start(Statement::Kind::call);
    next();
    call->node = std::make_unique<MacroNode>();
    if (current().is_symbol("(")) {
        parse_signature(*call->node);
    }
    auto expression = parse_expression();
    if (expression->kind != Expression::Kind::chain ||
        expression->postfixes.back().kind != Postfix::Kind::call) {
        fail_at("expected call", call->line);
    }
    call->expressions.push_back(std::move(expression));
    parse_macro_body(*call->node, "endcall");
    return call;
}

std::unique_ptr<Statement> Parser::parse_filter_block() {
    auto filter = start(Statement::Kind::filter);
    next();
    filter->expressions.push_back(parse_filters(nullptr, true));
    filter->bodies.push_back(parse_block_body({"endfilter"}));
    next();
    return filter;
}

std::unique_ptr<Statement> Parser::parse_scope(std::string_view end) {
    auto scope = start(Statement::Kind::scope);
    const bool generation = next().text == "generation";
    if (!generation) {
        parse_expression();  // autoescape's switch: text is never escaped here
    }
    const int outer = generation ? std::exchange(breakable_loops_, 0) : breakable_loops_;
    scope->bodies.push_back(parse_block_body({end}));
    breakable_loops_ = outer;
    next();
    return scope;
}

std::unique_ptr<Statement> Parser::parse_named_block() {
    auto block = start(Statement::Kind::block);
    next();
    const std::string name = expect_name();
    if (!blocks_.insert(name).second) {
        fail("block '" + name + "' defined twice");
    }
    skip_name("scoped");
    skip_name("required");
    const int outer = std::exchange(breakable_loops_, 0);
    block->bodies.push_back(parse_block_body({"endblock"}));
    breakable_loops_ = outer;
    next();
    skip_name(name);
    return block;
}

std::unique_ptr<Statement> Parser::parse_print() {
    const bool print = next().text == "print";
    auto statement = start(print ? Statement::Kind::print : Statement::Kind::evaluate);
    if (!print) {
        statement->expressions.push_back(parse_tuple());
        return statement;
    }
    while (current().kind != TokenKind::block_end) {
        if (!statement->expressions.empty()) {
            expect_symbol(",");
        }
        statement->expressions.push_back(parse_expression());
    }
    return statement;
}

std::unique_ptr<Statement> Parser::parse_unavailable() {
    auto statement = start(Statement::Kind::unavailable);
    statement->text = next().text;
    while (current().kind != TokenKind::block_end && current().kind != TokenKind::end) {
        next();
    }
    return statement;
}

}  // namespace tendril::prompt::jinja
