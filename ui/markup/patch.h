// SPDX-License-Identifier: Apache-2.0
// Small insertions into a chunk before md4c reads it, where md4c is stricter than what models write, and the
// way back. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::ui::markup {

struct Patched {
    struct Insertion {
        std::size_t at = 0;    ///< in the text as it stands
        std::size_t size = 0;  ///< bytes put in there
    };
    std::string text;  ///< empty when nothing was put in
    std::vector<Insertion> insertions;

    /// From a place in `text` to the place in the text as it stands.
    std::size_t original(std::size_t at) const;
};

/// "|-|-|" gets the three dashes that md4c asks for (GitHub takes one); "[^1]: word", which md4c takes for
/// the definition of a link and hides, becomes "[^1] : word".
Patched patch(std::string_view chunk);

/// A table's second line. `line` may hold quote signs and white space in front.
bool is_table_delimiter(std::string_view line);

}  // namespace tendril::ui::markup
