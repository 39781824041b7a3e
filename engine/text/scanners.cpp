// SPDX-License-Identifier: Apache-2.0
// Scanners for the GPT-2, Llama 3, Qwen, Tekken and Falcon families of patterns. Pure functions, any thread.
// See scanners.h.
#include "engine/text/scanners.h"

namespace tendril::engine::scan {
namespace {

constexpr unsigned kWord = kCharLetter | kCharNumber | kCharSpace;
constexpr char32_t kLongS = 0x17F;  // equals 's' when case is ignored

/// 's 't 're 've 'm 'll 'd
std::size_t contraction(const PieceText& text, std::size_t position, bool ignore_case) {
    if (text.byte(position) != '\'') {
        return position;
    }
    const unsigned char fold = ignore_case ? 0x20 : 0;
    const auto letter = [&](std::size_t at) {
        const unsigned char byte = text.byte(at);
        return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte | fold) : byte;
    };
    const unsigned char first = letter(position + 1);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
        return position + 2;
    }
    const unsigned char second = letter(position + 2);
    if ((second == 'e' && (first == 'r' || first == 'v')) || (second == 'l' && first == 'l')) {
        return position + 3;
    }
    if (ignore_case && text.at(position + 1).code == kLongS) {
        return text.at(position + 1).end;
    }
    return position;
}

/// \s+(?!\S)|\s+ : all but the last space before a word, which belongs to that word.
std::size_t spaces(const PieceText& text, std::size_t position) {
    std::size_t last = position;
    std::size_t end = position;
    for (PieceText::Char c = text.at(end); (c.bits & kCharSpace) != 0; c = text.at(end)) {
        last = end;
        end = c.end;
    }
    return end == text.size() || last == position ? end : last;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last line break of the run, if it has one.
std::size_t lines_or_spaces(const PieceText& text, std::size_t position) {
    std::size_t after_break = position;
    std::size_t last = position;
    std::size_t end = position;
    for (PieceText::Char c = text.at(end); (c.bits & kCharSpace) != 0; c = text.at(end)) {
        last = end;
        end = c.end;
        after_break = (c.bits & kCharNewline) != 0 ? end : after_break;
    }
    if (after_break != position) {
        return after_break;
    }
    return end == text.size() || last == position ? end : last;
}

std::size_t up_to_digits(const PieceText& text, std::size_t position, int most) {
    for (int i = 0; i < most; ++i) {
        const PieceText::Char c = text.at(position);
        if ((c.bits & kCharNumber) == 0) {
            break;
        }
        position = c.end;
    }
    return position;
}

///  ?[^...]+[\r\n]* with what belongs to neither words, numbers nor space
std::size_t signs(const PieceText& text, std::size_t position, unsigned words, bool slashes) {
    const std::size_t start = text.byte(position) == ' ' ? position + 1 : position;
    std::size_t end = text.run_without(start, words);
    if (end == start) {
        return position;
    }
    for (unsigned char b = text.byte(end); b == '\r' || b == '\n' || (slashes && b == '/');
         b = text.byte(end)) {
        ++end;
    }
    return end;
}

struct WordStyle {
    unsigned letters;   // what words are made of
    unsigned excluded;  // what the run of signs leaves out
    int digits;         // most digits of one piece
};

template <WordStyle style>
std::size_t words(const PieceText& text, std::size_t position) {
    if (const std::size_t end = contraction(text, position, true); end != position) {
        return end;
    }
    const PieceText::Char first = text.at(position);
    if ((first.bits & style.letters) != 0) {
        return text.run_of(first.end, style.letters);
    }
    if ((first.bits & kCharNumber) != 0) {
        return up_to_digits(text, position, style.digits);
    }
    if ((first.bits & kCharNewline) == 0 && (text.at(first.end).bits & style.letters) != 0) {
        return text.run_of(first.end, style.letters);
    }
    if (const std::size_t end = signs(text, position, style.excluded, false); end != position) {
        return end;
    }
    return lines_or_spaces(text, position);
}

bool is_upper_part(std::uint16_t bits) {  // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
    return (bits & kCharMark) != 0 || ((bits & kCharLetter) != 0 && (bits & kCharLower) == 0);
}
bool is_lower_part(std::uint16_t bits) {  // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
    return (bits & kCharMark) != 0 || ((bits & kCharLetter) != 0 && (bits & kCharUpper) == 0);
}

std::size_t run_of_lower_part(const PieceText& text, std::size_t position) {
    for (PieceText::Char c = text.at(position); is_lower_part(c.bits); c = text.at(position)) {
        position = c.end;
    }
    return position;
}

struct CasedWord {
    std::size_t with_lower;  // end of UPPER*LOWER+, or the start
    std::size_t upper_only;  // end of UPPER+LOWER*, or the start
};

/// Both word patterns at once. UPPER* takes all it can and gives back until LOWER+ finds its first character.
CasedWord cased_word(const PieceText& text, std::size_t start) {
    std::size_t end = start;
    std::size_t behind_both = start;  // behind the last character of the run that is of both kinds
    for (PieceText::Char c = text.at(end); is_upper_part(c.bits); c = text.at(end)) {
        end = c.end;
        behind_both = is_lower_part(c.bits) ? end : behind_both;
    }
    const std::size_t lower_end = run_of_lower_part(text, end);
    return {lower_end != end ? lower_end : behind_both, end != start ? lower_end : start};
}

std::size_t cased_words(const PieceText& text, std::size_t position) {
    const PieceText::Char first = text.at(position);
    const bool prefix =
        first.end != position && (first.bits & (kCharNewline | kCharLetter | kCharNumber)) == 0;
    const CasedWord plain = cased_word(text, position);
    if (!prefix) {
        return plain.with_lower != position ? plain.with_lower : plain.upper_only;
    }
    const CasedWord prefixed = cased_word(text, first.end);
    if (prefixed.with_lower != first.end) {
        return prefixed.with_lower;
    }
    if (plain.with_lower != position) {
        return plain.with_lower;
    }
    return prefixed.upper_only != first.end ? prefixed.upper_only : plain.upper_only;
}

template <bool contractions, int most_digits>
std::size_t cased(const PieceText& text, std::size_t position) {
    if (const std::size_t end = cased_words(text, position); end != position) {
        return contractions ? contraction(text, end, true) : end;
    }
    if (const std::size_t end = up_to_digits(text, position, most_digits); end != position) {
        return end;
    }
    if (const std::size_t end = signs(text, position, kWord, true); end != position) {
        return end;
    }
    return lines_or_spaces(text, position);
}

std::size_t spaced(const PieceText& text, std::size_t position, unsigned mask) {
    const PieceText::Char first = text.at(position);
    const std::size_t start = (first.bits & kCharSpace) != 0 ? first.end : position;
    const std::size_t end = text.run_of(start, mask);
    return end == start ? position : end;
}

}  // namespace

std::size_t gpt2(const PieceText& text, std::size_t position) {
    if (const std::size_t end = contraction(text, position, false); end != position) {
        return end;
    }
    const std::size_t start = text.byte(position) == ' ' ? position + 1 : position;
    const PieceText::Char first = text.at(start);
    if ((first.bits & kCharLetter) != 0) {
        return text.run_of(first.end, kCharLetter);
    }
    if ((first.bits & kCharNumber) != 0) {
        return text.run_of(first.end, kCharNumber);
    }
    if (first.end != start && (first.bits & kCharSpace) == 0) {
        return text.run_without(first.end, kWord);
    }
    return spaces(text, position);
}

std::size_t llama3(const PieceText& text, std::size_t position) {
    return words<WordStyle{kCharLetter, kWord, 3}>(text, position);
}
std::size_t qwen2(const PieceText& text, std::size_t position) {
    return words<WordStyle{kCharLetter, kWord, 1}>(text, position);
}
std::size_t qwen35(const PieceText& text, std::size_t position) {
    return words<WordStyle{kCharLetter | kCharMark, kWord | kCharMark, 1}>(text, position);
}
std::size_t tekken(const PieceText& text, std::size_t position) {
    return cased<false, 1>(text, position);
}
std::size_t gpt4o(const PieceText& text, std::size_t position) {
    return cased<true, 3>(text, position);
}

std::size_t digit(const PieceText& text, std::size_t position) {
    return up_to_digits(text, position, 1);
}
std::size_t digits_to_3(const PieceText& text, std::size_t position) {
    return up_to_digits(text, position, 3);
}
std::size_t digits(const PieceText& text, std::size_t position) {
    return text.run_of(position, kCharNumber);
}

std::size_t three_ascii_digits(const PieceText& text, std::size_t position) {
    for (std::size_t i = position; i < position + 3; ++i) {
        if (text.byte(i) < '0' || text.byte(i) > '9') {
            return position;
        }
    }
    return position + 3;
}

std::size_t byte_level_digits(const PieceText& text, std::size_t position) {
    // Only characters beyond ASCII hold such bytes, and only their stretches are cut here, so a step is
    // always one character long or less: the pieces may end inside a character, as they do in the original.
    const auto numeric = [](unsigned char b) {
        return (b >= '0' && b <= '9') || b == 0xB2 || b == 0xB3 || b == 0xB9 || (b >= 0xBC && b <= 0xBE);
    };
    while (position < text.size() && numeric(text.byte(position))) {
        ++position;
    }
    return position;
}

std::size_t newline(const PieceText& text, std::size_t position) {
    return text.byte(position) == '\r' || text.byte(position) == '\n' ? position + 1 : position;
}

std::size_t spaced_letters(const PieceText& text, std::size_t position) {
    return spaced(text, position, kCharLetter);
}
std::size_t spaced_punctuation(const PieceText& text, std::size_t position) {
    return spaced(text, position, kCharPunctuation);
}
std::size_t default_punctuation(const PieceText& text, std::size_t position) {
    constexpr std::string_view kMore = "$+<=>^~|";
    for (PieceText::Char c = text.at(position); c.end != position; c = text.at(position)) {
        const bool more = c.code < 0x80 && kMore.find(static_cast<char>(c.code)) != std::string_view::npos;
        if ((c.bits & kCharPunctuation) == 0 && !more) {
            break;
        }
        position = c.end;
    }
    return position;
}

std::size_t deepseek3(const PieceText& text, std::size_t position) {
    const auto latin = [&](std::size_t at) {
        const unsigned char lower = static_cast<unsigned char>(text.byte(at) | 0x20);
        return lower >= 'a' && lower <= 'z';
    };
    const PieceText::Char first = text.at(position);
    constexpr unsigned kSigns = kCharPunctuation | kCharSymbol;
    if (first.code < 0x80 && (first.bits & kSigns) != 0 && latin(first.end)) {
        std::size_t end = first.end;
        while (latin(end)) {
            ++end;
        }
        return end;
    }
    constexpr unsigned kLetters = kCharLetter | kCharMark;
    const bool prefix = first.end != position && (first.bits & (kCharNewline | kCharLetter | kSigns)) == 0;
    if (prefix && (text.at(first.end).bits & kLetters) != 0) {
        return text.run_of(first.end, kLetters);
    }
    if ((first.bits & kLetters) != 0) {
        return text.run_of(position, kLetters);
    }
    const std::size_t start = text.byte(position) == ' ' ? position + 1 : position;
    if (std::size_t end = text.run_of(start, kSigns); end != start) {
        while (text.byte(end) == '\r' || text.byte(end) == '\n') {
            ++end;
        }
        return end;
    }
    return lines_or_spaces(text, position);
}

}  // namespace tendril::engine::scan
