// SPDX-License-Identifier: Apache-2.0
// How much a word says that the text in front of it did not say: a model of words that learns the text while
// it reads it. Pure; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "prompt/compress/units.h"

namespace tendril::prompt::compression {

/// Nats of each unit under an adaptive model of up to two words before it (Witten-Bell, arXiv has none: IEEE
/// Trans. Inf. Theory 37(4), 1991, method C); words never seen before have `prior` nats. Linear.
std::vector<float> novelty_of(std::string_view text, std::span<const Unit> units,
                              std::span<const float> prior);

}  // namespace tendril::prompt::compression
