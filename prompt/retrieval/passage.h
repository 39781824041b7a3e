// SPDX-License-Identifier: Apache-2.0
// What to show of a place that was found: the sentence that a question is about. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tendril::prompt {

/// The sentence or line of `text` with most of the phrases (of query_phrases(); the same in upper and lower
/// case, and in other endings), of several the first; empty when none has any.
std::string_view best_passage(std::string_view text, const std::vector<std::string>& phrases);

}  // namespace tendril::prompt
