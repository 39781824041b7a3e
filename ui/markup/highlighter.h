// SPDX-License-Identifier: Apache-2.0
// Colours one line of code; what is still open at its end is handed to the next line, so that a block that
// grows is never read from its beginning. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ui/markup/syntax.h"

namespace tendril::ui::markup {

struct Token {
    std::uint32_t begin = 0;  // UTF-16 units in the line
    std::uint32_t end = 0;
    TokenKind kind = TokenKind::plain;
    bool operator==(const Token&) const = default;
};

/// 0 = nothing is open; 1 + i = inside syntax.delimited[i]; kInTag = inside a tag.
using LineState = std::uint16_t;
inline constexpr LineState kInTag = 0xFFFF;

/// Appends the tokens of `line` (without its line feed) that are not plain; returns the state behind it. Time
/// grows linearly.
LineState highlight_line(const Syntax& syntax, std::u16string_view line, LineState state,
                         std::vector<Token>& out);

}  // namespace tendril::ui::markup
