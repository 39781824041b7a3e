// SPDX-License-Identifier: Apache-2.0
// Splitting text into words and sentences by code point. Pure; any thread.
#include "prompt/skeleton/words.h"

#include <algorithm>
#include <array>

#include <utf8proc.h>

#include "prompt/code_point.h"

namespace tendril::prompt::skeleton {
namespace {

using Character = CodePoint;  // bad bytes are one of value -1 each

bool is_han(utf8proc_int32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x3134F) ||
           (c >= 0xF900 && c <= 0xFAFF);
}

bool is_kana(utf8proc_int32_t c) {
    return c >= 0x3041 && c <= 0x30FF;
}

bool is_letter(utf8proc_int32_t c) {
    switch (c < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(c)) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
            return true;
        default:
            return false;
    }
}

bool is_digit(utf8proc_int32_t c) {
    return c >= 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_apostrophe(utf8proc_int32_t c) {
    return c == '\'' || c == 0x2019;
}

bool is_space(utf8proc_int32_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x3000 || c == 0xA0;
}

bool ends_wide_sentence(utf8proc_int32_t c) {
    return c == 0x3002 || c == 0xFF01 || c == 0xFF1F;  // 。！？
}

bool ends_sentence(utf8proc_int32_t c) {
    return c == '.' || c == '!' || c == '?' || c == '\n' || ends_wide_sentence(c);
}

/// Quotation marks and brackets that may close behind a full stop.
bool closes(utf8proc_int32_t c) {
    return c == '"' || c == '\'' || c == ')' || c == ']' || c == '*' || c == 0x201D || c == 0x2019 ||
           c == 0xBB || c == 0xFF09 || c == 0x300D;
}

void append_lower(std::string& text, utf8proc_int32_t c) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto length = utf8proc_encode_char(is_apostrophe(c) ? '\'' : utf8proc_tolower(c), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

/// Whether the full stop at `at` ends a sentence: not that of "3." or "e." or "U.S." or an ending line
/// number.
bool is_sentence_stop(std::string_view text, std::size_t at) {
    if (text[at] != '.') {
        return true;
    }
    std::size_t begin = at;
    while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '\n') {
        --begin;
    }
    const std::string_view word = text.substr(begin, at - begin);
    const bool number =
        !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool letter = word.size() == 1 || (word.size() >= 2 && word[word.size() - 2] == '.');
    const bool line_start = begin == 0 || text[begin - 1] == '\n';
    return !(letter || (number && line_start)) && word != "etc" && word != "Dr" && word != "Mr" &&
           word != "vs" && word != "z.B" && word != "bzw";
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> words;
    bool opens = true;
    for (std::size_t at = 0; at < text.size();) {
        const Character first = code_point_at(text, at);
        if (!is_letter(first.value) && !is_digit(first.value)) {
            opens = opens || ends_sentence(first.value);
            at += first.bytes;
            continue;
        }
        Word word;
        word.begin = at;
        word.opens = opens;
        word.letterless = true;
        opens = false;
        word.alone = is_han(first.value) || is_kana(first.value);
        do {
            const Character next = code_point_at(text, at);
            const bool inner = is_apostrophe(next.value) && at + next.bytes < text.size() &&
                               is_letter(code_point_at(text, at + next.bytes).value) && at > word.begin;
            const bool single = is_han(next.value) || is_kana(next.value);
            if ((!is_letter(next.value) && !is_digit(next.value) && !inner) || (single && at > word.begin)) {
                break;
            }
            append_lower(word.text, next.value);
            word.letterless = word.letterless && is_digit(next.value);
            at += next.bytes;
        } while (at < text.size() && !word.alone);
        word.end = at;
        words.push_back(std::move(word));
    }
    return words;
}

Script script_of(std::string_view text) {
    std::size_t latin = 0;
    std::size_t han = 0;
    std::size_t other = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Character c = code_point_at(text, at);
        at += c.bytes;
        if (is_han(c.value)) {
            han += 2;  // a Han character says as much as several letters
        } else if (is_kana(c.value)) {
            other += 4;  // Japanese is written with Han characters too
        } else if (is_letter(c.value)) {
            ++(c.value < 0x250 || (c.value >= 0x1E00 && c.value < 0x1F00) ? latin : other);
        }
    }
    if (other > latin && 2 * other > han) {
        return Script::other;
    }
    return han > latin ? Script::han : Script::latin;
}

std::size_t whole_characters(std::string_view text) {
    // Only the last three bytes can begin a character that is not complete.
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) == 0x80U) {
            continue;
        }
        const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return length > back ? text.size() - back : text.size();
    }
    return text.size();
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::size_t last_sentence_end(std::string_view text) {
    std::size_t last = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Character c = code_point_at(text, at);
        const std::size_t stop = at;
        at += c.bytes;
        const bool wide = ends_wide_sentence(c.value);
        if (!wide && (!ends_sentence(c.value) || c.value == '\n')) {
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && closes(code_point_at(text, end).value)) {
            end += code_point_at(text, end).bytes;
        }
        const bool followed = end == text.size() || is_space(code_point_at(text, end).value);
        if (wide || (followed && is_sentence_stop(text, stop))) {
            last = end;
            at = end;
        }
    }
    return last;
}

std::vector<std::string_view> sentences_of(std::string_view text) {
    std::vector<std::string_view> sentences;
    std::size_t begin = 0;
    const auto add = [&](std::size_t end) {
        if (const std::string_view sentence = trimmed(text.substr(begin, end - begin)); !sentence.empty()) {
            sentences.push_back(sentence);
        }
        begin = end;
    };
    for (std::size_t at = 0; at < text.size();) {
        const Character c = code_point_at(text, at);
        at += c.bytes;
        if (c.value == '\n') {
            add(at);
        } else if (ends_sentence(c.value)) {
            // Only what is a sentence's end with its next character in sight is one.
            std::size_t end = at;
            while (end < text.size() && closes(code_point_at(text, end).value)) {
                end += code_point_at(text, end).bytes;
            }
            const std::string_view piece = text.substr(begin, end - begin);
            const bool followed = end == text.size() || is_space(code_point_at(text, end).value);
            if ((followed || ends_wide_sentence(c.value)) && last_sentence_end(piece) == piece.size()) {
                at = end;
                add(end);
            }
        }
    }
    add(text.size());
    return sentences;
}

}  // namespace tendril::prompt::skeleton
