// SPDX-License-Identifier: Apache-2.0
// Cuts titles. Pure, no state.
#include "app/title.h"

#include <cstddef>

namespace tendril::app {
namespace {

constexpr std::size_t kTitleCharacters = 48;
constexpr std::size_t kShortestCut = 24;  // a cut between words must leave at least this much

bool is_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
}
bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// Markdown's opening marks say nothing in a title.
bool is_decoration(char c) {
    return c == '#' || c == '>' || c == '`' || c == '*';
}

}  // namespace

std::string title_from(std::string_view question) {
    std::size_t begin = 0;
    while (begin < question.size() && (is_blank(question[begin]) || is_decoration(question[begin]))) {
        ++begin;
    }
    std::string title;
    std::size_t characters = 0;
    std::size_t word_end = 0;  // bytes of the title up to the last blank
    std::size_t word_characters = 0;
    for (const char c : question.substr(begin)) {
        const bool blank = is_blank(c);
        if (blank && (title.empty() || title.back() == ' ')) {
            continue;
        }
        if (blank) {
            word_end = title.size();
            word_characters = characters;
        }
        if (starts_character(c) && characters == kTitleCharacters) {
            title.resize(blank || word_characters < kShortestCut ? title.size() : word_end);
            return title + "…";
        }
        characters += starts_character(c) ? 1 : 0;
        title += blank ? ' ' : c;
    }
    while (!title.empty() && title.back() == ' ') {
        title.pop_back();
    }
    return title;
}

}  // namespace tendril::app
