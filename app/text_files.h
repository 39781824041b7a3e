// SPDX-License-Identifier: Apache-2.0
// How a file's text stands in a message. Any thread; no state.
#pragma once

#include <string>
#include <string_view>

namespace tendril::app {

/// "notes.txt:" and the text in a code block whose fence the text itself does not hold; ends with an empty
/// line.
std::string framed_text(std::string_view name, std::string_view text);

}  // namespace tendril::app
