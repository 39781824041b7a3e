// SPDX-License-Identifier: Apache-2.0
// Finds the texts that end an answer in a stream of text, across any borders, and holds back what may be the
// beginning of one. Knuth-Morris-Pratt for each stop text: constant time per byte, however long the answer
// is. One owner, no locking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::engine {

class StopMatcher {
  public:
    /// Empty texts are ignored.
    explicit StopMatcher(const std::vector<std::string>& stops);

    /// Appends to `out` what cannot be part of a stop text any more. True when one is complete (the one that
    /// is complete first; of several, the longest): what stood in front of it is in `out`, and nothing may be
    /// pushed any more.
    bool push(std::string_view text, std::string& out);
    /// The end of the answer: what was held back is text after all.
    void finish(std::string& out);

    std::size_t pushed() const { return pushed_; }  ///< bytes, up to the end of a match
    std::size_t match_start() const {
        return match_start_;
    }  ///< in bytes of all that was pushed; after a match

  private:
    struct Pattern {
        std::string text;
        std::vector<std::uint32_t> fallback;  // [text.size()]: longest proper border of text[0..i]
        std::size_t matched = 0;
    };
    std::vector<Pattern> patterns_;
    std::string held_;
    std::size_t pushed_ = 0;
    std::size_t match_start_ = 0;
};

}  // namespace tendril::engine
