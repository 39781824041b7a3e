// SPDX-License-Identifier: Apache-2.0
// Turns the bytes of tokens, which may end inside a character, into whole characters. One owner, no locking.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tendril::engine {

/// Output is always valid UTF-8: broken sequences become U+FFFD (one per maximal subpart, Unicode 15 §3.9), at most 3 bytes wait.
class Utf8Stream {
  public:
    /// Appends the characters that `bytes` completes to `out`.
    void push(std::string_view bytes, std::string& out);
    /// The end of the text: what still waits becomes U+FFFD.
    void finish(std::string& out);
    std::size_t pending() const { return pending_.size(); }

  private:
    std::string pending_;  // 0 to 3 bytes
};

/// A copy of `text` in which broken sequences are replaced as above.
std::string to_valid_utf8(std::string_view text);
bool is_valid_utf8(std::string_view text);

}  // namespace tendril::engine
