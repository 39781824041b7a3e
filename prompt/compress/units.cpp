// SPDX-License-Identifier: Apache-2.0
// Splits texts into units. Pure; any thread.
#include "prompt/compress/units.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <utf8proc.h>

#include "prompt/compress/characters.h"
#include "prompt/compress/leads.h"

namespace tendril::prompt::compression {
namespace {

using Kind = CharacterKind;
constexpr std::size_t kLongestWide = 4;      ///< characters of a unit without blanks
constexpr std::size_t kLongestRun = 200;     ///< bytes of a unit without blanks inside
constexpr std::size_t kLongestWrapped = 40;  ///< bytes of a word that wrapped lines have
constexpr std::size_t kSplitAtPause = 24;    ///< bytes from which a run may end behind a comma
constexpr std::size_t kWidestWrapped = 120;  ///< columns; nobody wraps lines that are longer
constexpr std::size_t kWideWord = 4;         ///< columns that a script without blanks may leave in a line
constexpr float kEndless = 48;               ///< tokens of a sentence, about, from which it is parted
constexpr float kLeastPart = 12;             ///< of each part

class Splitter {
  public:
    Splitter(std::string_view text, std::span<const ScoredPiece> pieces) : text_(text), pieces_(pieces) {}

    std::vector<Unit> split() {
        std::size_t at = 0;
        for (;;) {
            const std::size_t begin = at;
            at = skip_blanks(at);
            if (at >= text_.size()) {
                return std::move(units_);
            }
            if (const std::size_t lead = end_of_lead(at); lead > at) {
                units_.push_back({begin, at, lead, sentence_, 0, clause_, paragraph_});
                units_.back().lead = true;
                end_empty_line(lead);
                at = lead;
                continue;
            }
            const std::size_t mark = std::exchange(line_begins_, false) ? end_of_number(at) : at;
            const Character c = character_at(text_, at);
            Unit unit{begin, at, at, sentence_, 0, clause_, paragraph_};
            if (mark > at) {
                at = unit.end = mark;
            } else if (c.kind == Kind::stop && at == begin && !units_.empty()) {
                at = unit.end = end_of_stop(at);
                unit.stop = true;
            } else if (c.kind == Kind::wide) {
                at = unit.end = end_of_wide(at);
                unit.wide = true;
            } else {
                at = unit.end = end_of_run(at);
            }
            units_.push_back(unit);
            divide(unit);
        }
    }

  private:
    Kind kind(std::size_t at) const {
        return at < text_.size() ? character_at(text_, at).kind : Kind::newline;
    }
    static bool is_space(Kind k) { return k == Kind::blank || k == Kind::newline; }

    std::size_t skip_blanks(std::size_t at) {
        int breaks = 0;
        const std::size_t begin = at;
        while (at < text_.size()) {
            const Character c = character_at(text_, at);
            if (!is_space(c.kind)) {
                break;
            }
            breaks += c.value == '\n' ? 1 : 0;
            at += c.bytes;
        }
        line_begins_ = line_begins_ || breaks > 0 || begin == 0;
        const std::size_t marks = breaks > 0 || begin == 0 ? end_of_marks(text_, at) : at;
        const auto depth =
            static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at),
                                                text_.begin() + static_cast<std::ptrdiff_t>(marks), '>'));
        const bool quotes = breaks > 0 && std::exchange(depth_, depth) != depth;
        if (begin > 0 && (breaks > 1 || quotes || (breaks == 1 && begins_line(begin, marks)))) {
            paragraph_ += breaks > 1 || quotes ? 1 : 0;
            ++sentence_;
            ++clause_;
        }
        return at;
    }
    /// Marks of a quotation, then who speaks.
    std::size_t end_of_lead(std::size_t at) {
        if (!line_begins_) {
            return at;
        }
        const std::size_t marks = end_of_marks(text_, at);
        return marks > at ? marks : end_of_label(text_, at);
    }
    /// A line of nothing but marks parts paragraphs.
    void end_empty_line(std::size_t at) {
        const std::size_t next = std::min(text_.find_first_not_of(" \t\r", at), text_.size());
        if (next == text_.size() || text_[next] == '\n') {
            ++paragraph_;
            ++sentence_;
            ++clause_;
        }
    }
    /// `at`: behind marks of a quotation.
    bool begins_line(std::size_t line_end, std::size_t at) {
        std::size_t next = std::min(text_.find_first_not_of(" \t", at), text_.size());
        const std::size_t line = line_end == 0 ? 0 : text_.rfind('\n', line_end - 1) + 1;
        return begins_item(next) || end_of_label(text_, next) > next || text_[line] == '#' ||
               text_[line] == '\\' || is_own_line(line_end, next);
    }
    /// Did somebody break the line in front of `next`, other than to wrap it?
    bool is_own_line(std::size_t line_end, std::size_t next) {
        const std::size_t line = line_end == 0 ? 0 : text_.rfind('\n', line_end - 1) + 1;  // npos + 1 is 0
        if (line_end >= paragraph_end_) {
            measure(line, line_end);
        }
        return next < text_.size() &&
               (width_ > kWidestWrapped || own_lines_ || ends_early(line, line_end, next));
    }
    void measure(std::size_t begin, std::size_t line_end) {
        paragraph_end_ =
            std::min({text_.find("\n\n", line_end), text_.find("\n\r\n", line_end), text_.size()});
        width_ = width_of(begin, paragraph_end_);
        std::size_t breaks = 0;
        std::size_t early = 0;
        for (std::size_t end = text_.find('\n', begin); end < paragraph_end_; end = text_.find('\n', begin)) {
            const std::size_t next = text_.find_first_not_of(" \t", end_of_marks(text_, end + 1));
            ++breaks;
            early += next < text_.size() && ends_early(begin, end, next) ? 1 : 0;
            begin = end + 1;
        }
        own_lines_ = 2 * early >= std::max<std::size_t>(breaks, 2);
    }
    /// The next word would have fitted into the width of the paragraph's longest line.
    bool ends_early(std::size_t line, std::size_t line_end, std::size_t next) const {
        const std::size_t word = std::min(text_.find_first_of(" \t\n", next), text_.size());
        const std::size_t wanted = kind(next) == Kind::wide ? kWideWord : 1 + columns(next, word);
        return columns(line, line_end) + wanted < width_;
    }
    /// Columns of the longest line; lines with words that no wrapping makes fit (URLs) do not count.
    std::size_t width_of(std::size_t begin, std::size_t end) const {
        std::size_t width = 0;
        for (std::size_t at = begin; at < end;) {
            const std::size_t line = std::min(text_.find('\n', at), end);
            std::size_t longest = 0;
            for (std::size_t word = at; word < line; ++word) {
                const std::size_t next = std::min(text_.find_first_of(" \t", word), line);
                longest = std::max(longest, next - word);
                word = next;
            }
            const bool wraps = longest <= kLongestWrapped || kind(at) == Kind::wide;
            width = wraps ? std::max(width, columns(at, line)) : width;
            at = line + 1;
        }
        return width;
    }
    std::size_t columns(std::size_t begin, std::size_t end) const {
        std::size_t wide = 0;
        while (begin < end) {
            const Character c = character_at(text_, begin);
            begin += c.bytes;
            wide += c.value < 0x80 ? 1
                                   : static_cast<std::size_t>(std::max(
                                         utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.value)), 0));
        }
        return wide;
    }
    /// A list mark, heading, table row or fence.
    bool begins_item(std::size_t at) const {
        if (at >= text_.size()) {
            return false;
        }
        constexpr std::string_view kMarks = "#-*+|`~=\\";
        if (kMarks.find(text_[at]) != std::string_view::npos || text_.substr(at, 3) == "\xE2\x80\xA2") {
            return true;
        }
        const std::size_t end = end_of_digits(at);
        return end > at && end < text_.size() && (text_[end] == '.' || text_[end] == ')');
    }
    std::size_t end_of_digits(std::size_t at) const {
        std::size_t end = at;
        while (end < text_.size() && end < at + 4 && text_[end] >= '0' && text_[end] <= '9') {
            ++end;
        }
        return end;
    }
    /// Behind "3." or "12)"; the full stop ends no sentence.
    std::size_t end_of_number(std::size_t at) const {
        const std::size_t end = end_of_digits(at);
        return begins_item(at) && end > at && is_space(kind(end + 1)) ? end + 1 : at;
    }
    /// Full stops and what closes behind them.
    std::size_t end_of_stop(std::size_t at) const {
        while (at < text_.size()) {
            const Character c = character_at(text_, at);
            const bool closes =
                c.kind == Kind::close || c.kind == Kind::quote || c.value == '*' || c.value == '_';
            if (c.kind != Kind::stop && !closes) {
                break;
            }
            at += c.bytes;
        }
        return at;
    }
    /// Up to where the scorer's token ends, at a whole character.
    std::size_t end_of_wide(std::size_t at) {
        const std::size_t begin = at;
        at += character_at(text_, at).bytes;
        for (std::size_t i = 1; i < kLongestWide && kind(at) == Kind::wide && !is_cut(at); ++i) {
            at += character_at(text_, at).bytes;
        }
        while (at > begin && (kind(at) == Kind::pause || kind(at) == Kind::close)) {
            at += character_at(text_, at).bytes;
        }
        return at;
    }
    /// Does a piece end here? Without pieces, everywhere.
    bool is_cut(std::size_t at) {
        while (piece_ < pieces_.size() && pieces_[piece_].end < at) {
            ++piece_;
        }
        return piece_ >= pieces_.size() || pieces_[piece_].end == at;
    }
    /// Does a full stop at `at` end a sentence?
    bool is_end(std::size_t at) const {
        const Character c = character_at(text_, at);
        if (c.value >= 0x80 && c.value != 0x2026) {
            return true;
        }
        const Kind next = kind(end_of_stop(at));
        return is_space(next) || next == Kind::wide;
    }
    std::size_t end_of_run(std::size_t at) const {
        const std::size_t begin = at;
        Kind last = Kind::blank;
        while (at < text_.size() && at - begin < kLongestRun) {
            const Character c = character_at(text_, at);
            const bool is_dash = c.value == 0x2013 || c.value == 0x2014;
            if (is_space(c.kind) || c.kind == Kind::wide ||
                (c.kind == Kind::stop && at > begin && is_end(at)) || (is_dash && last == Kind::letter)) {
                break;
            }
            at += c.bytes;
            if (c.kind == Kind::pause && !is_dash && at - begin >= kSplitAtPause && kind(at) != Kind::digit) {
                break;
            }
            last = c.kind;
        }
        return at;
    }
    /// What begins behind this unit.
    void divide(const Unit& unit) {
        const Character last = character_at(text_, before(text_, unit.end));
        if (unit.stop) {
            ++sentence_;
            ++clause_;
        } else if (last.kind == Kind::pause || last.kind == Kind::close || kind(unit.core) == Kind::open) {
            ++clause_;
        }
    }

    std::string_view text_;
    std::span<const ScoredPiece> pieces_;
    std::size_t piece_ = 0;
    std::vector<Unit> units_;
    std::size_t paragraph_end_ = 0;  // of the paragraph whose lines were measured
    std::size_t width_ = 0;          // of its longest line, in columns
    bool own_lines_ = false;         // most of its lines end early, so none was wrapped
    std::size_t depth_ = 0;          // of the quotation
    bool line_begins_ = true;
    std::uint32_t sentence_ = 0;
    std::uint32_t clause_ = 0;
    std::uint32_t paragraph_ = 0;
};

/// Tokens of a unit, about; without a tokenizer.
float tokens_of(std::string_view text, const Unit& unit) {
    constexpr float kLetters = 6;
    constexpr float kWide = 1.5F;
    float letters = 0;
    float tokens = 0;
    for (std::size_t at = unit.core; at < unit.end;) {
        const Character c = character_at(text, at);
        at += c.bytes;
        if (c.kind == Kind::letter) {
            letters += 1;
            continue;
        }
        tokens += std::ceil(letters / kLetters) + (c.kind == Kind::wide    ? 1 / kWide
                                                   : c.kind == Kind::blank ? 0
                                                                           : 1);
        letters = 0;
    }
    return tokens + std::ceil(letters / kLetters);
}

struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};
template <typename Each>
void for_each_sentence(std::span<const Unit> units, Each each) {
    for (std::size_t begin = 0; begin < units.size();) {
        std::size_t end = begin;
        while (end < units.size() && units[end].sentence == units[begin].sentence) {
            ++end;
        }
        each(Span{begin, end});
        begin = end;
    }
}

/// Where half of a sentence is protected, leaving out the rest saves little and costs its sense.
void guard_whole(std::span<Unit> units, Span sentence, std::span<const float> tokens) {
    constexpr float kShare = 0.5F;
    float guarded = 0;
    float all = 0;
    for (std::size_t i = sentence.begin; i < sentence.end; ++i) {
        all += units[i].stop || units[i].lead ? 0 : tokens[i];
        guarded += units[i].guarded && !units[i].stop ? tokens[i] : 0;
    }
    for (std::size_t i = sentence.begin; i < sentence.end && guarded > 0 && guarded >= kShare * all; ++i) {
        units[i].guarded = true;
    }
}

/// Numbers the parts of a sentence from `part` on; gives the next one's number.
std::uint32_t part_sentence(std::string_view text, std::span<Unit> units, Span sentence,
                            std::span<const float> tokens, std::uint32_t part) {
    float left = std::accumulate(tokens.begin() + static_cast<std::ptrdiff_t>(sentence.begin),
                                 tokens.begin() + static_cast<std::ptrdiff_t>(sentence.end), 0.0F);
    const bool endless = left >= kEndless;
    float here = 0;
    for (std::size_t i = sentence.begin; i < sentence.end; ++i) {
        units[i].part = part;
        here += tokens[i];
        left -= tokens[i];
        const bool pauses = character_at(text, before(text, units[i].end)).kind == Kind::pause;
        if (endless && pauses && here >= kLeastPart && left >= kLeastPart) {
            ++part;
            here = 0;
        }
    }
    return part + 1;
}

}  // namespace

std::vector<Unit> units_of(std::string_view text, std::span<const ScoredPiece> pieces,
                           std::span<const KeptRange> guarded) {
    auto units = Splitter(text, pieces).split();
    std::size_t span = 0;
    for (Unit& unit : units) {
        while (span < guarded.size() && guarded[span].end <= unit.core) {
            ++span;
        }
        unit.guarded = span < guarded.size() && guarded[span].begin < unit.end;
    }
    std::vector<float> tokens(units.size());
    std::transform(units.begin(), units.end(), tokens.begin(),
                   [text](const Unit& unit) { return tokens_of(text, unit); });
    std::uint32_t part = 0;
    for_each_sentence(units, [&](Span sentence) {
        guard_whole(units, sentence, tokens);
        part = part_sentence(text, units, sentence, tokens, part);
    });
    return units;
}

std::vector<KeptRange> sentences_of(std::string_view text) {
    std::vector<KeptRange> sentences;
    std::uint32_t number = 0;
    for (const Unit& unit : Splitter(text, {}).split()) {
        if (sentences.empty() || unit.sentence != number) {
            sentences.push_back({unit.core, unit.end});
        }
        sentences.back().end = unit.end;
        number = unit.sentence;
    }
    return sentences;
}

bool is_list_mark(std::string_view word) {
    const bool digits = word.find_first_not_of("0123456789") == std::string_view::npos;
    return !digits && word.find_first_not_of("0123456789.)-*+") == std::string_view::npos;
}

UnitScores scores_of(std::span<const Unit> units, std::span<const ScoredPiece> pieces) {
    UnitScores scores{std::vector<float>(units.size()), std::vector<float>(units.size())};
    std::size_t u = 0;
    for (const ScoredPiece& piece : pieces) {
        const auto bytes = static_cast<float>(piece.end > piece.begin ? piece.end - piece.begin : 0);
        while (u > 0 && units[u].begin > piece.begin) {
            --u;
        }
        for (; u < units.size() && units[u].begin < piece.end; ++u) {
            const std::size_t begin = std::max(units[u].begin, piece.begin);
            const std::size_t end = std::min(units[u].end, piece.end);
            if (end > begin && bytes > 0) {
                const float share = static_cast<float>(end - begin) / bytes;
                scores.nats[u] += share * piece.nats;
                scores.pieces[u] += share;
            }
        }
        u = u > 0 ? u - 1 : 0;
    }
    return scores;
}

}  // namespace tendril::prompt::compression
