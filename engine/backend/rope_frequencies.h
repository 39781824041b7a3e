// SPDX-License-Identifier: Apache-2.0
// The angles of rotary embeddings, for all backends: what one position adds to the angle of each pair, with
// Llama 3.x factors and YaRN applied. Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

struct RopeFrequencies {
    std::vector<double> step;  ///< [head_size / 2] radians per position
    double magnitude = 1.0;    ///< multiplies cosine and sine (YaRN's attention factor)
};

/// Angle of pair i at position p is p * step[i]. YaRN (arXiv 2309.00071 §3): pairs that turn more than
/// beta_fast times within the original context keep their frequency, those below beta_slow turns are slowed
/// by yarn_factor, those between are mixed; magnitude = yarn_attention_factor * (1 + 0.1 ln yarn_factor).
/// Fails in words on sizes that do not fit.
Result<RopeFrequencies> rope_frequencies(const RopeSettings& settings, std::size_t head_size);

}  // namespace tendril::engine
