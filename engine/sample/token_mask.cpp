// SPDX-License-Identifier: Apache-2.0
// Masking of logits, 64 at a time.
#include "engine/sample/token_mask.h"

#include <algorithm>
#include <limits>

namespace tendril::engine {

void apply(const TokenMask& mask, std::span<float> logits) {
    constexpr float kExcluded = -std::numeric_limits<float>::infinity();
    for (std::size_t word = 0; word * 64 < logits.size(); ++word) {
        const std::uint64_t allowed = mask.words[word];
        if (allowed == ~std::uint64_t{0}) {
            continue;
        }
        const std::span<float> part =
            logits.subspan(word * 64, std::min<std::size_t>(64, logits.size() - word * 64));
        for (std::size_t i = 0; i < part.size(); ++i) {
            part[i] = (allowed >> i & 1U) != 0 ? part[i] : kExcluded;
        }
    }
}

}  // namespace tendril::engine
