// SPDX-License-Identifier: Apache-2.0
// Finds protected spans in one pass over lines and one over characters. Pure; any thread.
#include "prompt/compress/protection.h"

#include <algorithm>
#include <array>

#include "prompt/compress/characters.h"
#include "prompt/compress/formal.h"

namespace tendril::prompt::compression {
namespace {

using Kind = CharacterKind;
constexpr std::size_t kNone = std::string_view::npos;

std::string_view without_indent(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    return first == kNone ? std::string_view() : line.substr(first);
}

/// "```" or "~~~" at the beginning of a line; 0: none.
std::size_t fence_length(std::string_view line) {
    line = without_indent(line);
    if (line.empty() || (line[0] != '`' && line[0] != '~')) {
        return 0;
    }
    const std::size_t length = std::min(line.find_first_not_of(line[0]), line.size());
    return length >= 3 ? length : 0;
}

bool is_heading(std::string_view line) {
    const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
    return marks >= 1 && marks <= 6 && (marks == line.size() || line[marks] == ' ' || line[marks] == '\t');
}

/// "====" or "----" below a heading.
bool is_underline(std::string_view line) {
    const auto end = line.find_last_not_of(" \t\r");
    line = end == kNone ? std::string_view() : line.substr(0, end + 1);
    return line.size() >= 3 && (line[0] == '=' || line[0] == '-') && line.find_first_not_of(line[0]) == kNone;
}

bool says_something(std::string_view text, const KeptRange& line) {
    return text.substr(line.begin, line.end - line.begin).find_first_not_of(" \t\r") != kNone;
}

/// Bytes of the list mark at the beginning of the line, indent and blank included; 0: none.
std::size_t list_mark(std::string_view line) {
    const std::string_view rest = without_indent(line);
    const std::size_t indent = line.size() - rest.size();
    std::size_t at = 0;
    if (rest.empty()) {
        return 0;
    }
    if (rest[0] == '-' || rest[0] == '*' || rest[0] == '+') {
        at = 1;
    } else if (rest.starts_with("\\item")) {
        at = 5;
    } else if (rest.starts_with("\xE2\x80\xA2")) {  // •
        at = 3;
    } else {
        while (at < rest.size() && at < 4 &&
               ((rest[at] >= '0' && rest[at] <= '9') || (at == 0 && rest[at] >= 'a' && rest[at] <= 'z'))) {
            ++at;
        }
        if (at == 0 || at == rest.size() || (rest[at] != '.' && rest[at] != ')')) {
            return 0;
        }
        ++at;
    }
    return at < rest.size() && rest[at] == ' ' ? indent + at : 0;
}

/// Fenced code, headings and list marks.
void add_lines(std::string_view text, std::vector<KeptRange>& spans) {
    std::size_t code_from = kNone;
    std::size_t fence = 0;
    char fence_mark = 0;
    KeptRange line_before{};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        const std::size_t length = fence_length(line);
        const char mark = length > 0 ? without_indent(line)[0] : '\0';
        if (code_from != kNone) {
            if (length >= fence && mark == fence_mark) {
                spans.push_back({code_from, end});
                code_from = kNone;
            }
        } else if (length > 0) {
            code_from = at;
            fence = length;
            fence_mark = mark;
        } else if (is_heading(line)) {
            spans.push_back({at, end});
        } else if (is_underline(line) && says_something(text, line_before)) {
            spans.push_back({line_before.begin, end});
        } else if (const std::size_t bytes = list_mark(line); bytes > 0) {
            spans.push_back({at, at + bytes});
        }
        line_before = {at, end};
        at = end + 1;
    }
    if (code_from != kNone) {
        spans.push_back({code_from, text.size()});  // a block that is never closed runs to the end
    }
}

/// Code spans and quoted strings of one paragraph, in one pass.
class Pairs {
  public:
    Pairs(std::string_view text, std::vector<KeptRange>& spans) : text_(text), spans_(spans) {}

    void paragraph_ends() {
        opened_.fill(kNone);
        ticks_ = 0;
    }
    /// Bytes that were looked at.
    std::size_t look(std::size_t at, const Character& c, bool after_word) {
        if (c.value == '`') {
            return ticks(at);
        }
        if (c.value == '"') {
            toggle(0, at, at + 1);
        } else if (c.value == '\'') {
            if (!after_word && at + 1 < text_.size() && !is_blank(text_[at + 1])) {
                opened_[1] = at;
            } else if (opened_[1] != kNone && ends_word(at + 1)) {
                toggle(1, at, at + 1);
            }
        } else {
            pair(at, c);
        }
        return c.bytes;
    }

  private:
    bool ends_word(std::size_t at) const {
        const auto kind = at < text_.size() ? character_at(text_, at).kind : Kind::blank;
        return kind != Kind::letter && kind != Kind::digit;
    }
    void toggle(std::size_t which, std::size_t at, std::size_t end) {
        if (opened_[which] == kNone) {
            opened_[which] = at;
            return;
        }
        spans_.push_back({opened_[which], end});
        opened_[which] = kNone;
    }
    void pair(std::size_t at, const Character& c) {
        // Opening and closing; „…“ closes with what opens “…”.
        struct Marks {
            char32_t open, close, other;
        };
        static constexpr Marks kMarks[] = {{0x201C, 0x201D, 0x201D}, {0x201E, 0x201C, 0x201D},
                                           {0xAB, 0xBB, 0xBB},       {0x300C, 0x300D, 0x300D},
                                           {0x300E, 0x300F, 0x300F}, {0x2018, 0x2019, 0x2019},
                                           {0x201A, 0x2018, 0x2019}, {0x300A, 0x300B, 0x300B}};
        for (std::size_t i = 0; i < std::size(kMarks); ++i) {
            const std::size_t which = i + 2;
            const bool closes = c.value == kMarks[i].close || c.value == kMarks[i].other;
            if (closes && opened_[which] != kNone && (c.value != 0x2019 || ends_word(at + c.bytes))) {
                toggle(which, at, at + c.bytes);
                return;
            }
            if (c.value == kMarks[i].open && !(i == 0 && opened_[3] != kNone)) {
                opened_[which] = at;
                if (i != 0) {
                    return;
                }
            }
        }
    }
    std::size_t ticks(std::size_t at) {
        const std::size_t end = std::min(text_.find_first_not_of('`', at), text_.size());
        if (ticks_ == end - at) {
            spans_.push_back({ticks_from_, end});
            ticks_ = 0;
        } else if (ticks_ == 0) {
            ticks_ = end - at;
            ticks_from_ = at;
        }
        return end - at;
    }

    std::string_view text_;
    std::vector<KeptRange>& spans_;
    std::array<std::size_t, 10> opened_{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
    std::size_t ticks_ = 0;
    std::size_t ticks_from_ = 0;
};

/// "\ref{fig:curves}", "$x$": TeX inside prose.
bool is_command(std::string_view word) {
    const std::size_t slash = word.find('\\');
    const std::size_t open = word.find('$');
    return (slash != kNone && word.find('{', slash) != kNone) ||
           (open != kNone && word.find('$', open + 2) != kNone);
}

bool is_url(std::string_view word) {
    return word.find("://") != kNone || word.find("www.") != kNone || is_command(word) ||
           (word.find('@') != kNone && word.find('.') != kNone);
}

/// A run of characters without blanks: whole when it has a digit or is a negation or a URL.
void add_word(std::string_view text, std::size_t begin, std::size_t end, bool digits,
              std::vector<KeptRange>& spans) {
    const std::string_view word = text.substr(begin, end - begin);
    if (digits || is_url(word) || is_negation(lower_case(word))) {
        spans.push_back({begin, end});
    }
}

/// A run of a script without blanks: its negations, and numerals of two characters and more.
void add_wide(std::string_view text, std::size_t begin, std::size_t end, std::vector<KeptRange>& spans) {
    std::size_t numerals_from = begin;
    std::size_t numerals = 0;
    const auto end_numerals = [&](std::size_t at) {
        if (numerals >= 2) {
            spans.push_back({numerals_from, at});
        }
        numerals = 0;
    };
    for (std::size_t at = begin; at < end;) {
        const Character c = character_at(text, at);
        if (is_han_numeral(c.value)) {
            numerals_from = numerals == 0 ? at : numerals_from;
            ++numerals;
        } else {
            end_numerals(at);
        }
        if (const std::size_t bytes = negation_at(text.substr(0, end), at); bytes > 0) {
            spans.push_back({at, at + bytes});
        }
        at += c.bytes;
    }
    end_numerals(end);
}

/// Everything that is found character by character.
void add_characters(std::string_view text, std::vector<KeptRange>& spans) {
    Pairs pairs(text, spans);
    const auto is_part = [&](std::size_t at) {
        const Character c = character_at(text, at);
        return c.kind == Kind::letter || c.kind == Kind::digit || c.value == '\'' || c.value == 0x2019;
    };
    Kind last = Kind::blank;
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        if (c.kind == Kind::newline && at + 1 < text.size() && text[at + 1] == '\n') {
            pairs.paragraph_ends();
        }
        const std::size_t begin = at;
        if (c.kind == Kind::letter || c.kind == Kind::digit) {
            for (at += c.bytes; at < text.size() && is_part(at); at += character_at(text, at).bytes) {
            }
            std::size_t end = at;
            while (text[end - 1] == '\'') {
                --end;  // closes a quote
            }
            add_word(text, begin, end, false, spans);
            at = end;
            last = Kind::letter;
            continue;
        }
        if (c.kind == Kind::wide) {
            for (; at < text.size() && character_at(text, at).kind == Kind::wide;
                 at += character_at(text, at).bytes) {
            }
            add_wide(text, begin, at, spans);
            last = Kind::wide;
            continue;
        }
        at += pairs.look(at, c, last == Kind::letter || last == Kind::wide);
        last = c.kind;
    }
}

/// Runs without blanks that hold a digit or are a URL; in scripts without blanks, the digits and the
/// character behind them, which says what they count.
void add_runs(std::string_view text, std::vector<KeptRange>& spans) {
    std::size_t begin = 0;
    bool digits = false;
    const auto ends = [&](std::size_t at) {
        if (at > begin && (digits || is_url(text.substr(begin, at - begin)))) {
            spans.push_back({begin, at});
        }
        digits = false;
    };
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        if (c.kind == Kind::blank || c.kind == Kind::newline || c.kind == Kind::wide) {
            const bool counted = c.kind == Kind::wide && digits;
            ends(counted ? at + c.bytes : at);
            begin = at + c.bytes;
        } else {
            digits = digits || c.kind == Kind::digit;
        }
        at += c.bytes;
    }
    ends(text.size());
}

/// Where the span ends without the blanks at its end: those of a heading's line belong to what follows.
std::size_t without_blanks_behind(std::string_view text, const KeptRange& span) {
    std::size_t end = span.end;
    while (end > span.begin) {
        const std::size_t at = before(text, end);
        const Kind kind = character_at(text, at).kind;
        if (kind != Kind::blank && kind != Kind::newline) {
            break;
        }
        end = at;
    }
    return end;
}

}  // namespace

std::vector<KeptRange> protected_spans(std::string_view text) {
    std::vector<KeptRange> spans;
    add_lines(text, spans);
    add_formal_lines(text, spans);
    add_characters(text, spans);
    add_runs(text, spans);
    std::sort(spans.begin(), spans.end(),
              [](const KeptRange& a, const KeptRange& b) { return a.begin < b.begin; });
    std::vector<KeptRange> merged;
    for (KeptRange span : spans) {
        span.end = without_blanks_behind(text, span);
        if (span.begin >= span.end) {
            continue;
        }
        if (!merged.empty() && span.begin <= merged.back().end) {
            merged.back().end = std::max(merged.back().end, span.end);
        } else {
            merged.push_back(span);
        }
    }
    return merged;
}

}  // namespace tendril::prompt::compression
