// SPDX-License-Identifier: Apache-2.0
// The words that a chunk is found by and those that a question is searched with, for an index that knows
// words by the blanks and marks between them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tendril::prompt {

/// A chunk for the index: characters of scripts that write without blanks (Chinese, Japanese, Korean, Thai,
/// ...) stand alone, and names like parseHeader are followed by their parts.
std::string index_words(std::string_view text);

/// What to look for: the question's words without those that any sentence has (the, is, what, der, wie, 什么,
/// ...; when it has no others: all), pairs of neighbouring characters of scripts without blanks. Each once,
/// in order, at most 64; may be empty.
std::vector<std::string> query_phrases(std::string_view question);

}  // namespace tendril::prompt
