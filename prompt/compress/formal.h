// SPDX-License-Identifier: Apache-2.0
// Lines that say what they say by their form, so that words left out make them wrong or void: rows of tables,
// source code, data, markup. Found by how they look, in any language. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::prompt::compression {

/// Adds tables (Markdown, separated values), and in stretches of source code, of JSON or of markup all lines
/// but comments. Ascending; fenced code blocks are found elsewhere. Linear.
void add_formal_lines(std::string_view text, std::vector<KeptRange>& spans);

}  // namespace tendril::prompt::compression
