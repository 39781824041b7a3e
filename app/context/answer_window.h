// SPDX-License-Identifier: Apache-2.0
// An answer that runs into the end of the context: whether it may go on without the middle of what stands in
// front, and which part of it the model still reads. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace tendril::app {

/// What goes on for ever is stopped: so many tokens of answer for each of the context.
inline constexpr std::size_t kLongestAnswer = 16;  // contexts

/// True when the end of a text has been said several times just before: more of it would be the same.
bool in_circles(std::string_view text);

/// The end of a text, of at most about `tokens`: from the beginning of a line, a sentence or at least a
/// character on.
std::string newest_part(const engine::Tokenizer& tokenizer, std::string_view text, std::size_t tokens);

/// Where the stretches of `prompt` lie in a text that was read before (`before`, exactly), behind what both
/// begin with.
std::vector<engine::MovedText> moved_from(std::span<const engine::TokenId> before,
                                          std::span<const engine::TokenId> prompt);

}  // namespace tendril::app
