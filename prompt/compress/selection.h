// SPDX-License-Identifier: Apache-2.0
// Chooses which units stay so that the result has the asked number of tokens, and puts them together. Pure;
// any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"
#include "prompt/compress/units.h"

namespace tendril::prompt::compression {

/// The text of the units with `keep`, plus what must not fall apart: stops, what begins their lines, and a
/// separator where two words would run into one. Between two kept units stands a line break when one stood in
/// what was left out. A protected unit whose sentence went gets `reach` units on each side of it, so that one
/// sees what is "not", and what there are 14 of.
Compressed assembled(std::string_view text, std::span<const Unit> units, const std::vector<bool>& keep,
                     std::size_t reach = 0);

/// Units in the order of `scores` (high first; guarded ones always, with something around them where there is
/// room) until `target` tokens are reached; counts about log2(units) times. tokens_before is left 0.
Result<Compressed> selected(std::string_view text, std::span<const Unit> units, std::span<const float> scores,
                            std::size_t target, const TokenCounter& count, const CancelFlag& cancel);

/// The error of everything that a person stopped.
Error stopped();

}  // namespace tendril::prompt::compression
