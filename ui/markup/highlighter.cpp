// SPDX-License-Identifier: Apache-2.0
// Colours one line of code. Pure functions, any thread.
#include "ui/markup/highlighter.h"

#include <algorithm>
#include <string>

namespace tendril::ui::markup {
namespace {

constexpr std::size_t kMaxWord = 64;

bool is_digit(char16_t c) {
    return c >= u'0' && c <= u'9';
}

class Line {
  public:
    Line(const Syntax& syntax, std::u16string_view line, std::vector<Token>& out)
        : syntax_(syntax), line_(line), out_(out) {}

    LineState read(LineState state);

  private:
    bool starts(std::u16string_view mark) const { return line_.substr(at_).starts_with(mark); }
    bool in_word(char16_t c) const;
    bool followed_by(char16_t c) const;
    void add(std::size_t begin, std::size_t end, TokenKind kind);
    bool read_delimited(std::size_t index, std::size_t from, std::size_t begin);
    LineState read_code();
    bool read_line_rule();
    bool read_comment();
    void read_word();
    void read_number();
    LineState read_tag();

    const Syntax& syntax_;
    std::u16string_view line_;
    std::vector<Token>& out_;
    std::size_t at_ = 0;
};

bool Line::in_word(char16_t c) const {
    return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || is_digit(c) || c == u'_' || c >= 0xAA ||
           syntax_.word_characters.find(c) != std::u16string::npos;
}

bool Line::followed_by(char16_t c) const {
    const std::size_t next = line_.find_first_not_of(u' ', at_);
    return next != std::u16string_view::npos && line_[next] == c;
}

void Line::add(std::size_t begin, std::size_t end, TokenKind kind) {
    if (end > begin && kind != TokenKind::plain) {
        out_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), kind});
    }
}

/// Reads on to the closing mark, from `from`; the token began at `begin`. True when it is still open at the
/// end of the line.
bool Line::read_delimited(std::size_t index, std::size_t from, std::size_t begin) {
    const Delimited& delimited = syntax_.delimited[index];
    at_ = from;
    bool open = true;
    while (at_ < line_.size()) {
        if (delimited.escape != 0 && line_[at_] == delimited.escape) {
            at_ = std::min(at_ + 2, line_.size());
        } else if (starts(delimited.close)) {
            at_ += delimited.close.size();
            open = false;
            break;
        } else {
            ++at_;
        }
    }
    const bool key = !open && syntax_.keys && delimited.kind == TokenKind::string && followed_by(u':');
    add(begin, at_, key ? TokenKind::name : delimited.kind);
    return open && delimited.multiline;
}

bool Line::read_line_rule() {
    const std::size_t first = line_.find_first_not_of(u" \t");
    for (const LineRule& rule : syntax_.line_rules) {
        // A diff's sign stands in the first column; the others may be indented.
        const bool strict = rule.kind == TokenKind::inserted || rule.kind == TokenKind::deleted;
        const std::size_t begin = strict ? 0 : first;
        if (begin == std::u16string_view::npos || !line_.substr(begin).starts_with(rule.start)) {
            continue;
        }
        at_ = begin + rule.start.size();
        if (rule.whole) {
            at_ = line_.size();
        } else {
            while (at_ < line_.size() && in_word(line_[at_])) {
                ++at_;
            }
        }
        add(begin, at_, rule.kind);
        return true;
    }
    return false;
}

bool Line::read_comment() {
    for (const std::u16string& mark : syntax_.line_comments) {
        // In a shell '#' begins a comment only where a word could begin.
        const bool inside_word = mark == u"#" && at_ > 0 && line_[at_ - 1] != u' ' &&
                                 line_[at_ - 1] != u'\t' && line_[at_ - 1] != u';';
        if (starts(mark) && !inside_word) {
            add(at_, line_.size(), TokenKind::comment);
            at_ = line_.size();
            return true;
        }
    }
    return false;
}

void Line::read_word() {
    const std::size_t begin = at_;
    while (at_ < line_.size() && in_word(line_[at_])) {
        ++at_;
    }
    if (at_ - begin > kMaxWord) {
        return;
    }
    std::u16string word(line_.substr(begin, at_ - begin));
    if (syntax_.ignore_case) {
        std::transform(word.begin(), word.end(), word.begin(),
                       [](char16_t c) { return c >= u'A' && c <= u'Z' ? static_cast<char16_t>(c + 32) : c; });
    }
    if (const auto found = syntax_.words.find(word); found != syntax_.words.end()) {
        add(begin, at_, found->second);
    } else if (syntax_.keys && followed_by(u':')) {
        add(begin, at_, TokenKind::name);
    } else if (syntax_.functions && at_ < line_.size() && line_[at_] == u'(') {
        add(begin, at_, TokenKind::function);
    }
}

void Line::read_number() {
    const std::size_t begin = at_;
    while (at_ < line_.size()) {
        const char16_t c = line_[at_];
        const bool sign = (c == u'+' || c == u'-') && (line_[at_ - 1] == u'e' || line_[at_ - 1] == u'E') &&
                          !line_.substr(begin).starts_with(u"0x");
        const bool quote = c == u'\'' && at_ + 1 < line_.size() && is_digit(line_[at_ + 1]);
        if (!in_word(c) && c != u'.' && !(sign && at_ > begin) && !quote) {
            break;
        }
        ++at_;
    }
    add(begin, at_, TokenKind::number);
}

/// Inside <...>: names, attributes, strings; until '>'.
LineState Line::read_tag() {
    while (at_ < line_.size()) {
        const char16_t c = line_[at_];
        if (c == u'>') {
            add(at_, at_ + 1, TokenKind::keyword);
            ++at_;
            return 0;
        }
        if (c == u'"' || c == u'\'') {
            const std::size_t begin = at_;
            const std::size_t end = line_.find(c, at_ + 1);
            at_ = end == std::u16string_view::npos ? line_.size() : end + 1;
            add(begin, at_, TokenKind::string);
        } else if (in_word(c)) {
            const std::size_t begin = at_;
            while (at_ < line_.size() && (in_word(line_[at_]) || line_[at_] == u'-' || line_[at_] == u':')) {
                ++at_;
            }
            add(begin, at_, followed_by(u'=') ? TokenKind::name : TokenKind::plain);
        } else {
            ++at_;
        }
    }
    return kInTag;
}

LineState Line::read_code() {
    while (at_ < line_.size()) {
        if (read_comment()) {
            return 0;
        }
        const auto open = std::find_if(syntax_.delimited.begin(), syntax_.delimited.end(),
                                       [this](const Delimited& d) { return starts(d.open); });
        if (open != syntax_.delimited.end()) {
            const auto index = static_cast<std::size_t>(open - syntax_.delimited.begin());
            if (read_delimited(index, at_ + open->open.size(), at_)) {
                return static_cast<LineState>(index + 1);
            }
            continue;
        }
        const char16_t c = line_[at_];
        if (syntax_.markup) {
            const bool tag = c == u'<' && at_ + 1 < line_.size() &&
                             (in_word(line_[at_ + 1]) || line_[at_ + 1] == u'/' || line_[at_ + 1] == u'!' ||
                              line_[at_ + 1] == u'?');
            if (!tag) {
                ++at_;
                continue;
            }
            const std::size_t begin = at_++;
            while (at_ < line_.size() &&
                   (in_word(line_[at_]) ||
                    std::u16string_view(u"/!?:-").find(line_[at_]) != std::u16string_view::npos)) {
                ++at_;
            }
            add(begin, at_, TokenKind::keyword);
            if (read_tag() == kInTag) {
                return kInTag;
            }
        } else if (is_digit(c) || (c == u'.' && at_ + 1 < line_.size() && is_digit(line_[at_ + 1]))) {
            read_number();
        } else if (in_word(c)) {
            read_word();
        } else {
            ++at_;
        }
    }
    return 0;
}

LineState Line::read(LineState state) {
    if (state == kInTag) {
        if (read_tag() == kInTag) {
            return kInTag;
        }
    } else if (state != 0 && state <= syntax_.delimited.size()) {
        if (read_delimited(state - 1U, 0, 0)) {
            return state;
        }
    } else {
        read_line_rule();
    }
    return read_code();
}

}  // namespace

LineState highlight_line(const Syntax& syntax, std::u16string_view line, LineState state,
                         std::vector<Token>& out) {
    return Line(syntax, line, out).read(state);
}

}  // namespace tendril::ui::markup
