// SPDX-License-Identifier: Apache-2.0
// Passes over all logits; see logit_scan.h. Written so that compilers make vectors of the inner loops: each
// lane has its own maximum, and nothing leaves a loop early.
#include "engine/sample/logit_scan.h"

#include <algorithm>
#include <limits>

namespace tendril::engine {
namespace {

constexpr std::size_t kLanes = 16;
constexpr float kMost = std::numeric_limits<float>::max();

struct Lanes {
    float largest[kLanes];
    int broken[kLanes];
};

void look_at(const float* logits, Lanes& lanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const float logit = logits[lane];
        lanes.largest[lane] = logit > lanes.largest[lane] ? logit : lanes.largest[lane];
        lanes.broken[lane] |= logit <= kMost ? 0 : 1;  // also NaN
    }
}

}  // namespace

bool largest_of_blocks(std::span<const float> logits, std::span<float> maxima) {
    Lanes lanes{};
    for (std::size_t block = 0; block < maxima.size(); ++block) {
        std::fill_n(lanes.largest, kLanes, -std::numeric_limits<float>::infinity());
        const std::size_t end = std::min(logits.size(), (block + 1) * kLogitBlock);
        std::size_t i = block * kLogitBlock;
        for (; i + kLanes <= end; i += kLanes) {
            look_at(&logits[i], lanes);
        }
        if (i < end) {
            float last[kLanes];
            std::fill_n(last, kLanes, -std::numeric_limits<float>::infinity());
            std::copy_n(&logits[i], end - i, last);
            look_at(last, lanes);
        }
        maxima[block] = *std::max_element(lanes.largest, lanes.largest + kLanes);
    }
    return std::none_of(lanes.broken, lanes.broken + kLanes, [](int broken) { return broken != 0; });
}

}  // namespace tendril::engine
