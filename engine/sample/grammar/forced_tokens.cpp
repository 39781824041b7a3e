// SPDX-License-Identifier: Apache-2.0
// Tokens that need not be drawn, because the grammar leaves one continuation. Engine thread.
#include <algorithm>

#include "engine/sample/grammar/matcher.h"

namespace tendril::engine::grammar {

/// `state` is a cursor's and may get another id.
Result<std::span<const TokenId>> Matcher::forced(StateId& state) {
    if (state >= forced_.size() || !forced_[state].known) {
        make_room();
        begin();
        Forced found;
        if (!find_forced(state, found)) {
            return fail(automaton_->limit());
        }
        found.known = true;
        if (state >= forced_.size()) {
            forced_.resize(automaton_->size());
        }
        forced_[state] = found;
    }
    return std::span<const TokenId>(forced_tokens_).subspan(forced_[state].first, forced_[state].count);
}

/// False: a limit.
bool Matcher::find_forced(StateId state, Forced& forced) {
    run_.clear();
    StateId end = state;
    while (run_.size() < kMostForcedBytes) {
        const auto byte = automaton_->only_byte(end);
        if (!byte) {
            break;
        }
        end = automaton_->next(end, *byte);
        if (end == kNoState) {
            return false;
        }
        run_.push_back(static_cast<char>(*byte));
    }
    if (run_.empty()) {
        return true;
    }
    std::size_t certain = run_.size();
    if (!automaton_->only_end(end)) {
        const auto free = free_from(end, run_);
        if (!free) {
            return false;
        }
        certain = *free;
    }
    if (certain == 0) {
        return true;
    }
    forced.first = static_cast<std::uint32_t>(forced_tokens_.size());
    std::size_t length = 0;
    for (const TokenId token : tokens_of(run_)) {
        length += tokenizer_.bytes(token).size();
        if (length > certain) {
            break;
        }
        forced_tokens_.push_back(token);
    }
    forced.count = static_cast<std::uint32_t>(forced_tokens_.size()) - forced.first;
    return true;
}

/// The text as the tokenizer writes it behind other text; nothing when it cannot be told. A tokenizer that
/// puts a space in front of a text, as SentencePiece may, is given something in front that the space clings
/// to.
std::vector<TokenId> Matcher::tokens_of(std::string_view text) const {
    for (const char* const anchor : {"", "\n", "="}) {
        std::vector<TokenId> tokens = tokenizer_.encode(std::string(anchor) + std::string(text), {});
        std::size_t length = 0;
        std::size_t first = tokens.size();
        while (first > 0 && length < text.size()) {
            length += tokenizer_.bytes(tokens[--first]).size();
        }
        tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(first));
        const bool plain = std::none_of(tokens.begin(), tokens.end(), [&](TokenId token) {
            return tokenizer_.is_control(token) || tokenizer_.ends_generation(token) ||
                   static_cast<std::size_t>(token) >= vocabulary_->trie.vocabulary();
        });
        if (plain && tokenizer_.decode(tokens) == text) {
            return tokens;
        }
    }
    return {};
}

/// The first place in a forced text at which a token could begin that reaches beyond the text's end: from
/// there on the tokens depend on what comes behind. Nothing: a limit.
std::optional<std::size_t> Matcher::free_from(StateId end, std::string_view text) {
    const std::size_t reach = std::min(text.size(), vocabulary_->trie.longest());
    for (std::size_t at = text.size() - reach; at < text.size(); ++at) {
        const std::uint32_t node = vocabulary_->trie.find(text.substr(at));
        if (node == 0) {
            continue;
        }
        const auto goes_on = goes_on_below(node, end);
        if (!goes_on) {
            return std::nullopt;
        }
        if (*goes_on) {
            return at;
        }
    }
    return text.size();
}

/// Whether the grammar, in `state` at a node of the tree, allows a token below the node.
std::optional<bool> Matcher::goes_on_below(std::uint32_t node, StateId state) {
    const auto nodes = vocabulary_->trie.nodes();
    path_[nodes[node].depth] = state;
    for (std::uint32_t i = node + 1; i < nodes[node].end;) {
        const StateId next = automaton_->next(path_[nodes[i].depth - 1U], nodes[i].byte);
        if (next == kNoState) {
            return std::nullopt;
        }
        if (next != kDeadState && nodes[i].has_tokens) {
            return true;
        }
        path_[nodes[i].depth] = next;
        i = next == kDeadState ? nodes[i].end : i + 1;
    }
    return false;
}

}  // namespace tendril::engine::grammar
