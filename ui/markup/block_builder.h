// SPDX-License-Identifier: Apache-2.0
// Reads one chunk of Markdown with md4c and makes blocks of it. A pure function, any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "ui/markup/block.h"

namespace tendril::ui::markup {

/// What to read: prefix and suffix take part in the reading and give no block of their own.
struct Chunk {
    std::string_view text;
    std::string_view prefix;         ///< heading and delimiter rows of a table that goes on here
    std::string_view suffix;         ///< definitions of link references that stand elsewhere
    std::size_t offset = 0;          ///< of `text` in the message, bytes
    std::int64_t first_number = -1;  ///< the number of the chunk's ordered item when it goes on with a list
};

/// Appends the blocks of `chunk` to `out`. What cannot be read within the limits becomes one plain paragraph.
void build_blocks(const Chunk& chunk, std::deque<Block>& out);

}  // namespace tendril::ui::markup
