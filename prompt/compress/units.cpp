// SPDX-License-Identifier: Apache-2.0
// Splits texts into units. Pure; any thread.
#include "prompt/compress/units.h"

#include <algorithm>

#include "prompt/compress/characters.h"

namespace tendril::prompt::compression {
namespace {

using Kind = CharacterKind;
constexpr std::size_t kLongestWide = 4;      ///< characters of a unit without blanks
constexpr std::size_t kLongestRun = 200;     ///< bytes of a unit without blanks inside
constexpr std::size_t kLongestWrapped = 40;  ///< bytes of a word that wrapped lines have
constexpr std::size_t kSplitAtPause = 24;    ///< bytes from which a run may end behind a comma

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
            const Character c = character_at(text_, at);
            Unit unit{begin, at, at, sentence_, clause_, paragraph_};
            if (c.kind == Kind::stop && at == begin && !units_.empty()) {
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
        if (begin > 0 && (breaks > 1 || (breaks == 1 && (begins_item(at) || is_own_line(begin, at))))) {
            paragraph_ += breaks > 1 ? 1 : 0;
            ++sentence_;
            ++clause_;
        }
        return at;
    }
    /// Did somebody break the line in front of `next`, other than to wrap it? The next word would have fitted
    /// into the width of the paragraph's longest line.
    bool is_own_line(std::size_t line_end, std::size_t next) {
        if (line_end >= paragraph_end_) {
            const std::size_t begin = line_end == 0 ? 0 : text_.rfind('\n', line_end - 1) + 1;
            paragraph_end_ =
                std::min({text_.find("\n\n", line_end), text_.find("\n\r\n", line_end), text_.size()});
            width_ = width_of(begin, paragraph_end_);
        }
        const std::size_t line = text_.rfind('\n', line_end - 1) + 1;  // npos + 1 is 0
        const std::size_t word = std::min(text_.find_first_of(" \t\n", next), text_.size());
        return next < text_.size() && kind(next) != Kind::wide &&
               characters(line, line_end) + 1 + characters(next, word) < width_;
    }
    /// Characters of the longest line; lines with words that no wrapping makes fit (URLs) do not count.
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
            width = longest > kLongestWrapped ? width : std::max(width, characters(at, line));
            at = line + 1;
        }
        return width;
    }
    std::size_t characters(std::size_t begin, std::size_t end) const {
        return static_cast<std::size_t>(
            std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                          text_.begin() + static_cast<std::ptrdiff_t>(end),
                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    }
    /// A list mark, heading, table row or fence.
    bool begins_item(std::size_t at) const {
        if (at >= text_.size()) {
            return false;
        }
        constexpr std::string_view kMarks = "#-*+>|`~=";
        if (kMarks.find(text_[at]) != std::string_view::npos || text_.substr(at, 3) == "\xE2\x80\xA2") {
            return true;
        }
        std::size_t end = at;
        while (end < text_.size() && end < at + 4 && text_[end] >= '0' && text_[end] <= '9') {
            ++end;
        }
        return end > at && end < text_.size() && (text_[end] == '.' || text_[end] == ')');
    }
    /// Full stops and what closes behind them.
    std::size_t end_of_stop(std::size_t at) const {
        while (at < text_.size()) {
            const Character c = character_at(text_, at);
            if (c.kind != Kind::stop && c.kind != Kind::close && c.kind != Kind::quote) {
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
    std::size_t width_ = 0;          // of its longest line, in characters
    std::uint32_t sentence_ = 0;
    std::uint32_t clause_ = 0;
    std::uint32_t paragraph_ = 0;
};

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
