// SPDX-License-Identifier: Apache-2.0
// The outline of a long answer: the grammar that it is drawn under, what makes it usable, and which points
// wait for others. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/skeleton/phrases.h"

namespace tendril::prompt::skeleton {

struct OutlinePoint {
    std::string title;
    std::vector<std::uint32_t>
        needs;  ///< indexes of points (from 0) whose text this one builds on; ascending
};

struct Outline {
    std::vector<OutlinePoint> points;
    /// Bytes of the drawn text that hold these points, without the last newline. Less than the text when
    /// points behind a repeat were left out: then the branches' prompt holds the text only so far.
    std::size_t used_bytes = 0;
    bool cut = false;
};

/// A GBNF grammar (`root`): "1. Title", newline, "2. Title" ... 2 to Limits::most_points points. Numbers and
/// what stands around them are the only choice, so they are forced.
std::string outline_grammar(const Phrases& phrases, const Language& language);

/// Reads what was drawn. Points behind the first repeated or cut title are left out when enough good ones
/// stand in front; else there is a Reason: no list, too few points, titles alike, titles cut in a word.
tl::expected<Outline, Reason> read_outline(const Phrases& phrases, const Language& language,
                                           std::string_view text);

/// While an outline is drawn: whether its complete lines already hold what read_outline would cut, so that
/// drawing on is of no use.
bool outline_is_spoilt(const Phrases& phrases, const Language& language, std::string_view text_so_far);

/// How alike two titles are, 0 to 1: common words (or characters) and common beginning, whichever says more.
double title_likeness(std::string_view left, std::string_view right);

/// Indexes of points by level: those of level 0 need nothing, those of level k only points of lower levels.
/// A cycle or a reference to a later point makes the whole outline sequential: one point a level.
std::vector<std::vector<std::uint32_t>> levels(std::span<const OutlinePoint> points);

}  // namespace tendril::prompt::skeleton
