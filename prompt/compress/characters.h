// SPDX-License-Identifier: Apache-2.0
// Characters as compression sees them: by Unicode category, so that no language needs rules of its own. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tendril::prompt::compression {

enum class CharacterKind : unsigned char {
    letter,   ///< of scripts that put blanks between words; marks and joiners too
    wide,     ///< a letter of scripts without blanks: Han, kana, Thai, Lao, Khmer, Burmese
    digit,    ///< any script's digits and number signs
    blank,    ///< spaces and tabs
    newline,  ///< \n, \r
    open,     ///< opening brackets and quotes
    close,    ///< closing ones
    quote,    ///< " and ', which do both
    stop,     ///< ends a sentence: . ! ? 。 ！ ？ …
    pause,    ///< ends a clause: , ; : ，、；： dashes
    symbol,   ///< all other punctuation and symbols, emoji, control characters
};

struct Character {
    char32_t value = 0;
    unsigned bytes = 1;
    CharacterKind kind = CharacterKind::symbol;
};

/// The character that begins at byte `at` of valid UTF-8.
Character character_at(std::string_view text, std::size_t at);
/// Byte where the character begins that ends in front of `at` (> 0).
std::size_t before(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);
bool is_capital(char32_t c);
bool is_han_numeral(char32_t c);
/// A Han numeral that is hardly ever anything else, also by itself: not "one", not the large ones.
bool counts_alone(char32_t c);
std::string lower_case(std::string_view text);
inline bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
/// True where a character begins, and at the end.
inline bool is_boundary(std::string_view text, std::size_t at) {
    return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
}

}  // namespace tendril::prompt::compression
