// SPDX-License-Identifier: Apache-2.0
// Line beginnings. Pure; any thread.
#include "prompt/compress/leads.h"

#include <algorithm>

#include "prompt/compress/characters.h"

namespace tendril::prompt::compression {
namespace {

using Kind = CharacterKind;
constexpr std::size_t kLongestLabel = 32;  // bytes
constexpr int kMostWords = 3;

/// Behind the colon: "**" and the like; does the line go on there?
std::size_t end_behind_colon(std::string_view text, std::size_t at, bool wide) {
    std::size_t end = at;
    while (end < text.size() && (text[end] == '*' || text[end] == '_')) {
        ++end;
    }
    const std::size_t line = std::min(text.find('\n', end), text.size());
    const bool goes_on = text.substr(end, line - end).find_first_not_of(" \t\r") != std::string_view::npos;
    const bool apart = wide || (end < text.size() && (text[end] == ' ' || text[end] == '\t'));
    return goes_on && apart ? end : std::string_view::npos;
}

/// Names begin with a capital; of other scripts one cannot tell. A single word may be small.
class Words {
  public:
    /// False: this is no label.
    bool take(const Character& c, bool first) {
        if (c.kind == Kind::blank) {
            blank_ = true;
            return true;
        }
        const bool letter = c.kind == Kind::letter || c.kind == Kind::wide;
        if (blank_ || (letter && words_ == 0)) {
            ++words_;
            blank_ = false;
        }
        if (letter && !letters_) {
            letters_ = true;
            small_ = c.kind == Kind::letter && !is_capital(c.value);
        }
        const bool joins = c.value == '.' || c.value == '-' || c.value == '\'' || c.value == '*' ||
                           c.value == '_' || c.value == '&' || c.value == '/' || c.value == '@';
        const bool known =
            letter || joins || c.kind == Kind::open || c.kind == Kind::close || c.kind == Kind::digit;
        return known && !(first && c.kind == Kind::digit) && words_ <= kMostWords;
    }
    bool are_label() const { return letters_ && (!small_ || words_ == 1); }

  private:
    int words_ = 0;
    bool blank_ = false;
    bool letters_ = false;
    bool small_ = false;
};

}  // namespace

std::size_t end_of_marks(std::string_view text, std::size_t at) {
    const std::size_t end = std::min(text.find_first_not_of("> ", at), text.size());
    if (at < text.size() && text[at] == '>') {
        return text.substr(0, end).find_last_of('>') + 1;
    }
    const char mark = at < text.size() ? text[at] : ' ';
    if (mark != '/' && mark != '-' && mark != '%') {
        return at;
    }
    const std::size_t behind = std::min(text.find_first_not_of(mark, at), text.size());
    const bool enough = mark == '%' || (behind - at >= 2 && (mark == '/' || behind - at == 2));
    return enough && behind < text.size() && is_blank(text[behind]) ? behind : at;
}

std::size_t end_of_label(std::string_view text, std::size_t at) {
    Words words;
    for (std::size_t end = at; end < text.size() && end - at < kLongestLabel;) {
        const Character c = character_at(text, end);
        const bool wide = c.value == 0xFF1A;
        if (c.value == ':' || wide || (c.value == '>' && end > at)) {
            const std::size_t behind =
                words.are_label() ? end_behind_colon(text, end + c.bytes, wide) : std::string_view::npos;
            return behind == std::string_view::npos ? at : behind;
        }
        if (!words.take(c, end == at)) {
            return at;
        }
        end += c.bytes;
    }
    return at;
}

}  // namespace tendril::prompt::compression
