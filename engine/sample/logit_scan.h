// SPDX-License-Identifier: Apache-2.0
// Passes over all logits, several at once: their largest by blocks, so that what follows looks at few blocks.
// Pure, any thread.
#pragma once

#include <cstddef>
#include <span>

namespace tendril::engine {

inline constexpr std::size_t kLogitBlock = 256;
constexpr std::size_t logit_blocks(std::size_t logits) {
    return (logits + kLogitBlock - 1) / kLogitBlock;
}

/// maxima[i] = the largest of block i, [logit_blocks(logits.size())]. False: there are NaN or plus infinity.
bool largest_of_blocks(std::span<const float> logits, std::span<float> maxima);

}  // namespace tendril::engine
