// SPDX-License-Identifier: Apache-2.0
// Counts the tokens of rendered prompts without reading every message again: each message's text is counted
// once and remembered. Chat worker's thread only; owned by PromptComposer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "engine/text/tokenizer.h"
#include "prompt/conversation.h"

namespace tendril::app {

class TokenCounts {
  public:
    explicit TokenCounts(const engine::Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

    /// Tokens of `rendered`, in which the messages' texts stand in order. Differs from the exact number by at
    /// most a token or two at each seam between a message and the template; used to decide what fits, never
    /// to cut.
    std::size_t of(std::string_view rendered, const prompt::ChatMessages& messages);

    /// Of a text by itself; remembered as well.
    std::size_t piece(std::string_view text);

  private:
    const engine::Tokenizer& tokenizer_;
    std::unordered_map<std::uint64_t, std::size_t> known_;
};

}  // namespace tendril::app
