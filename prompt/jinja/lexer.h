// SPDX-License-Identifier: Apache-2.0
// Splits a template into tokens as jinja2 3.1 does with trim_blocks and lstrip_blocks: the white space that
// tags take with them is gone here. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::prompt::jinja {

enum class TokenKind : std::uint8_t {
    data,
    block_begin,
    block_end,
    variable_begin,
    variable_end,
    name,
    string,
    integer,
    real,
    symbol,
    end
};

struct Token {
    TokenKind kind = TokenKind::end;
    int line = 1;
    std::string text;  ///< data, name, symbol; a string's value with its escapes resolved
    std::int64_t integer = 0;
    double real = 0;
    bool is_symbol(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
    bool is_name(std::string_view name) const { return kind == TokenKind::name && text == name; }
};

/// What a token is called in an error.
std::string described(const Token& token);

/// The tokens, an `end` last. Raises Failure with a line. `source` is valid UTF-8.
std::vector<Token> tokenize(std::string_view source);

}  // namespace tendril::prompt::jinja
