// SPDX-License-Identifier: Apache-2.0
// Keeps what people (and models) write from being read as control tokens: "<|im_end|>" in a message must not
// end the turn. Immutable after creation; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/text/tokenizer.h"

namespace tendril::app {

class ControlTexts {
  public:
    explicit ControlTexts(const engine::Tokenizer& tokenizer);

    /// U+FDD0, a noncharacter that no text holds by right: put inside each control text, where the prompt is
    /// cut before tokenising.
    static constexpr std::string_view kCut = "\xEF\xB7\x90";

    /// A copy in which no control text is whole any more; cuts that the text itself holds are dropped.
    std::string cut(std::string_view text) const;
    /// The pieces between the cuts; each is tokenised by itself.
    static std::vector<std::string_view> pieces(std::string_view text);

  private:
    std::size_t control_at(std::string_view text, std::size_t position) const;  // its length, or 0

    std::unordered_set<std::string> texts_;
    std::vector<std::size_t> lengths_;  // longest first
    bool first_byte_[256] = {};
};

}  // namespace tendril::app
