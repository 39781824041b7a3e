// SPDX-License-Identifier: Apache-2.0
// How the next token is drawn from the logits. Plain values.
#pragma once

#include <cstdint>

namespace tendril::engine {

/// Applied in this order: penalties, temperature, top-k, top-p, min-p, draw. The draw's random number is a
/// function of (seed, position).
struct SamplerSettings {
    float temperature = 0.7F;  ///< 0 = greedy
    std::int32_t top_k = 40;   ///< 0 = off
    float top_p = 0.95F;       ///< 1 = off
    float min_p = 0.05F;       ///< 0 = off
    float repetition_penalty =
        1.0F;  ///< 1 = off; divides positive and multiplies negative logits of recent tokens
    float presence_penalty = 0.0F;     ///< subtracted once from the logit of each recent token
    std::int32_t penalty_window = 64;  ///< how many last tokens count as recent
    std::uint64_t seed = 0;

    bool operator==(const SamplerSettings&) const = default;
};

}  // namespace tendril::engine
