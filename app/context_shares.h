// SPDX-License-Identifier: Apache-2.0
// How the model's context is divided, and in which ways a stretch of it may have become shorter. Values that
// the worker and the window share: no Qt, nothing of the store.
#pragma once

#include <cstdint>

namespace tendril::app {

/// Tokens. `reserve` is kept free for the answer; what is left of `limit` is free.
struct ContextShares {
    std::uint32_t system = 0;
    std::uint32_t documents = 0;
    std::uint32_t turns = 0;
    std::uint32_t draft = 0;
    std::uint32_t reserve = 0;
    std::uint32_t limit = 0;  ///< 0: no model, nothing is known
    bool operator==(const ContextShares&) const = default;
};

/// window: an answer filled the context and went on with the beginning and the newest tokens only.
enum class MemoryChange : std::uint8_t { compressed, summarised, pruned, left_out, window };

}  // namespace tendril::app
