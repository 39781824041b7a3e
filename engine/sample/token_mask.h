// SPDX-License-Identifier: Apache-2.0
// Which tokens may be drawn. A view of somebody else's bits; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/types.h"

namespace tendril::engine {

struct TokenMask {
    std::span<const std::uint64_t> words;  ///< a bit for each token, 64 of them in a word, the lowest first

    static constexpr std::size_t words_for(std::size_t vocabulary) { return (vocabulary + 63) / 64; }
    bool allows(TokenId token) const {
        const auto index = static_cast<std::size_t>(token);
        return (words[index / 64] >> (index % 64) & 1U) != 0;
    }
};

/// Minus infinity for each token that the mask leaves out. `logits` are as many as the mask was made for.
void apply(const TokenMask& mask, std::span<float> logits);

}  // namespace tendril::engine
