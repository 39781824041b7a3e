// SPDX-License-Identifier: Apache-2.0
// Asking for points and guarding them. Pure.
#include "prompt/skeleton/points.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace tendril::prompt::skeleton {
namespace {

constexpr std::size_t kGram = 4;
constexpr std::size_t kLongestLoop = 24;  // words
constexpr std::size_t kLoopTurns = 3;
constexpr std::size_t kFewestLoopWords = 9;    // in all turns
constexpr std::size_t kSentenceWords = 4;      // a shorter sentence may stand twice
constexpr std::size_t kLikeSentenceWords = 8;  // a shorter one is compared as it is
constexpr double kSameTitle = 0.9;

std::string filled(std::string_view pattern, std::uint32_t number, std::string_view title) {
    std::string text;
    while (!pattern.empty()) {
        const std::size_t open = pattern.find('{');
        text += pattern.substr(0, open);
        if (open == std::string_view::npos) {
            break;
        }
        pattern.remove_prefix(open);
        if (pattern.starts_with("{number}")) {
            text += std::to_string(number);
            pattern.remove_prefix(8);
        } else if (pattern.starts_with("{title}")) {
            text += title;
            pattern.remove_prefix(7);
        } else {
            text += '{';
            pattern.remove_prefix(1);
        }
    }
    return text;
}

/// A line as the beginning of a point: its number (0: none) and what may be its title.
struct LineStart {
    std::uint32_t number = 0;
    std::string_view title;
    bool title_ends = false;  ///< the title is complete: a colon or the line's end follows
};

LineStart read_line_start(std::string_view line, bool complete) {
    LineStart start;
    const std::size_t marks = line.find_first_not_of(" *#_-");
    line.remove_prefix(std::min(marks, line.size()));
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    const auto digits = static_cast<std::size_t>(end - line.data());
    if (error == std::errc() && digits <= 2) {
        const std::string_view rest = line.substr(digits);
        if (rest.starts_with('.') || rest.starts_with(')') || rest.starts_with(':') ||
            rest.starts_with("、") || rest.starts_with("．")) {
            start.number = number;
            line = trimmed(rest.substr(rest.starts_with("、") || rest.starts_with("．") ? 3 : 1));
        }
    }
    const std::size_t colon = std::min({line.find(':'), line.find("："), line.find("**")});
    start.title_ends = complete || colon != std::string_view::npos;
    start.title = line.substr(0, colon);
    return start;
}

/// Not a sentence that only begins with the title's words.
bool is_title(std::string_view text, std::string_view title) {
    return words_of(text).size() <= words_of(title).size() + 1 && title_likeness(text, title) >= kSameTitle;
}

/// "- reliable sources", "2. ..."
bool begins_item(std::string_view sentence) {
    return sentence.starts_with("- ") || sentence.starts_with("* ") || sentence.starts_with("•") ||
           read_line_start(sentence, true).number > 0;
}

/// The words at the end that repeat what stands in front of them; 0: no loop.
std::size_t loop_words(std::span<const Word> words) {
    for (std::size_t period = 1; period <= kLongestLoop; ++period) {
        const std::size_t turns = std::max(kLoopTurns, (kFewestLoopWords + period - 1) / period);
        if (words.size() < turns * period) {
            break;
        }
        const std::span<const Word> tail = words.last(turns * period);
        bool same = true;
        for (std::size_t i = period; i < tail.size() && same; ++i) {
            same = tail[i].text == tail[i - period].text;
        }
        if (same) {
            return tail.size() - period;
        }
    }
    return 0;
}

std::set<std::string> grams(std::string_view text) {
    const std::vector<Word> words = words_of(text);
    std::set<std::string> found;
    for (std::size_t i = 0; i + kGram <= words.size(); ++i) {
        std::string gram;
        for (std::size_t j = 0; j < kGram; ++j) {
            gram += words[i + j].text + ' ';
        }
        found.insert(std::move(gram));
    }
    return found;
}

}  // namespace

PointSuffix point_suffix(const Language& language, std::span<const OutlinePoint> points,
                         std::uint32_t index) {
    const OutlinePoint& point = points[index];
    const std::string& pattern = point.needs.empty() ? language.point : language.point_needing;
    return {filled(pattern, index + 1, point.title), filled(language.heading, index + 1, point.title)};
}

std::vector<std::string> point_stops(std::uint32_t index) {
    const std::string next = std::to_string(index + 2);
    return {"\n" + next + ". ", "\n**" + next + ".", "\n#"};
}

PointGuard::PointGuard(const Phrases& phrases, std::span<const OutlinePoint> points, std::uint32_t index)
    : limits_(phrases.limits), index_(index) {
    for (const OutlinePoint& point : points) {
        titles_.push_back(point.title);
    }
}

void PointGuard::sibling_ended(std::uint32_t tokens) {
    siblings_.insert(std::upper_bound(siblings_.begin(), siblings_.end(), tokens), tokens);
}

std::uint32_t PointGuard::cap_tokens() const {
    if (siblings_.size() < 2) {
        return limits_.first_cap_tokens;
    }
    const double median = (siblings_[(siblings_.size() - 1) / 2] + siblings_[siblings_.size() / 2]) / 2.0;
    const auto cap = static_cast<std::uint32_t>(limits_.cap_over_median * median);
    return std::clamp(cap, limits_.least_cap_tokens,
                      std::max(limits_.first_cap_tokens, limits_.least_cap_tokens));
}

std::uint32_t PointGuard::most_tokens() const {
    return std::max(limits_.first_cap_tokens, limits_.least_cap_tokens) + limits_.grace_tokens;
}

std::string_view PointGuard::text() const {
    return trimmed(std::string_view(text_).substr(0, kept_));
}

PointStop PointGuard::feed(std::string_view piece, std::uint32_t tokens) {
    text_ += piece;
    tokens_ += tokens;
    kept_ = whole_characters(text_);
    return look();
}

void PointGuard::end(bool complete) {
    if (const std::size_t sentence = last_sentence_end(text()); !complete && sentence > 0) {
        kept_ = static_cast<std::size_t>(text().data() - text_.data()) + sentence;
    }
}

PointStop PointGuard::look_at_lines() {
    const std::string_view all = std::string_view(text_).substr(0, kept_);
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find('\n', begin), all.size());
        const LineStart start = read_line_start(all.substr(begin, end - begin), end < all.size());
        // In the first line a number may belong to the text; the title of a sibling never does.
        bool sibling =
            begin > 0 && start.number == index_ + 2 && !trimmed(all.substr(0, begin)).ends_with(':');
        for (std::uint32_t i = 0; i < titles_.size() && start.title_ends && !sibling; ++i) {
            sibling = (begin > 0 || i != index_) && is_title(start.title, titles_[i]);
        }
        if (sibling) {
            kept_ = begin;
            return PointStop::sibling;
        }
        begin = end + 1;
    }
    return PointStop::none;
}

PointStop PointGuard::look() {
    if (const PointStop sibling = look_at_lines(); sibling != PointStop::none) {
        return sibling;
    }
    const std::string_view all = std::string_view(text_).substr(0, kept_);
    const std::vector<std::string_view> sentences = sentences_of(all);
    const auto keep_through = [&](std::string_view sentence) {
        kept_ = static_cast<std::size_t>(sentence.data() + sentence.size() - text_.data());
    };
    // A sentence that was said before.
    for (std::size_t i = 1; i < sentences.size(); ++i) {
        const std::vector<Word> words = words_of(sentences[i]);
        const bool complete =
            i + 1 < sentences.size() || last_sentence_end(sentences[i]) == sentences[i].size();
        if (!complete || words.size() < kSentenceWords) {
            continue;
        }
        for (std::size_t j = 0; j < i; ++j) {
            const bool alike = words.size() >= kLikeSentenceWords &&
                               title_likeness(sentences[i], sentences[j]) >= limits_.sentence_likeness;
            if (alike || sentences[i] == sentences[j]) {
                keep_through(sentences[i - 1]);
                return PointStop::repeats;
            }
        }
    }
    const std::vector<Word> words = words_of(all);
    if (const std::size_t repeated = loop_words(words); repeated > 0) {
        kept_ = words[words.size() - repeated - 1].end;
        end(false);
        return PointStop::repeats;
    }
    // The items of a list are no sentences of the point: a list is kept whole, the cap ends a long one.
    std::uint32_t counted = 0;
    for (std::size_t i = 0; i < sentences.size(); ++i) {
        if (!begins_item(sentences[i]) && ++counted > limits_.point_sentences) {
            keep_through(sentences[i - 1]);
            return PointStop::sentences;
        }
    }
    const std::size_t paragraph = all.find("\n\n", all.size() - trimmed(all).size());
    if (paragraph != std::string_view::npos && paragraph > 0) {
        const std::string_view first = trimmed(all.substr(0, paragraph));
        if (sentences_of(first).size() >= 2 && last_sentence_end(first) == first.size()) {
            kept_ = paragraph;
            return PointStop::sentences;
        }
    }
    if (tokens_ >= cap_tokens()) {
        const std::string_view kept = text();
        const bool at_end = last_sentence_end(kept) == kept.size();
        if (at_end || tokens_ >= cap_tokens() + limits_.grace_tokens) {
            end(at_end);
            return PointStop::cap;
        }
    }
    return PointStop::none;
}

Overlap overlap(const Phrases& phrases, std::span<const std::string> texts) {
    Overlap found;
    std::vector<std::set<std::string>> all;
    std::set<std::string> repeated;
    std::vector<std::uint32_t> kept;
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
        all.push_back(grams(texts[i]));
        bool copy = false;
        for (const std::uint32_t j : kept) {
            std::size_t common = 0;
            for (const std::string& gram : all[i]) {
                if (all[j].contains(gram)) {
                    ++common;
                    repeated.insert(gram);
                }
            }
            const std::size_t either = all[i].size() + all[j].size() - common;
            const double share = either == 0 ? 0 : static_cast<double>(common) / static_cast<double>(either);
            found.worst = std::max(found.worst, share);
            copy = copy || share > phrases.limits.overlap;
        }
        if (copy) {
            found.copies.push_back(i);
        } else {
            kept.push_back(i);
        }
    }
    found.repeated_grams = static_cast<std::uint32_t>(repeated.size());
    return found;
}

}  // namespace tendril::prompt::skeleton
