// SPDX-License-Identifier: Apache-2.0
// What no method leaves out: words with digits, negations, code blocks and spans, URLs, quoted strings (JSON
// keys with them), headings, list marks, and lines of tables, source code, data and markup (formal.h). Pure;
// any thread.
#pragma once

#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::prompt::compression {

/// Ascending, not touching each other. Linear in the length. `text` is valid UTF-8. Quotes, brackets and code
/// spans count when they close in their paragraph; negations and digits are spans of their whole word.
std::vector<KeptRange> protected_spans(std::string_view text);

/// One word (no blanks) in lower case, of any language that the list has.
bool is_negation(std::string_view word);
/// Bytes of the negation that begins at byte `at` of a text in a script without blanks; 0: none.
std::size_t negation_at(std::string_view text, std::size_t at);

}  // namespace tendril::prompt::compression
