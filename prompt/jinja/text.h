// SPDX-License-Identifier: Apache-2.0
// Python's view of text for the template interpreter: code points, character classes and case mappings over
// UTF-8. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tendril::prompt::jinja {

bool is_valid_utf8(std::string_view text);
/// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);
std::size_t count_code_points(std::string_view text);
/// The code point at byte `position`, which is moved behind it. `text` is valid UTF-8 and `position` is at a
/// first byte.
char32_t next_code_point(std::string_view text, std::size_t& position);
/// Byte length of the code point at `position`.
std::size_t code_point_bytes(std::string_view text, std::size_t position);
/// Byte offset of the code point with this index; the size of `text` when it is behind the end.
std::size_t offset_of(std::string_view text, std::size_t index);
void append_code_point(std::string& out, char32_t code_point);

// str.isspace() and its relatives for one character.
bool is_space(char32_t c);
bool is_line_break(char32_t c);
bool is_printable(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_alnum(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title(char32_t c);
bool has_case(std::string_view text, bool upper);  ///< str.isupper(), str.islower()
bool is_identifier(std::string_view text);

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_title(std::string_view text);        ///< str.title()
std::string to_capitalized(std::string_view text);  ///< str.capitalize()
std::string to_folded(std::string_view text);       ///< str.casefold()
std::string to_swapped_case(std::string_view text);

inline constexpr std::size_t kShortNeedle = 32;  ///< bytes; up to here the standard library searches

/// Like std::string_view::find and rfind, but linear in the haystack for every needle.
std::size_t find_text(std::string_view haystack, std::string_view needle, std::size_t from = 0);
std::size_t rfind_text(std::string_view haystack, std::string_view needle);

enum class Side { both, left, right };
/// str.strip(), lstrip(), rstrip(): of white space, or of the characters in `characters`.
std::string_view stripped(std::string_view text, Side side);
std::string_view stripped(std::string_view text, Side side, std::string_view characters);

}  // namespace tendril::prompt::jinja
