// SPDX-License-Identifier: Apache-2.0
// A tokenizer of a list of texts, with nothing special among them. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer.h"

namespace tendril::test {

/// Token i is the text i of the list; who derives fills it.
class TextTokens : public engine::Tokenizer {
  public:
    std::vector<engine::TokenId> encode(std::string_view, engine::EncodeOptions) const override { return {}; }
    std::string_view bytes(engine::TokenId token, bool) const override {
        return texts_[static_cast<std::size_t>(token)];
    }
    std::size_t size() const override { return texts_.size(); }
    std::optional<engine::TokenId> bos() const override { return std::nullopt; }
    std::optional<engine::TokenId> eos() const override { return std::nullopt; }
    bool adds_bos() const override { return false; }
    bool is_control(engine::TokenId) const override { return false; }
    bool ends_generation(engine::TokenId) const override { return false; }
    std::string_view bos_text() const override { return {}; }
    std::string_view eos_text() const override { return {}; }

  protected:
    mutable std::deque<std::string> texts_;
};

}  // namespace tendril::test
