// SPDX-License-Identifier: Apache-2.0
// A tokenizer over any list of words, for tests: takes the longest word that fits, like a tokenizer without
// merges. One thread.
#pragma once

#include <string>
#include <vector>

#include "engine/text/tokenizer.h"

namespace tendril::test {

class WordTokenizer final : public engine::Tokenizer {
  public:
    /// Behind the words come a control token without a role and the token that ends an answer.
    explicit WordTokenizer(std::vector<std::string> words) : words_(std::move(words)) {}

    static std::vector<std::string> all_bytes() {
        std::vector<std::string> bytes;
        for (int byte = 0; byte < 256; ++byte) {
            bytes.emplace_back(1, static_cast<char>(byte));
        }
        return bytes;
    }

    std::vector<engine::TokenId> encode(std::string_view text, engine::EncodeOptions) const override {
        std::vector<engine::TokenId> tokens;
        while (!text.empty()) {
            std::size_t best = words_.size();
            for (std::size_t i = 0; i < words_.size(); ++i) {
                const bool longer = best == words_.size() || words_[i].size() > words_[best].size();
                if (!words_[i].empty() && longer && text.starts_with(words_[i])) {
                    best = i;
                }
            }
            if (best == words_.size()) {
                return {};
            }
            tokens.push_back(static_cast<engine::TokenId>(best));
            text.remove_prefix(words_[best].size());
        }
        return tokens;
    }
    std::string_view bytes(engine::TokenId token, bool) const override {
        const auto index = static_cast<std::size_t>(token);
        return token >= 0 && index < words_.size() ? std::string_view(words_[index]) : std::string_view();
    }
    std::size_t size() const override { return words_.size() + 2; }
    engine::TokenId control() const { return static_cast<engine::TokenId>(words_.size()); }
    engine::TokenId end() const { return static_cast<engine::TokenId>(words_.size() + 1); }
    std::optional<engine::TokenId> bos() const override { return std::nullopt; }
    std::optional<engine::TokenId> eos() const override { return end(); }
    bool adds_bos() const override { return false; }
    bool is_control(engine::TokenId token) const override { return token >= control(); }
    bool ends_generation(engine::TokenId token) const override { return token == end(); }
    std::string_view bos_text() const override { return ""; }
    std::string_view eos_text() const override { return ""; }

  private:
    std::vector<std::string> words_;
};

}  // namespace tendril::test
