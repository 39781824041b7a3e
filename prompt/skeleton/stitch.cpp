// SPDX-License-Identifier: Apache-2.0
// Joining the points. Pure; any thread.
#include "prompt/skeleton/stitch.h"

#include "prompt/skeleton/words.h"

namespace tendril::prompt::skeleton {

Stitched stitch(std::span<const PointText> points) {
    Stitched stitched;
    for (const PointText& point : points) {
        const std::string_view text = trimmed(point.text);
        PointRange range;
        if (!text.empty()) {
            stitched.text += stitched.text.empty() ? "" : "\n\n";
            range.begin = stitched.text.size();
            stitched.text += point.heading;
            range.text = stitched.text.size();
            stitched.text += text;
            range.end = stitched.text.size();
        }
        stitched.points.push_back(range);
    }
    return stitched;
}

}  // namespace tendril::prompt::skeleton
