// SPDX-License-Identifier: Apache-2.0
// Text files that a person drops on the window or pastes: read, checked, and framed as part of a message.
// Background thread; no state.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/result.h"

namespace tendril::app {

inline constexpr std::uintmax_t kLargestTextFile = 1U
                                                   << 20U;  ///< bytes; larger ones fit into no context anyway

/// The whole file as UTF-8 with "\n" between lines. Errors in words: not there, too large, no text.
Result<std::string> read_text_file(const std::filesystem::path& path);

/// "notes.txt:" and the text in a code block whose fence the text itself does not hold; ends with an empty
/// line.
std::string framed_text(std::string_view name, std::string_view text);

}  // namespace tendril::app
