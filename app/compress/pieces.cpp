// SPDX-License-Identifier: Apache-2.0
// Tokens as stretches of text. Any thread; no state.
#include "app/compress/pieces.h"

#include <algorithm>

namespace tendril::app {

std::vector<prompt::RankedPiece> pieces_of(const engine::Tokenizer& tokenizer,
                                           const std::vector<engine::TokenId>& tokens,
                                           std::string_view text) {
    std::vector<prompt::RankedPiece> pieces;
    pieces.reserve(tokens.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::string_view bytes = tokenizer.bytes(tokens[i], true);
        if (!text.substr(at).starts_with(bytes) && bytes.starts_with(' ')) {
            bytes.remove_prefix(1);  // SentencePiece's blank in front
        }
        const std::size_t end =
            i + 1 == tokens.size() ? text.size() : std::min(text.size(), at + bytes.size());
        pieces.push_back({at, end, static_cast<std::uint32_t>(std::max(tokens[i], 0))});
        at = end;
    }
    return pieces;
}

prompt::Ranker ranker_of(std::shared_ptr<const engine::Tokenizer> tokenizer) {
    return [tokenizer = std::move(tokenizer)](std::string_view text) {
        return pieces_of(*tokenizer, tokenizer->encode(text, {}), text);
    };
}

prompt::TokenCounter counter_of(std::shared_ptr<const engine::Tokenizer> tokenizer) {
    return [tokenizer = std::move(tokenizer)](std::string_view text) {
        return tokenizer->encode(text, {}).size();
    };
}

}  // namespace tendril::app
