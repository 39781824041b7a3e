// SPDX-License-Identifier: Apache-2.0
// Selection under a budget of tokens. Pure; any thread.
#include "prompt/compress/selection.h"

#include <algorithm>
#include <numeric>

#include "prompt/compress/characters.h"

namespace tendril::prompt::compression {
namespace {

/// Collects ranges; what touches the last one joins it.
class Builder {
  public:
    explicit Builder(std::string_view text) : text_(text) {}
    void add(std::size_t begin, std::size_t end) {
        if (begin >= end) {
            return;
        }
        result_.text.append(text_.substr(begin, end - begin));
        if (!result_.kept.empty() && result_.kept.back().end == begin) {
            result_.kept.back().end = end;
        } else {
            result_.kept.push_back({begin, end});
        }
    }
    /// Takes the last character back when it is a comma or the like: a full stop comes next.
    void end_clause() {
        if (result_.text.empty()) {
            return;
        }
        const std::size_t at = before(result_.text, result_.text.size());
        const std::size_t bytes = result_.text.size() - at;
        if (character_at(result_.text, at).kind == CharacterKind::pause &&
            result_.kept.back().end - result_.kept.back().begin > bytes) {
            result_.text.resize(at);
            result_.kept.back().end -= bytes;
        }
    }
    Compressed take() { return std::move(result_); }

  private:
    std::string_view text_;
    Compressed result_;
};

/// The blank that stands for a gap that was left out: an empty line, a line break, or a blank; may be empty.
KeptRange blank_of_gap(std::string_view text, std::size_t begin, std::size_t end) {
    KeptRange best{begin, begin};
    int best_breaks = -1;
    for (std::size_t at = begin; at < end;) {
        if (!is_blank(text[at])) {
            ++at;
            continue;
        }
        const std::size_t first = at;
        int breaks = 0;
        for (; at < end && is_blank(text[at]); ++at) {
            breaks += text[at] == '\n' ? 1 : 0;
        }
        if (std::min(breaks, 2) >= best_breaks) {
            best_breaks = std::min(breaks, 2);
            best = {first, at};
        }
    }
    return best;
}

/// Would the last character of `left` and the first of `right` read as one word?
bool run_together(std::string_view text, const Unit& left, const Unit& right) {
    const auto kind = [&](std::size_t at) { return character_at(text, at).kind; };
    const auto joins = [](CharacterKind k) {
        return k == CharacterKind::letter || k == CharacterKind::digit;
    };
    return joins(kind(before(text, left.end))) && joins(kind(right.core));
}

bool is_own(const Unit& unit) {
    return !unit.stop && !unit.lead;
}

/// Protected units that would stand alone keep what stands next to them in their sentence.
void give_context(std::string_view text, std::span<const Unit> units, std::size_t reach,
                  std::vector<bool>& keep) {
    for (std::size_t begin = 0; begin < units.size() && reach > 0;) {
        std::size_t end = begin;
        bool alone = true;
        for (; end < units.size() && units[end].sentence == units[begin].sentence; ++end) {
            alone = alone && !(keep[end] && is_own(units[end]) && !units[end].guarded);
        }
        for (std::size_t i = begin; alone && i < end; ++i) {
            // What stands behind "3." is mostly "the".
            const bool mark =
                i == begin && is_list_mark(text.substr(units[i].core, units[i].end - units[i].core));
            if (!units[i].guarded || units[i].stop || mark) {
                continue;
            }
            const std::size_t from = i - std::min(i - begin, reach);
            const std::size_t to = std::min(end, i + 1 + reach);
            std::fill(keep.begin() + static_cast<std::ptrdiff_t>(from),
                      keep.begin() + static_cast<std::ptrdiff_t>(to), true);
        }
        begin = end;
    }
}

/// What begins a line stays with what it leads: marks with their line, who speaks with all up to the next one
/// or the paragraph's end.
void keep_leads(std::string_view text, std::span<const Unit> units, std::vector<bool>& keep) {
    bool in_line = false;
    bool in_turn = false;
    for (std::size_t i = units.size(); i-- > 0;) {
        const Unit& unit = units[i];
        if (unit.lead && !unit.guarded) {
            constexpr std::string_view kMarks = ">/%-";
            const bool marks = kMarks.find(text[unit.core]) != std::string_view::npos;
            keep[i] = marks ? in_line : in_turn;
            in_turn = in_turn && marks;
        } else if (keep[i] && !unit.stop) {
            in_line = in_turn = true;
        }
        if (text.substr(unit.begin, unit.core - unit.begin).find('\n') != std::string_view::npos) {
            in_line = false;
        }
        in_turn = in_turn && i > 0 && units[i - 1].paragraph == unit.paragraph;
    }
}

/// Stops of sentences of which something stays, and one unit between two that would run together.
void mend(std::string_view text, std::span<const Unit> units, std::vector<bool>& keep) {
    std::size_t last = units.size();  // the last kept unit
    bool blank_since = true;
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (units[i].stop && !units[i].guarded) {
            // "1." has its own.
            keep[i] = last < units.size() && units[last].sentence == units[i].sentence && !units[last].lead &&
                      character_at(text, before(text, units[last].end)).kind != CharacterKind::stop;
        }
        blank_since = blank_since || units[i].core > units[i].begin;
        if (!keep[i]) {
            continue;
        }
        if (last + 1 < i && !blank_since && run_together(text, units[last], units[i])) {
            keep[last + 1] = true;
        }
        last = i;
        blank_since = false;
    }
}

}  // namespace

Error stopped() {
    return {ErrorCode::cancelled, "The compression was stopped.", {}};
}

Compressed assembled(std::string_view text, std::span<const Unit> units, const std::vector<bool>& wanted,
                     std::size_t reach) {
    std::vector<bool> keep = wanted;
    give_context(text, units, reach, keep);
    keep_leads(text, units, keep);
    mend(text, units, keep);
    Builder builder(text);
    std::size_t last = units.size();
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (!keep[i]) {
            continue;
        }
        if (i == 0 || last + 1 == i) {
            builder.add(units[i].begin, units[i].end);
        } else if (last == units.size()) {
            const std::size_t line = text.substr(0, units[i].core).rfind('\n');  // its indent stays
            builder.add(line == std::string_view::npos ? units[i].core : std::max(line + 1, units[i].begin),
                        units[i].end);
        } else {
            // A line's own break and indent, else the strongest break that was left out.
            const bool own = text.substr(units[i].begin, units[i].core - units[i].begin).find('\n') !=
                             std::string_view::npos;
            const KeptRange gap = own ? KeptRange{units[i].begin, units[i].core}
                                      : blank_of_gap(text, units[last].end, units[i].core);
            if (!units[i].stop || units[i].core > units[i].begin) {
                builder.add(gap.begin, gap.end);
            } else if (!units[last].guarded) {
                builder.end_clause();
            }
            builder.add(units[i].core, units[i].end);
        }
        last = i;
    }
    return builder.take();
}

namespace {

/// How much may stand around protected units without taking the room of whole sentences. Where they alone are
/// more than was asked for, a little more of what makes them understood does no harm.
std::size_t reach_within(std::string_view text, std::span<const Unit> units, const std::vector<bool>& guarded,
                         std::size_t target, const TokenCounter& count) {
    constexpr double kShare = 0.8;  // of the target
    constexpr double kMore = 1.15;  // of the protected units
    const auto tokens = [&](std::size_t reach) {
        return static_cast<double>(count(assembled(text, units, guarded, reach).text));
    };
    const double least = tokens(0);
    const auto goal = static_cast<double>(target);
    const double most = least > goal ? kMore * least : std::max(kShare * goal, std::min(goal, kMore * least));
    std::size_t reach = 2;
    while (reach > 0 && tokens(reach) > most) {
        --reach;
    }
    return reach;
}

}  // namespace

Result<Compressed> selected(std::string_view text, std::span<const Unit> units, std::span<const float> scores,
                            std::size_t target, const TokenCounter& count, const CancelFlag& cancel) {
    std::vector<std::uint32_t> order;
    std::vector<bool> keep(units.size());
    for (std::uint32_t i = 0; i < units.size(); ++i) {
        keep[i] = units[i].guarded;
        if (!units[i].guarded && is_own(units[i])) {
            order.push_back(i);
        }
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return scores[a] > scores[b]; });
    const std::size_t reach = reach_within(text, units, keep, target, count);
    // The largest number of units that fits; what one more unit adds is never negative but for a token or two
    // at its borders.
    std::size_t fits = 0;
    std::size_t too_many = order.size() + 1;
    std::size_t shown = 0;  // units of `order` that `keep` has now
    Compressed best;
    for (bool first = true; first || too_many - fits > 1; first = false) {
        if (cancel) {
            return fail(stopped());
        }
        const std::size_t middle = first ? 0 : fits + (too_many - fits) / 2;
        for (; shown < middle; ++shown) {
            keep[order[shown]] = true;
        }
        for (; shown > middle; --shown) {
            keep[order[shown - 1]] = false;
        }
        Compressed tried = assembled(text, units, keep, reach);
        tried.tokens_after = count(tried.text);
        if (first || tried.tokens_after <= target) {
            fits = middle;
            best = std::move(tried);
        } else {
            too_many = middle;
        }
    }
    return best;
}

}  // namespace tendril::prompt::compression
