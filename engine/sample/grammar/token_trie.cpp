// SPDX-License-Identifier: Apache-2.0
// Sorted tokens are a tree in preorder already; this finds the nodes.
#include "engine/sample/grammar/token_trie.h"

#include <algorithm>

namespace tendril::engine::grammar {
namespace {

struct Text {
    std::string_view bytes;
    TokenId token = 0;
};

std::size_t common_length(std::string_view a, std::string_view b) {
    const std::size_t most = std::min(a.size(), b.size());
    std::size_t length = 0;
    while (length < most && a[length] == b[length]) {
        ++length;
    }
    return length;
}

}  // namespace

Result<TokenTrie> TokenTrie::build(const Tokenizer& tokenizer, std::size_t vocabulary) {
    TokenTrie trie;
    trie.vocabulary_ = vocabulary;
    std::vector<Text> texts;
    texts.reserve(vocabulary);
    for (std::size_t i = 0; i < std::min(vocabulary, tokenizer.size()); ++i) {
        const auto token = static_cast<TokenId>(i);
        if (tokenizer.ends_generation(token)) {
            trie.end_tokens_.push_back(token);
            continue;
        }
        const std::string_view bytes =
            tokenizer.is_control(token) ? std::string_view() : tokenizer.bytes(token);
        if (!bytes.empty() && bytes.size() <= kMaxTokenBytes) {
            texts.push_back({bytes, token});
        }
    }
    std::sort(texts.begin(), texts.end(), [](const Text& a, const Text& b) {
        return a.bytes != b.bytes ? a.bytes < b.bytes : a.token < b.token;
    });
    std::vector<std::uint32_t> path = {0};  // nodes from the root to the text before
    trie.nodes_.emplace_back();
    trie.first_token_.push_back(0);
    const auto leave = [&](std::size_t depth) {
        for (; path.size() > depth + 1; path.pop_back()) {
            trie.nodes_[path.back()].end = static_cast<std::uint32_t>(trie.nodes_.size());
        }
    };
    std::string_view before;
    for (const Text& text : texts) {
        leave(common_length(before, text.bytes));
        if (trie.nodes_.size() + text.bytes.size() > kMaxNodes) {
            return fail(ErrorCode::too_large, "The model's vocabulary is too large for grammars.");
        }
        for (std::size_t depth = path.size() - 1; depth < text.bytes.size(); ++depth) {
            path.push_back(static_cast<std::uint32_t>(trie.nodes_.size()));
            trie.nodes_.push_back({0, static_cast<std::uint16_t>(depth + 1),
                                   static_cast<std::uint8_t>(text.bytes[depth]), false});
            trie.first_token_.push_back(static_cast<std::uint32_t>(trie.tokens_.size()));
        }
        trie.nodes_.back().has_tokens = true;  // a text that is there already is the last node's
        trie.tokens_.push_back(text.token);
        if (text.bytes.size() == 1) {
            trie.single_bytes_.set(static_cast<std::uint8_t>(text.bytes[0]));
        }
        trie.longest_ = std::max(trie.longest_, text.bytes.size());
        before = text.bytes;
    }
    leave(0);
    trie.nodes_[0].end = static_cast<std::uint32_t>(trie.nodes_.size());
    trie.first_token_.push_back(static_cast<std::uint32_t>(trie.tokens_.size()));
    return trie;
}

std::uint32_t TokenTrie::child(std::uint32_t node, std::uint8_t byte) const {
    for (std::uint32_t next = node + 1; next < nodes_[node].end && nodes_[next].byte <= byte;
         next = nodes_[next].end) {
        if (nodes_[next].byte == byte) {
            return next;
        }
    }
    return 0;
}

std::uint32_t TokenTrie::find(std::string_view bytes) const {
    std::uint32_t node = 0;
    for (const char c : bytes) {
        node = child(node, static_cast<std::uint8_t>(c));
        if (node == 0) {
            return 0;
        }
    }
    return node;
}

}  // namespace tendril::engine::grammar
