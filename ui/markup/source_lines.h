// SPDX-License-Identifier: Apache-2.0
// Which lines of a chunk a block was read from, when one knows where its characters stand. A pure function,
// any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "ui/markup/block.h"

namespace tendril::ui::markup {

/// From the characters [first, last] of `input` to whole lines, begin and end without the last line feed;
/// with the lines of a fence, of a heading's underline and of a table's delimiters.
std::pair<std::size_t, std::size_t> lines_of(const Block& block, bool fenced, std::string_view input,
                                             std::size_t first, std::size_t last);

}  // namespace tendril::ui::markup
