// SPDX-License-Identifier: Apache-2.0
// Texts for the tiny models: tokens below 256, the same for the same seed; texts put together.
#pragma once

#include <random>
#include <vector>

#include "engine/types.h"

namespace tendril::test {

inline std::vector<engine::TokenId> random_tokens(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<engine::TokenId> tokens(size);
    for (engine::TokenId& token : tokens) {
        token = static_cast<engine::TokenId>(random() % 256);
    }
    return tokens;
}

inline std::vector<engine::TokenId> joined(std::vector<engine::TokenId> a,
                                           const std::vector<engine::TokenId>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace tendril::test
