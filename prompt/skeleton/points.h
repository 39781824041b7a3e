// SPDX-License-Identifier: Apache-2.0
// The points of an outline as they are written: what asks for one, and what stops one that goes astray. Pure;
// a PointGuard belongs to the thread that feeds it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/skeleton/outline.h"

namespace tendril::prompt::skeleton {

/// H2: the user message that asks for point `index`, and the heading that the answer is made to begin with.
struct PointSuffix {
    std::string user;
    std::string heading;
};
PointSuffix point_suffix(const Language& language, std::span<const OutlinePoint> points, std::uint32_t index);

/// Texts that end a point besides the template's own stops.
std::vector<std::string> point_stops(std::uint32_t index);

enum class PointStop : std::uint8_t { none, sentences, sibling, repeats, cap };

/// Watches the text of one point.
class PointGuard {
  public:
    PointGuard(const Phrases& phrases, std::span<const OutlinePoint> points, std::uint32_t index);

    /// A sibling ended by itself with so many tokens: the cap follows the median of them.
    void sibling_ended(std::uint32_t tokens);

    /// The next piece of text, drawn as `tokens` tokens. Not none: stop drawing; text() is what is kept.
    PointStop feed(std::string_view piece, std::uint32_t tokens);

    /// The point ended by itself or must end now: text() is then without an incomplete last sentence when it
    /// was cut (`complete` false) and a complete one stands in front.
    void end(bool complete);

    /// What is kept, without white space at its ends. Whole characters.
    std::string_view text() const;
    /// Bytes of all that was fed that are kept, from the first one on: for the tokens that belong to text().
    std::size_t kept_bytes() const { return kept_; }
    std::uint32_t cap_tokens() const;
    std::uint32_t most_tokens() const;  ///< cap and grace of the widest kind: max_tokens of the request

  private:
    PointStop look();
    PointStop look_at_lines();

    Limits limits_;
    std::vector<std::string> titles_;
    std::uint32_t index_ = 0;
    std::vector<std::uint32_t> siblings_;
    std::string text_;
    std::size_t kept_ = 0;
    std::uint32_t tokens_ = 0;
};

/// What the finished points have in common.
struct Overlap {
    double worst = 0;                  ///< highest Jaccard index of 4-grams of two points
    std::uint32_t repeated_grams = 0;  ///< different 4-grams that stand in more than one point
    std::vector<std::uint32_t>
        copies;  ///< points over Limits::overlap with an earlier one that is kept; ascending
};
Overlap overlap(const Phrases& phrases, std::span<const std::string> texts);

}  // namespace tendril::prompt::skeleton
