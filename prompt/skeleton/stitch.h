// SPDX-License-Identifier: Apache-2.0
// The points as one message. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::prompt::skeleton {

struct PointText {
    std::string heading;  ///< as prefilled: "**1. Title**\n\n"
    std::string text;
};

/// Bytes of heading and text of a point in the stitched text; empty for a point that was left out.
struct PointRange {
    std::size_t begin = 0;
    std::size_t text = 0;  ///< where the text begins, behind the heading
    std::size_t end = 0;
};

struct Stitched {
    std::string text;
    std::vector<PointRange> points;
};

/// Points in order, separated by a blank line. A point without text is left out (it was cancelled before its
/// first word, or is a copy of another).
Stitched stitch(std::span<const PointText> points);

}  // namespace tendril::prompt::skeleton
