// SPDX-License-Identifier: Apache-2.0
// The vocabulary as a tree of bytes, laid out so that a walk over all tokens is one pass over memory that
// leaps over what cannot be. Built once for a model; immutable; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "engine/sample/grammar/network.h"
#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace tendril::engine::grammar {

class TokenTrie {
  public:
    static constexpr std::size_t kMaxTokenBytes = 512;  ///< longer ones are never drawn under a grammar
    static constexpr std::size_t kMaxNodes = std::size_t{1} << 25;

    /// In preorder: children stand behind their parent, by byte. Node 0 is the root.
    struct Node {
        std::uint32_t end = 0;  ///< the first node behind those below this one
        std::uint16_t depth = 0;
        std::uint8_t byte = 0;
        bool has_tokens = false;
    };

    /// Text tokens only: none that is a control token, ends an answer or has no bytes. Ids from `vocabulary`
    /// on (the number of logits) are left out.
    static Result<TokenTrie> build(const Tokenizer& tokenizer, std::size_t vocabulary);

    std::span<const Node> nodes() const { return nodes_; }
    /// The tokens of exactly these bytes.
    std::span<const TokenId> tokens(std::uint32_t node) const {
        return std::span(tokens_).subspan(first_token_[node], first_token_[node + 1] - first_token_[node]);
    }
    /// Where a walk over these bytes ends; 0 when no token begins so, or for no bytes.
    std::uint32_t find(std::string_view bytes) const;
    std::uint32_t child(std::uint32_t node, std::uint8_t byte) const;  ///< 0: none

    std::span<const TokenId> end_tokens() const { return end_tokens_; }
    /// Bytes that have a token of their own: only with those a text can be told byte by byte.
    const ByteSet& single_bytes() const { return single_bytes_; }
    std::size_t longest() const { return longest_; }        ///< bytes
    std::size_t vocabulary() const { return vocabulary_; }  ///< logits

  private:
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> first_token_;  // by node, and one more
    std::vector<TokenId> tokens_;
    std::vector<TokenId> end_tokens_;
    ByteSet single_bytes_;
    std::size_t longest_ = 0;
    std::size_t vocabulary_ = 0;
};

}  // namespace tendril::engine::grammar
