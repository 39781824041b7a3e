// SPDX-License-Identifier: Apache-2.0
// Tables, code, data and markup, line by line. Pure; any thread.
#include "prompt/compress/formal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace tendril::prompt::compression {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kLeastRows = 3;      // of separated values
constexpr std::size_t kLeastCode = 3;      // lines that look like code, in a stretch of it
constexpr std::size_t kMostForeign = 4;    // lines between them that do not
constexpr std::size_t kProse = 8;          // blanks of a line that ends as a sentence does
constexpr std::size_t kLongestCode = 200;  // bytes of a line; longer ones are looked at by their ends only

enum class Look : std::uint8_t { empty, prose, comment, code };

struct Line {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t first = 0;  // behind the indent
    std::string_view text;  // without indent and what is blank at its end
    Look look = Look::prose;
    bool indented = false;
};

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        Line line{at, end, at, {}, Look::empty, false};
        const std::size_t first = text.substr(0, end).find_first_not_of(" \t\r", at);
        if (first != kNone) {
            const std::size_t last = text.substr(0, end).find_last_not_of(" \t\r") + 1;
            line.first = first;
            line.text = text.substr(first, last - first);
            line.look = Look::prose;
            line.indented = first > at;
        }
        lines.push_back(line);
        at = end + 1;
    }
    return lines;
}

bool has(std::string_view line, std::string_view part) {
    return line.find(part) != kNone;
}

template <std::size_t N>
bool has_any(std::string_view line, const std::array<std::string_view, N>& parts) {
    return std::any_of(parts.begin(), parts.end(), [line](std::string_view part) { return has(line, part); });
}

bool is_name_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Only quoted strings, numbers, true, false, null and marks: a line of JSON.
bool is_data(std::string_view line) {
    bool marks = false;
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at];
        if (c == '"') {
            do {
                at = line.find_first_of("\"\\", at + 1);
                at += at != kNone && line[at] == '\\' ? 1 : 0;
            } while (at < line.size() && line[at] != '"');
            if (at >= line.size()) {
                return false;
            }
            ++at;
        } else if (is_name_part(c)) {
            const std::size_t end = static_cast<std::size_t>(
                std::find_if_not(line.begin() + static_cast<std::ptrdiff_t>(at), line.end(), is_name_part) -
                line.begin());
            const std::string_view word = line.substr(at, end - at);
            const bool number = c >= '0' && c <= '9';
            if (!number && word != "true" && word != "false" && word != "null") {
                return false;
            }
            at = end;
        } else {
            if (std::string_view("{}[]:,.+- \t").find(c) == kNone) {
                return false;
            }
            marks = marks || std::string_view("{}[]:").find(c) != kNone;
            ++at;
        }
    }
    return marks;
}

/// Nothing but elements: "<p class=x>", "</ul>", "\section{Results}".
bool is_markup(std::string_view line) {
    if (line.front() == '<') {
        return line.back() == '>' && line.size() > 2 &&
               (is_name_part(line[1]) || line[1] == '/' || line[1] == '!');
    }
    const bool command =
        line.size() > 1 && line[0] == '\\' && is_name_part(line[1]) && !line.starts_with("\\item");
    return command && (line.back() == '}' || line.back() == ']' || !has(line, " "));
}

bool is_comment(std::string_view line) {
    return line.starts_with("//") || line.starts_with("/*") || line.starts_with("*") ||
           line.starts_with("# ") || line.starts_with("-- ") || line.starts_with("% ") || line == "#";
}

bool is_section(std::string_view line) {
    return line.front() == '[' && line.back() == ']' && !has(line, " ") && line.size() > 2;
}

/// "name(...)" and "name.name(...)" to the line's end, with no word around it.
bool is_call(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size() && (is_name_part(line[at]) || line[at] == '.')) {
        ++at;
    }
    return at > 0 && at < line.size() && line[at] == '(' && (line.back() == ')' || line.back() == ',');
}

bool opens_block(std::string_view line) {
    constexpr std::array<std::string_view, 18> kWords = {
        "def ",  "class ",  "if ",   "elif ",   "else",    "for ",   "while ",  "try",       "except",
        "with ", "switch ", "case ", "default", "finally", "public", "private", "protected", "match "};
    return line.back() == ':' && std::any_of(kWords.begin(), kWords.end(), [line](std::string_view word) {
               return line.starts_with(word);
           });
}

/// Without the comment behind it.
std::string_view statement_of(std::string_view line) {
    const std::size_t comment = std::min(line.find("  #"), line.find("  //"));
    const std::size_t end = line.substr(0, comment).find_last_not_of(' ');
    return comment == kNone || end == kNone ? line : line.substr(0, end + 1);
}

bool is_code(std::string_view whole) {
    constexpr std::array<std::string_view, 14> kInside = {
        "::", "->", "=>", "()", " == ", " != ", " += ", " -= ", " := ", " && ", " || ", " = ", ");", "};"};
    constexpr std::array<std::string_view, 17> kFirst = {
        "#include", "#define",  "#pragma", "#if",        "#endif",   "#else",
        "import ",  "from ",    "return ", "using ",     "yield ",   "package ",
        "struct ",  "typedef ", "@",       "template <", "template<"};
    const std::string_view line = whole.substr(0, kLongestCode);
    const char last = whole.back();
    const bool first = std::any_of(kFirst.begin(), kFirst.end(),
                                   [line](std::string_view word) { return line.starts_with(word); });
    // "From my window one sees ..." is no import.
    const bool keyword = first && (line.front() == '#' || last == ';' || !has(line, ". ")) && last != '.';
    const auto blanks = static_cast<std::size_t>(std::count(line.begin(), line.end(), ' '));
    if (!keyword && blanks >= kProse && std::string_view("{};),(\\").find(last) == kNone) {
        return false;  // prose about code
    }
    return keyword || last == '{' || last == '}' || (last == ';' && blanks < 6) || line.front() == '}' ||
           has_any(line, kInside) || is_call(line) || opens_block(line) || whole == "\"\"\"" ||
           is_section(line);
}

void look_at(std::vector<Line>& lines) {
    bool block_comment = false;
    for (Line& line : lines) {
        if (line.look == Look::empty) {
            continue;
        }
        if (block_comment || is_comment(line.text)) {
            block_comment = (block_comment || line.text.starts_with("/*")) && !has(line.text, "*/");
            line.look = Look::comment;
        } else if (is_data(line.text) || is_code(statement_of(line.text))) {
            line.look = Look::code;
        }
    }
}

/// Stretches of code: from line to line with at most a few others between, empty lines and comments apart.
void add_code(std::vector<Line>& lines, std::vector<KeptRange>& spans) {
    look_at(lines);
    for (std::size_t first = 0; first < lines.size(); ++first) {
        if (lines[first].look != Look::code) {
            continue;
        }
        std::size_t last = first;
        std::size_t code = 1;
        std::size_t foreign = 0;
        for (std::size_t i = first + 1; i < lines.size() && foreign <= kMostForeign; ++i) {
            if (lines[i].look == Look::code) {
                last = i;
                ++code;
                foreign = 0;
            } else if (lines[i].look == Look::prose) {
                foreign += lines[i].indented ? 1 : kMostForeign + 1;
            }
        }
        for (std::size_t i = first; i <= last && code >= kLeastCode; ++i) {
            if (lines[i].look == Look::code || lines[i].look == Look::prose) {
                spans.push_back({lines[i].begin, lines[i].end});
            }
        }
        first = last;
    }
}

/// Elements by themselves, also amid prose, and whole environments of formulas and listings.
void add_markup(std::string_view text, const std::vector<Line>& lines, std::vector<KeptRange>& spans) {
    constexpr std::array<std::string_view, 9> kWhole = {"{equation",   "{align",   "{verbatim",
                                                        "{lstlisting", "{tabular", "{array",
                                                        "{gather",     "{math",    "{tikzpicture"};
    std::size_t from = kNone;
    for (const Line& line : lines) {
        if (line.look == Look::empty) {
            continue;
        }
        const bool begins = line.text.starts_with("\\begin") && has_any(line.text, kWhole);
        const bool ends = line.text.starts_with("\\end") && has_any(line.text, kWhole);
        from = from == kNone && (begins || line.text == "\\[") ? line.begin : from;
        if (from != kNone && (ends || line.text == "\\]")) {
            spans.push_back({from, line.end});
            from = kNone;
        } else if (is_markup(line.text)) {
            spans.push_back({line.begin, line.end});
        }
    }
    if (from != kNone) {
        spans.push_back({from, text.size()});
    }
}

/// "$x \in [0, L]$"; no prices: a blank or a digit stands where none does in a formula.
void add_formulas(const std::vector<Line>& lines, std::vector<KeptRange>& spans) {
    for (const Line& line : lines) {
        for (std::size_t open = line.text.find('$'); open != kNone;) {
            const std::size_t close = line.text.find('$', open + 1);
            if (close == kNone) {
                break;
            }
            const bool formula =
                close > open + 1 && line.text[open + 1] != ' ' && line.text[close - 1] != ' ' &&
                (close + 1 == line.text.size() || line.text[close + 1] < '0' || line.text[close + 1] > '9');
            if (formula) {
                const std::size_t begin = line.first + open;
                spans.push_back({begin, begin + close + 1 - open});
            }
            open = formula ? line.text.find('$', close + 1) : close;
        }
    }
}

bool is_rule(std::string_view line) {
    return line.find_first_not_of("|-: +\t") == kNone && has(line, "-") && has(line, "|");
}

/// Rows that stand together and have bars; a table has a rule below its head, or begins each row with one.
void add_barred(const std::vector<Line>& lines, std::vector<KeptRange>& spans) {
    for (std::size_t first = 0; first < lines.size(); ++first) {
        std::size_t end = first;
        bool rule = false;
        bool framed = true;
        for (; end < lines.size() && has(lines[end].text, "|"); ++end) {
            rule = rule || is_rule(lines[end].text);
            framed = framed && lines[end].text.front() == '|';
        }
        if (end - first >= 2 && (rule || framed)) {
            for (std::size_t i = first; i < end; ++i) {
                spans.push_back({lines[i].begin, lines[i].end});
            }
        }
        first = std::max(first, end == first ? first : end - 1);
    }
}

struct Fields {
    std::size_t marks = 0;  // separators outside of quotes
    std::size_t loose = 0;  // of them with a blank behind, as in prose
};
Fields fields_of(std::string_view line, char mark) {
    Fields fields;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        quoted = line[i] == '"' ? !quoted : quoted;
        if (!quoted && line[i] == mark) {
            ++fields.marks;
            fields.loose += i + 1 < line.size() && line[i + 1] == ' ' ? 1 : 0;
        }
    }
    return fields;
}

/// Lines that one mark parts into as many fields each.
void add_separated(const std::vector<Line>& lines, std::vector<KeptRange>& spans) {
    constexpr std::array<char, 3> kMarks = {'\t', ',', ';'};
    for (const char mark : kMarks) {
        const std::size_t least = mark == '\t' ? 1 : 2;
        for (std::size_t first = 0; first < lines.size();) {
            const std::size_t marks = fields_of(lines[first].text, mark).marks;
            std::size_t loose = 0;
            std::size_t end = first;
            for (; end < lines.size(); ++end) {
                const Fields fields = fields_of(lines[end].text, mark);
                if (fields.marks != marks) {
                    break;
                }
                loose += mark == '\t' ? 0 : fields.loose;
            }
            if (marks >= least && end - first >= kLeastRows && 5 * loose <= marks * (end - first)) {
                for (std::size_t i = first; i < end; ++i) {
                    spans.push_back({lines[i].begin, lines[i].end});
                }
            }
            first = end;
        }
    }
}

}  // namespace

void add_formal_lines(std::string_view text, std::vector<KeptRange>& spans) {
    std::vector<Line> lines = lines_of(text);
    add_barred(lines, spans);
    add_separated(lines, spans);
    add_markup(text, lines, spans);
    add_formulas(lines, spans);
    add_code(lines, spans);
}

}  // namespace tendril::prompt::compression
