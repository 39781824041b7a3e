// SPDX-License-Identifier: Apache-2.0
// Roles of special tokens and the search for their texts. Built by the thread that loads, used by any. See
// special_tokens.h.
#include "engine/text/special_tokens.h"

#include <algorithm>
#include <span>

namespace tendril::engine {
namespace {

/// Texts that end an answer in every model that has them; their tokens are control tokens even where a file
/// says otherwise.
constexpr std::string_view kTurnEnds[] = {"<|eot_id|>",      "<|im_end|>",
                                          "<|end|>",         "<|return|>",
                                          "<|call|>",        "<|flush|>",
                                          "<|calls|>",       "<end_of_turn>",
                                          "<|endoftext|>",   "<|eom_id|>",
                                          "<|end_of_text|>", "<EOT>",
                                          "_<EOT>",          "[EOT]",
                                          "[EOS]",           "<end_of_utterance>",
                                          "<turn|>",         "<｜end▁of▁sentence｜>"};
/// These end an answer only as control tokens: elsewhere they are HTML or plain text, or separate files of a
/// repository.
constexpr std::string_view kControlEnds[] = {"</s>", "<eos>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"};

std::optional<TokenId> read_id(const GgufFile& file, std::string_view key, const Vocabulary& vocabulary,
                               std::optional<TokenId> fallback, std::vector<std::string>& warnings) {
    if (fallback && !vocabulary.contains(*fallback)) {
        fallback.reset();
    }
    const GgufValue* value = file.find(key);
    if (value == nullptr) {
        return fallback;
    }
    const auto id = value->as_unsigned();
    if (!id || *id >= vocabulary.size()) {
        // 2^32 - 1 is how converters write "none".
        if (id != std::uint64_t{0xFFFFFFFF}) {
            warnings.push_back(std::string(key) + " is not a token of this vocabulary; it is ignored.");
        }
        return fallback;
    }
    return static_cast<TokenId>(*id);
}

bool read_flag(const GgufFile& file, std::string_view key, bool fallback) {
    const GgufValue* value = file.find(key);
    return value == nullptr ? fallback : value->as_bool().value_or(fallback);
}

bool contains(std::span<const std::string_view> list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

/// SentencePiece texts are kept with spaces for U+2581; DeepSeek's text is only in byte-level files, as it
/// is.
void collect_ends(Vocabulary& vocabulary, std::vector<TokenId>& ends) {
    TokenId end = -1;
    bool harmony_return = false;
    bool calls = false;
    bool flush = false;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const auto id = static_cast<TokenId>(i);
        const std::string_view text = vocabulary.text(id);
        if (text.size() < 4 || text.size() > 40 || (text[0] != '<' && text[0] != '[' && text[0] != '_')) {
            continue;
        }
        const bool control = vocabulary.type(id) == TokenType::control;
        if (contains(kTurnEnds, text)) {
            vocabulary.set_type(id, TokenType::control);
        } else if (!control || !contains(kControlEnds, text)) {
            continue;
        }
        harmony_return = harmony_return || text == "<|return|>";
        calls = calls || text == "<|call|>" || text == "<|calls|>";
        flush = flush || text == "<|flush|>";
        end = text == "<|end|>" ? id : end;
        ends.push_back(id);
    }
    // In the harmony and solar formats "<|end|>" closes one message of several; the answer goes on.
    if (calls && (harmony_return || flush)) {
        std::erase(ends, end);
    }
}

}  // namespace

SpecialRoles SpecialRoles::read(const GgufFile& file, Vocabulary& vocabulary, const SpecialRoles& defaults,
                                std::vector<std::string>& warnings) {
    SpecialRoles roles;
    roles.bos = read_id(file, "tokenizer.ggml.bos_token_id", vocabulary, defaults.bos, warnings);
    roles.eos = read_id(file, "tokenizer.ggml.eos_token_id", vocabulary, defaults.eos, warnings);
    roles.unknown = read_id(file, "tokenizer.ggml.unknown_token_id", vocabulary, defaults.unknown, warnings);
    roles.adds_bos =
        read_flag(file, "tokenizer.ggml.add_bos_token", defaults.adds_bos) && roles.bos.has_value();
    roles.adds_eos =
        read_flag(file, "tokenizer.ggml.add_eos_token", defaults.adds_eos) && roles.eos.has_value();
    collect_ends(vocabulary, roles.ends);
    const auto eot = read_id(file, "tokenizer.ggml.eot_token_id", vocabulary, std::nullopt, warnings);
    const auto eom = read_id(file, "tokenizer.ggml.eom_token_id", vocabulary, std::nullopt, warnings);
    for (const auto& id : {roles.eos, eot, eom}) {
        if (id) {
            roles.ends.push_back(*id);
        }
    }
    std::sort(roles.ends.begin(), roles.ends.end());
    roles.ends.erase(std::unique(roles.ends.begin(), roles.ends.end()), roles.ends.end());
    return roles;
}

/// The trie while it is built from sorted texts: the child that a text continues in is always the last one.
struct TrieDraft {
    std::uint32_t child = 0;       // first, 0: none
    std::uint32_t last_child = 0;  // 0: none
    std::uint32_t sibling = 0;     // next child of the same parent, 0: none
    unsigned char byte = 0;
    bool control = false;
    TokenId id = -1;
};

namespace {

bool insert(std::vector<TrieDraft>& draft, std::string_view text, TokenId id, bool control) {
    if (text.size() > SpecialMatcher::kMaxText || draft.size() + text.size() > SpecialMatcher::kMaxNodes) {
        return false;
    }
    std::uint32_t node = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const std::uint32_t last = draft[node].last_child;
        if (last != 0 && draft[last].byte == byte) {
            node = last;
            continue;
        }
        const auto fresh = static_cast<std::uint32_t>(draft.size());
        draft.push_back({0, 0, 0, byte, false, -1});
        (last != 0 ? draft[last].sibling : draft[node].child) = fresh;
        draft[node].last_child = fresh;
        node = fresh;
    }
    if (draft[node].id < 0) {  // of tokens with the same text the first one counts
        draft[node].id = id;
        draft[node].control = control;
    }
    return true;
}

}  // namespace

SpecialMatcher::SpecialMatcher(const Vocabulary& vocabulary, std::vector<std::string>& warnings) {
    std::vector<TokenId> specials;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const auto id = static_cast<TokenId>(i);
        const TokenType type = vocabulary.type(id);
        const bool special =
            type == TokenType::control || type == TokenType::unknown || type == TokenType::user_defined;
        if (special && !vocabulary.text(id).empty()) {
            specials.push_back(id);
        }
    }
    std::sort(specials.begin(), specials.end(), [&](TokenId a, TokenId b) {
        const int order = vocabulary.text(a).compare(vocabulary.text(b));
        return order != 0 ? order < 0 : a < b;
    });
    std::vector<TrieDraft> draft(1);
    std::size_t skipped = 0;
    for (const TokenId id : specials) {
        const bool control = vocabulary.type(id) != TokenType::user_defined;
        if (!insert(draft, vocabulary.text(id), id, control)) {
            ++skipped;
            continue;
        }
        const auto first = static_cast<unsigned char>(vocabulary.text(id)[0]);
        first_[1][first] = true;
        first_[0][first] = first_[0][first] || !control;
    }
    pack(draft);
    if (skipped != 0) {
        warnings.push_back(std::to_string(skipped) + " special tokens are too long to be found in text.");
    }
}

void SpecialMatcher::pack(const std::vector<TrieDraft>& draft) {
    std::vector<std::uint32_t> order{0};  // breadth first, so that the children of a node lie together
    order.reserve(draft.size());
    nodes_.assign(draft.size(), Node{});
    for (std::size_t i = 0; i < order.size(); ++i) {
        const TrieDraft& from = draft[order[i]];
        Node& node = nodes_[i];
        node = {static_cast<std::uint32_t>(order.size()), 0, from.byte, from.control, from.id};
        for (std::uint32_t child = from.child; child != 0; child = draft[child].sibling) {
            order.push_back(child);
            ++node.child_count;
        }
    }
}

std::uint32_t SpecialMatcher::child_of(std::uint32_t node, unsigned char byte) const {
    const auto begin = nodes_.begin() + nodes_[node].children;
    const auto end = begin + nodes_[node].child_count;
    const auto found =
        std::lower_bound(begin, end, byte, [](const Node& n, unsigned char b) { return n.byte < b; });
    return found != end && found->byte == byte ? static_cast<std::uint32_t>(found - nodes_.begin()) : 0;
}

SpecialMatcher::Match SpecialMatcher::next(std::string_view text, std::size_t from, bool control) const {
    const std::array<bool, 256>& first = first_[control ? 1 : 0];
    for (std::size_t begin = from; begin < text.size(); ++begin) {
        if (!first[static_cast<unsigned char>(text[begin])]) {
            continue;
        }
        Match best{begin, begin, -1};
        std::uint32_t node = 0;
        for (std::size_t i = begin; i < text.size(); ++i) {
            node = child_of(node, static_cast<unsigned char>(text[i]));
            if (node == 0) {
                break;
            }
            if (nodes_[node].id >= 0 && (control || !nodes_[node].control)) {
                best = {begin, i + 1, nodes_[node].id};
            }
        }
        if (best.id >= 0) {
            return best;
        }
    }
    return {text.size(), text.size(), -1};
}

}  // namespace tendril::engine
