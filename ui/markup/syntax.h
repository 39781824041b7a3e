// SPDX-License-Identifier: Apache-2.0
// A programming language as the highlighter needs it: words, comments, strings. Read from a small JSON table
// (resources/highlight). Immutable once read, safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tendril::ui::markup {

enum class TokenKind : std::uint8_t {
    plain,
    keyword,
    type,
    constant,
    string,
    number,
    comment,
    function,
    meta,
    name /* tag, key, heading */,
    inserted,
    deleted
};

/// Text between two marks: a string, or a comment that may go over lines.
struct Delimited {
    std::u16string open;
    std::u16string close;
    char16_t escape = 0;
    bool multiline = false;
    TokenKind kind = TokenKind::string;
};

/// A line that begins with `start` is one token ("+" in a diff, "#" in C).
struct LineRule {
    std::u16string start;
    TokenKind kind = TokenKind::meta;
    bool whole = true;  ///< the whole line; else only the word
};

struct Syntax {
    std::string name;                ///< shown above the code
    std::vector<std::string> names;  ///< what may stand behind the fence, lower case
    std::unordered_map<std::u16string, TokenKind> words;
    std::vector<std::u16string> line_comments;
    std::vector<Delimited> delimited;  ///< the first that fits wins
    std::vector<LineRule> line_rules;
    std::u16string word_characters;  ///< besides letters, digits and '_'
    bool ignore_case = false;
    bool functions = true;  ///< a word before '(' is a function
    bool keys = false;      ///< a word or string before ':' is a name
    bool markup = false;    ///< tags in angle brackets
};

/// nullopt when `json` is not such a table.
std::optional<Syntax> read_syntax(std::string_view json);

}  // namespace tendril::ui::markup
