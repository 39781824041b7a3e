// SPDX-License-Identifier: Apache-2.0
// From tokens to the tree, by recursive descent of bounded depth; the grammar is jinja2's. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/jinja/ast.h"
#include "prompt/jinja/heap.h"
#include "prompt/jinja/lexer.h"

namespace tendril::prompt::jinja {

/// A compiled template. Immutable, so that many threads may render it at once.
struct ParsedTemplate {
    ParsedTemplate() : heap(kConstantBytes, kConstantBytes, 0) {}
    static constexpr std::size_t kConstantBytes = 256 << 20;  ///< the limit on the source comes first
    Heap heap;                                                ///< owns the constants
    std::vector<std::string> names;
    Body body;
};

/// Raises a Failure, with its line, for what jinja2 refuses to compile.
void parse(std::string_view source, std::size_t depth, ParsedTemplate& out);

class Parser {
  public:
    Parser(std::vector<Token> tokens, std::size_t depth, ParsedTemplate& out);
    Body parse_template();

  private:
    // Statements (parser_statements.cpp)
    Body parse_body(const std::vector<std::string_view>& ends);
    Body parse_block_body(const std::vector<std::string_view>& ends);
    std::unique_ptr<Statement> parse_statement();
    std::unique_ptr<Statement> parse_for();
    std::unique_ptr<Statement> parse_if();
    std::unique_ptr<Statement> parse_set();
    std::unique_ptr<Statement> parse_with();
    std::unique_ptr<Statement> parse_macro();
    std::unique_ptr<Statement> parse_call();
    std::unique_ptr<Statement> parse_filter_block();
    std::unique_ptr<Statement> parse_named_block();
    std::unique_ptr<Statement> parse_scope(std::string_view end);
    std::unique_ptr<Statement> parse_unavailable();
    std::unique_ptr<Statement> parse_print();
    void parse_signature(MacroNode& node);
    void parse_macro_body(MacroNode& node, std::string_view end);
    std::unique_ptr<Statement> start(Statement::Kind kind);

    // Expressions (parser_expressions.cpp)
    ExpressionPtr parse_target(bool with_space);
    ExpressionPtr parse_tuple(bool with_condition = true, bool in_parentheses = false);
    bool at_tuple_end() const;
    ExpressionPtr parse_expression(bool with_condition = true);
    ExpressionPtr parse_conditional();
    ExpressionPtr parse_logical(Expression::Kind kind);
    ExpressionPtr parse_not();
    ExpressionPtr parse_compare();
    ExpressionPtr parse_sum();
    ExpressionPtr parse_concat();
    ExpressionPtr parse_product();
    ExpressionPtr parse_power();
    ExpressionPtr parse_unary(bool with_filter = true);
    ExpressionPtr parse_primary(bool as_target = false, bool with_space = false);
    ExpressionPtr parse_name(bool as_target, bool with_space);
    ExpressionPtr parse_list();
    ExpressionPtr parse_dict();
    ExpressionPtr parse_postfix(ExpressionPtr base);
    ExpressionPtr parse_filters(ExpressionPtr base, bool inline_first = false);
    ExpressionPtr parse_filters_and_tests(ExpressionPtr base);
    void parse_subscript(Expression& chain);
    void parse_subscripted(Postfix& postfix);
    void parse_test(Expression& chain);
    void parse_filter(Expression& chain);
    CallArguments parse_arguments();
    ExpressionPtr make(Expression::Kind kind) const;
    ExpressionPtr constant(Value value) const;
    ExpressionPtr as_chain(ExpressionPtr base) const;
    template <typename Next>
    ExpressionPtr parse_chain(Next next, const std::vector<std::pair<std::string_view, Operator>>& symbols);

    // Tokens
    const Token& current() const { return tokens_[position_]; }
    const Token& ahead() const { return tokens_[std::min(position_ + 1, tokens_.size() - 1)]; }
    Token next();
    bool skip_symbol(std::string_view symbol);
    bool skip_name(std::string_view name);
    void expect_symbol(std::string_view symbol);
    std::string expect_name();
    void expect(TokenKind kind, std::string_view what);
    [[noreturn]] void fail(const std::string& message) const;
    [[noreturn]] void fail_at(const std::string& message, int line) const;
    Name name_of(const std::string& text);
    void store(const std::string& name);

    /// One level of nesting, for as long as it lives.
    class Deeper {
      public:
        explicit Deeper(Parser& parser);
        ~Deeper() { ++parser_.depth_left_; }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;

      private:
        Parser& parser_;
    };
    std::vector<Token> tokens_;
    std::size_t position_ = 0;
    std::size_t depth_left_;
    ParsedTemplate& out_;
    std::map<std::string, Name, std::less<>> names_;
    std::vector<MacroNode*> macros_;  ///< whose bodies we are in
    std::set<std::string> blocks_;
    int loops_ = 0;            ///< for loops around us, in whatever macro
    int breakable_loops_ = 0;  ///< for loops around us inside the innermost macro
};

}  // namespace tendril::prompt::jinja
