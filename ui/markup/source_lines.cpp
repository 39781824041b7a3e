// SPDX-License-Identifier: Apache-2.0
// Which lines of a chunk a block was read from. A pure function, any thread.
#include "ui/markup/source_lines.h"

#include <algorithm>

namespace tendril::ui::markup {
namespace {

std::size_t line_begin(std::string_view input, std::size_t at) {
    const std::size_t newline = at == 0 ? std::string_view::npos : input.rfind('\n', at - 1);
    return newline == std::string_view::npos ? 0 : newline + 1;
}

std::size_t line_end(std::string_view input, std::size_t at) {
    return std::min(input.find('\n', at), input.size());
}

}  // namespace

std::pair<std::size_t, std::size_t> lines_of(const Block& block, bool fenced, std::string_view input,
                                             std::size_t first, std::size_t last) {
    std::size_t begin = line_begin(input, first);
    std::size_t end = line_end(input, last);
    const std::size_t behind = end < input.size() ? line_end(input, end + 1) : end;
    if (block.kind == BlockKind::code && fenced) {
        begin = begin == 0 ? 0 : line_begin(input, begin - 1);
        end = behind;
    } else if (block.kind == BlockKind::heading) {
        const std::string_view under =
            input.substr(std::min(end + 1, input.size()), behind - std::min(end + 1, behind));
        if (!under.empty() && under.find_first_not_of("=- \t\r") == std::string_view::npos) {
            end = behind;
        }
    } else if (block.kind == BlockKind::table && block.table.rows.size() == 1) {
        end = behind;
    }
    return {begin, end};
}

}  // namespace tendril::ui::markup
