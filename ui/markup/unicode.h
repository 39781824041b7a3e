// SPDX-License-Identifier: Apache-2.0
// UTF-8 in, UTF-16 that is safe to lay out. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tendril::ui::markup {

/// Appends `utf8` to `out`. Broken bytes and NUL become U+FFFD, other controls their visible pictures, line
/// and paragraph separators a space, overrides of the writing direction U+FFFD; in code every invisible
/// direction mark becomes U+FFFD (text that reads differently from what runs). Of a pile of combining marks
/// the first dozen stay. A byte sequence cut off by the end counts as broken.
void append_clean(std::u16string& out, std::string_view utf8, bool code);

/// How many bytes at the end of `utf8` are the beginning of a character that is not complete yet: 0 to 3.
std::size_t incomplete_tail(std::string_view utf8);

/// The character that "&name;" or "&#x..;" stands for; 0 = unknown.
char32_t entity(std::string_view reference);

void append_code_point(std::u16string& out, char32_t c);

}  // namespace tendril::ui::markup
