// SPDX-License-Identifier: Apache-2.0
// Passages of prompts. Pure; any thread.
#include "app/compress/read_passages.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace tendril::app {
namespace {

/// The bytes that the tokens of a prompt stand for.
class Bytes {
  public:
    Bytes(const engine::Tokenizer& tokenizer, std::span<const engine::TokenId> tokens) {
        ends_.reserve(tokens.size());
        for (const engine::TokenId token : tokens) {
            text_ += tokenizer.bytes(token, true);
            ends_.push_back(text_.size());
        }
    }
    /// Where `text` begins, behind what was found before.
    std::optional<std::size_t> next(std::string_view text) {
        const std::size_t at = text.size() < kLeastText ? std::string::npos : text_.find(text, from_);
        if (at == std::string::npos) {
            return std::nullopt;
        }
        from_ = at + text.size();
        return at;
    }
    /// Of the bytes [begin, end), counted from `begin`; none where a token was not read, or belongs to what
    /// stands around them as well.
    std::optional<std::vector<prompt::ScoredPiece>> pieces(const ReadPrompt& prompt, std::size_t begin,
                                                           std::size_t end) const {
        std::vector<prompt::ScoredPiece> all;
        auto token =
            static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), begin) - ends_.begin());
        for (; token < ends_.size(); ++token) {
            const std::size_t first = token == 0 ? 0 : ends_[token - 1];
            const std::size_t last = ends_[token];
            if (first >= end) {
                break;
            }
            const bool read = token >= prompt.from && token - prompt.from < prompt.logprobs.size();
            if (!read || !blank(first, begin) || !blank(end, last)) {
                return std::nullopt;
            }
            if (first < last) {
                all.push_back({std::max(first, begin) - begin, std::min(last, end) - begin,
                               -prompt.logprobs[token - prompt.from]});
            }
        }
        return all;
    }

  private:
    bool blank(std::size_t begin, std::size_t end) const {
        return begin >= end ||
               std::string_view(text_).substr(begin, end - begin).find_first_not_of(" \t\n\r") ==
                   std::string_view::npos;
    }

    std::string text_;
    std::vector<std::size_t> ends_;  // of each token
    std::size_t from_ = 0;
};

}  // namespace

std::vector<ReadPassage> passages_read(const ReadPrompt& prompt, std::span<const std::string> texts) {
    std::vector<ReadPassage> passages;
    if (prompt.logprobs.empty()) {
        return passages;
    }
    Bytes bytes(prompt.tokenizer, prompt.tokens);
    for (const std::string& text : texts) {
        const auto at = bytes.next(text);
        if (!at) {
            continue;
        }
        for (const prompt::KeptRange& one : prompt::scored_passages(text)) {
            if (auto pieces = bytes.pieces(prompt, *at + one.begin, *at + one.end)) {
                passages.push_back({text.substr(one.begin, one.end - one.begin), std::move(*pieces)});
            }
        }
    }
    return passages;
}

std::vector<std::string> texts_in(const engine::Tokenizer& tokenizer, std::span<const engine::TokenId> tokens,
                                  std::vector<std::string> texts) {
    if (!texts.empty()) {
        Bytes bytes(tokenizer, tokens);
        std::erase_if(texts, [&](const std::string& text) { return !bytes.next(text); });
    }
    return texts;
}

}  // namespace tendril::app
