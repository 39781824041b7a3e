// SPDX-License-Identifier: Apache-2.0
// See text_files.h.
#include "app/text_files.h"

#include <algorithm>

namespace tendril::app {
namespace {

/// Length of the longest run of backticks.
std::size_t longest_fence(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

std::string framed_text(std::string_view name, std::string_view text) {
    const std::string fence(std::max<std::size_t>(3, longest_fence(text) + 1), '`');
    std::string framed(name);
    framed += ":\n" + fence + "\n";
    framed += text;
    framed += text.ends_with('\n') ? "" : "\n";
    return framed + fence + "\n\n";
}

}  // namespace tendril::app
