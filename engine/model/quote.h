// SPDX-License-Identifier: Apache-2.0
// Makes texts out of an untrusted file fit to be shown: short, and free of bytes that no one can see. Pure,
// any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tendril::engine {

/// 'name' for a message; bytes that are no printable ASCII become \xNN, and what is over 80 bytes long is cut
/// with "...".
std::string in_quotes(std::string_view name);

/// Valid UTF-8 of at most `most` bytes: what is broken, and control characters, become "?".
std::string clean_text(std::string_view text, std::size_t most);

}  // namespace tendril::engine
