// SPDX-License-Identifier: Apache-2.0
// Text as words, and simple patterns over words: what vetoes and guards look at. Works for scripts without
// spaces, where each character is a word. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"

namespace tendril::prompt::skeleton {

/// How a text is written; decides how long a title may be and where words end.
enum class Script : unsigned char { latin, han, other };

struct Word {
    std::string text;       ///< lower case
    std::size_t begin = 0;  ///< bytes in the text
    std::size_t end = 0;
    bool opens = false;       ///< first word of a sentence or line
    bool alone = false;       ///< a character of a script without spaces (Han, kana)
    bool letterless = false;  ///< digits only
};

/// A run of letters, digits and inner apostrophes is a word, each Han or kana character is one; all else
/// separates. Bytes that are not UTF-8 separate.
std::vector<Word> words_of(std::string_view text);

/// The script of most letters.
Script script_of(std::string_view text);

/// Bytes of the text up to which it is whole UTF-8 characters.
std::size_t whole_characters(std::string_view text);

std::string_view trimmed(std::string_view text);

/// Bytes of the text that end with its last complete sentence (0: none). A full stop counts when a space or
/// the end follows and no digit or single letter stands in front; 。！？ count always.
std::size_t last_sentence_end(std::string_view text);

/// The texts of its sentences, trimmed; the last one may be incomplete.
std::vector<std::string_view> sentences_of(std::string_view text);

/// "write|compose .. letter|email": elements separated by spaces; `|` separates alternatives, `_` joins the
/// words of one alternative, a final `*` stands for any ending, `..` for up to four words, and a first `^`
/// means that the first element opens a sentence.
class Pattern {
  public:
    static Result<Pattern> parse(std::string_view source);

    /// Any place of the text. `openers`: words that may stand between the beginning of a sentence and `^`
    /// ("please", "can you").
    bool found_in(std::span<const Word> words, std::span<const Pattern> openers = {}) const;
    /// How many words match from the first one on; 0: it does not match there.
    std::size_t match_at(std::span<const Word> words) const;

  private:
    struct Piece {
        std::string text;
        bool any_ending = false;
    };
    using Alternative = std::vector<Piece>;
    struct Element {
        std::vector<Alternative> alternatives;
        bool gap_before = false;
    };
    static std::size_t match(std::span<const Word> words, const Alternative& alternative);
    static std::size_t match_from(std::span<const Word> words, std::span<const Element> elements);

    std::vector<Element> elements_;
    bool anchored_ = false;
};

}  // namespace tendril::prompt::skeleton
