// SPDX-License-Identifier: Apache-2.0
// How far two token runs are the same: what one may take of the other's pages. Pure, any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "engine/types.h"

namespace tendril::engine {

inline std::size_t common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
    const auto parting = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(parting.first - a.begin());
}

}  // namespace tendril::engine
