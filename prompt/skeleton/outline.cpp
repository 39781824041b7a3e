// SPDX-License-Identifier: Apache-2.0
// Reading and judging an outline. Pure; any thread.
#include "prompt/skeleton/outline.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace tendril::prompt::skeleton {
namespace {

/// What a title is written with. Neither marks of Markdown nor ends of sentences; no foreign script, into
/// which a model at the limit of a title may fall.
constexpr std::string_view kLatinLetter = R"([a-zA-Z0-9\u00c0-\u024f\u2019'/&%+$-])";
constexpr std::string_view kHanLetter = R"([\u4e00-\u9fffa-zA-Z0-9/&%+\u3001-])";
constexpr std::string_view kAnyLetter =
    R"([^ .,\n\t:;*#_`<>{}|"!?()\x5B\x5D\u3002\uff0c\uff1a\uff1b\uff01\uff1f\uff08\uff09])";
/// Words that the grammar allows beyond what a whole title has, so that its limit does not end one in a word.
constexpr std::uint32_t kBeyondTitle = 4;
constexpr std::size_t kLongestLine = 160;    // bytes
constexpr std::size_t kLongTitle = 24;       // bytes
constexpr std::size_t kCommonBeginning = 2;  // words

struct Line {
    std::string_view title;
    std::vector<std::uint32_t> needs;
    std::size_t end = 0;  ///< bytes of the text through this line
};

std::string title_rules(const Language& language) {
    const std::string most = std::to_string(language.title_words + kBeyondTitle - 1);
    if (language.script == Script::han) {
        return "title ::= letter{2," + most + "}\nletter ::= " + std::string(kHanLetter) + "\n";
    }
    const std::string_view letter = language.script == Script::latin ? kLatinLetter : kAnyLetter;
    return "title ::= word next{0," + most +
           "}\nnext ::= \",\"? \" \" word | \". \" [a-z0-9] letter*\nword ::= letter+ (\".\" "
           "[a-z0-9]+)?\nletter ::= " +
           std::string(letter) + "\n";
}

/// A GBNF literal.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

/// The number in front of ". ", or 0.
std::uint32_t take_number(std::string_view& line) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    const auto digits = static_cast<std::size_t>(end - line.data());
    if (error != std::errc() || !line.substr(digits).starts_with('.')) {
        return 0;
    }
    line = trimmed(line.substr(digits + 1));
    return number;
}

/// Takes "[needs 1, 3]" from the end of a title; numbers from 1 become indexes from 0.
std::vector<std::uint32_t> take_needs(const Language& language, std::string_view& title) {
    std::vector<std::uint32_t> needs;
    const std::string_view open = trimmed(language.needs_open);
    const std::string_view close = trimmed(language.needs_close);
    const std::size_t at = open.empty() ? std::string_view::npos : title.rfind(open);
    if (at == std::string_view::npos || !title.ends_with(close)) {
        return needs;
    }
    std::string_view list = title.substr(at + open.size(), title.size() - at - open.size() - close.size());
    for (const Word& word : words_of(list)) {
        std::uint32_t number = 0;
        std::from_chars(word.text.data(), word.text.data() + word.text.size(), number);
        if (number > 0) {
            needs.push_back(number - 1);
        }
    }
    std::sort(needs.begin(), needs.end());
    needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
    title = trimmed(title.substr(0, at));
    return needs;
}

/// The numbered lines from 1 on, in order; whatever breaks the order ends the list.
std::vector<Line> read_lines(const Language& language, std::string_view text) {
    std::vector<Line> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = trimmed(text.substr(at, end - at));
        at = end + 1;
        if (line.empty()) {
            continue;
        }
        if (take_number(line) != lines.size() + 1) {
            break;
        }
        std::string_view title = trimmed(line);
        std::vector<std::uint32_t> needs = take_needs(language, title);
        lines.push_back({title, std::move(needs), end});
    }
    return lines;
}

/// A word such as "and" or "of", with which no whole title ends.
bool is_link(const Language& language, const Word& word) {
    return std::find(language.loose_ends.begin(), language.loose_ends.end(), word.text) !=
           language.loose_ends.end();
}

/// A title longer than titles are (the grammar's limit may have ended it), or that ends with a word such as
/// "and".
bool is_cut(const Language& language, std::string_view title) {
    const std::vector<Word> words = words_of(title);
    if (words.empty() || words.size() > language.title_words) {
        return true;
    }
    return is_link(language, words.back());
}

bool is_meaningless(const Phrases& phrases, std::string_view title) {
    const std::vector<Word> words = words_of(title);
    const bool letterless =
        std::all_of(words.begin(), words.end(), [](const Word& word) { return word.letterless; });
    const auto named = [&](const Pattern& pattern) { return pattern.match_at(words) == words.size(); };
    return letterless || std::any_of(phrases.empty_titles.begin(), phrases.empty_titles.end(), named);
}

/// What is wrong with the line at `index`, given those in front of it; nothing when it is good.
std::optional<std::string_view> fault(const Phrases& phrases, const Language& language,
                                      std::span<const Line> lines, std::size_t index) {
    const std::string_view title = lines[index].title;
    if (is_cut(language, title)) {
        return "outline-cut";
    }
    if (is_meaningless(phrases, title)) {
        return "outline-empty";
    }
    for (const Line& earlier : lines.first(index)) {
        if (title_likeness(earlier.title, title) >= phrases.limits.title_likeness) {
            return "outline-repeats";
        }
    }
    return std::nullopt;
}

/// Its words; where each character is a word, its pairs of neighbours, which say more.
std::set<std::string> terms(const std::vector<Word>& words) {
    std::set<std::string> found;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool pair = words[i].alone && i + 1 < words.size() && words[i + 1].alone;
        if (pair || !words[i].alone || words.size() == 1) {
            found.insert(words[i].text + (pair ? words[i + 1].text : std::string()));
        }
    }
    return found;
}

std::string joined(const std::vector<Word>& words) {
    std::string text;
    for (const Word& word : words) {
        text += word.text + (word.alone ? "" : " ");
    }
    return text;
}

/// "The band's first album, the band's second album": most begin with the same words, of which the last one
/// is no mere link.
bool begin_alike(const Language& language, std::span<const Line> lines) {
    std::map<std::string, std::size_t> beginnings;
    for (const Line& line : lines) {
        const std::vector<Word> words = words_of(line.title);
        if (words.size() <= kCommonBeginning || words.front().alone ||
            is_link(language, words[kCommonBeginning - 1])) {
            continue;
        }
        std::string beginning;
        for (std::size_t i = 0; i < kCommonBeginning; ++i) {
            beginning += words[i].text + ' ';
        }
        if (3 * ++beginnings[beginning] > 2 * lines.size() && lines.size() > 2) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string outline_grammar(const Phrases& phrases, const Language& language) {
    const std::uint32_t most = std::max(2U, phrases.limits.most_points);
    std::string grammar = "root ::= \"1. \" point \"\\n2. \" point";
    grammar += most > 2 ? " more3\n" : "\n";
    for (std::uint32_t i = 3; i <= most; ++i) {
        const std::string number = std::to_string(i);
        grammar += "more" + number + " ::= (\"\\n" + number + ". \" point";
        grammar += i < most ? " more" + std::to_string(i + 1) + ")?\n" : ")?\n";
    }
    if (language.needs_open.empty()) {
        return grammar + "point ::= title\n" + title_rules(language);
    }
    return grammar + "point ::= title needs?\nneeds ::= " + quoted(language.needs_open) +
           " number (\", \" number){0,2} " + quoted(language.needs_close) + "\nnumber ::= [1-9] | \"10\"\n" +
           title_rules(language);
}

double title_likeness(std::string_view left, std::string_view right) {
    const std::vector<Word> a = words_of(left);
    const std::vector<Word> b = words_of(right);
    if (a.empty() || b.empty()) {
        return a.empty() && b.empty() ? 1 : 0;
    }
    // "Legacy" and "Legacy of the band": the longer one begins with the other.
    const auto shorter = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    const bool inside = std::equal(a.begin(), a.begin() + shorter, b.begin(),
                                   [](const Word& x, const Word& y) { return x.text == y.text; });
    if (inside && !a.front().alone) {
        return 1;
    }
    const std::set<std::string> in_a = terms(a);
    const std::set<std::string> in_b = terms(b);
    const auto common = static_cast<double>(std::count_if(
        in_a.begin(), in_a.end(), [&](const std::string& term) { return in_b.contains(term); }));
    const std::string l = joined(a);
    const std::string r = joined(b);
    const auto differ = std::mismatch(l.begin(), l.end(), r.begin(), r.end()).first;
    const std::size_t longer = std::max(l.size(), r.size());
    // Of short titles, a few common letters are a large part.
    const double beginning =
        longer < kLongTitle ? 0 : static_cast<double>(differ - l.begin()) / static_cast<double>(longer);
    return std::max(common / (static_cast<double>(in_a.size() + in_b.size()) - common), beginning);
}

tl::expected<Outline, Reason> read_outline(const Phrases& phrases, const Language& language,
                                           std::string_view text) {
    const std::vector<Line> lines = read_lines(language, text);
    if (lines.size() < 2) {
        return tl::unexpected(phrases.reason("outline-too-short"));
    }
    std::size_t good = 0;
    std::optional<std::string_view> wrong;
    while (good < lines.size() && !(wrong = fault(phrases, language, lines, good))) {
        ++good;
    }
    // A conclusion at the end is a habit; a repeat is the beginning of more of them.
    if (wrong && good < (*wrong == "outline-empty" ? 2 : phrases.limits.least_points)) {
        return tl::unexpected(phrases.reason(*wrong));
    }
    const std::span<const Line> kept = std::span(lines).first(good);
    if (begin_alike(language, kept)) {
        return tl::unexpected(phrases.reason("outline-repeats"));
    }
    Outline outline;
    for (const Line& line : kept) {
        outline.points.push_back({std::string(line.title), line.needs});
    }
    // What a point needs of those that were left out, it does not get.
    for (OutlinePoint& point : outline.points) {
        std::erase_if(point.needs, [&](std::uint32_t need) { return need >= good; });
    }
    outline.used_bytes = kept.back().end;
    outline.cut = good < lines.size();
    return outline;
}

bool outline_is_spoilt(const Phrases& phrases, const Language& language, std::string_view text_so_far) {
    const std::size_t last = text_so_far.rfind('\n');
    const std::size_t complete = last == std::string_view::npos ? 0 : last;
    if (text_so_far.size() - complete > kLongestLine) {
        return true;  // a title that does not end
    }
    const std::vector<Line> lines = read_lines(language, text_so_far.substr(0, complete));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (fault(phrases, language, lines, i)) {
            return true;
        }
    }
    return false;
}

std::vector<std::vector<std::uint32_t>> levels(std::span<const OutlinePoint> points) {
    std::vector<std::vector<std::uint32_t>> by_level;
    std::vector<std::size_t> level(points.size(), 0);
    bool sequential = false;
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        for (const std::uint32_t need : points[i].needs) {
            if (need >= i) {
                sequential = true;  // a later point, or itself: part of a cycle or out of order
            } else {
                level[i] = std::max(level[i], level[need] + 1);
            }
        }
    }
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        const std::size_t at = sequential ? i : level[i];
        by_level.resize(std::max(by_level.size(), at + 1));
        by_level[at].push_back(i);
    }
    return by_level;
}

}  // namespace tendril::prompt::skeleton
