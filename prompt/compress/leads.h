// SPDX-License-Identifier: Apache-2.0
// What lines begin with that says how the rest is to be read: marks of quotations and comments, and who
// speaks. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace tendril::prompt::compression {

/// Where the marks end with which a line begins at `at` ("> >", "//", "--", "%"), `at` if there are none.
std::size_t end_of_marks(std::string_view text, std::size_t at);

/// Where "Rosa:", "**Q:", "Subject:", "ana>" or "李明：" ends with which a line begins at `at` and behind
/// which it goes on; `at` if there is none. At most three words.
std::size_t end_of_label(std::string_view text, std::size_t at);

}  // namespace tendril::prompt::compression
