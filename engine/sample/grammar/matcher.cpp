// SPDX-License-Identifier: Apache-2.0
// Masks that are kept for each state, and where answers are in their grammar. Engine thread.
#include "engine/sample/grammar/matcher.h"

#include <algorithm>
#include <utility>

namespace tendril::engine::grammar {

Result<std::shared_ptr<Matcher>> Matcher::create(std::shared_ptr<const Grammar> grammar,
                                                 std::shared_ptr<const VocabularyIndex> vocabulary,
                                                 const Tokenizer& tokenizer) {
    std::unique_ptr<const Network> restricted;
    if (!vocabulary->trie.single_bytes().all()) {
        auto network = restricted_network(grammar->network(), vocabulary->trie.single_bytes());
        if (!network) {
            return fail(ErrorCode::unsupported, "The model has no tokens for the texts of this grammar.");
        }
        restricted = std::make_unique<const Network>(std::move(*network));
    }
    std::shared_ptr<Matcher> matcher(
        new Matcher(std::move(grammar), std::move(vocabulary), tokenizer, std::move(restricted)));
    if (matcher->automaton_->start() == kNoState) {
        return fail(matcher->automaton_->limit());
    }
    return matcher;
}

Matcher::Matcher(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const VocabularyIndex> vocabulary,
                 const Tokenizer& tokenizer, std::unique_ptr<const Network> restricted)
    : grammar_(std::move(grammar)),
      vocabulary_(std::move(vocabulary)),
      tokenizer_(tokenizer),
      restricted_(std::move(restricted)),
      automaton_(std::make_unique<Automaton>(restricted_ ? *restricted_ : grammar_->network())),
      path_(vocabulary_->trie.longest() + 1) {
    const std::size_t bytes = TokenMask::words_for(vocabulary_->trie.vocabulary()) * sizeof(std::uint64_t);
    most_slots_ = std::clamp<std::size_t>(kMaskMemory / std::max<std::size_t>(bytes, 1), 8, kMostMasks);
    slots_.reserve(most_slots_);
    run_.reserve(kMostForcedBytes);
    for (auto* const states : {&seen_, &now_, &next_}) {
        states->reserve(512);
    }
}

/// Before anything that may need new states. What is kept by state goes with the states.
void Matcher::make_room() {
    if (!automaton_->crowded()) {
        return;
    }
    std::vector<StateId*> kept;
    for (Cursor* const cursor : cursors_) {
        kept.push_back(&cursor->state_);
    }
    automaton_->forget(kept);
    slots_.clear();
    words_.clear();
    slot_of_.clear();
    forced_.clear();
    forced_tokens_.clear();
}

Matcher::Slot& Matcher::free_slot() {
    if (slots_.size() < most_slots_) {
        words_.resize(words_.size() + TokenMask::words_for(vocabulary_->trie.vocabulary()));
        return slots_.emplace_back();
    }
    Slot& oldest = *std::min_element(slots_.begin(), slots_.end(),
                                     [](const Slot& a, const Slot& b) { return a.used < b.used; });
    if (oldest.state < slot_of_.size()) {
        slot_of_[oldest.state] = 0;
    }
    return oldest;
}

/// `state` is a cursor's and may get another id.
Result<TokenMask> Matcher::mask(StateId& state) {
    const std::size_t count = TokenMask::words_for(vocabulary_->trie.vocabulary());
    if (state >= slot_of_.size() || slot_of_[state] == 0) {
        make_room();
        begin();
        Slot& slot = free_slot();
        const auto index = static_cast<std::size_t>(&slot - slots_.data());
        const auto words = std::span(words_).subspan(index * count, count);
        slot.state = kDeadState;
        slot.used = 0;
        if (!fill_mask(state, words)) {
            return fail(automaton_->limit());
        }
        slot.state = state;
        slot.empty = std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
        slot_of_.resize(std::max(slot_of_.size(), automaton_->size()), 0);
        slot_of_[state] = static_cast<std::uint32_t>(index + 1);
    }
    const std::size_t index = slot_of_[state] - 1;
    slots_[index].used = ++clock_;
    if (slots_[index].empty) {
        return fail(ErrorCode::internal,
                    "The grammar leaves no token to go on with; this is a fault of the program.",
                    "empty mask");
    }
    return TokenMask{std::span<const std::uint64_t>(words_).subspan(index * count, count)};
}

StateId Matcher::walk(StateId state, std::string_view bytes) {
    for (const char c : bytes) {
        if (state == kDeadState || state == kNoState) {
            break;
        }
        state = automaton_->next(state, static_cast<std::uint8_t>(c));
    }
    return state;
}

Cursor::Cursor(std::shared_ptr<Matcher> matcher)
    : matcher_(std::move(matcher)), state_(matcher_->automaton_->start()) {
    matcher_->cursors_.push_back(this);
}

Cursor::~Cursor() {
    std::erase(matcher_->cursors_, this);
}

Status Cursor::take(TokenId token) {
    matcher_->make_room();
    matcher_->begin();
    const std::string_view bytes = matcher_->tokenizer_.bytes(token);
    const StateId next = matcher_->walk(state_, bytes);
    if (next == kNoState) {
        return fail(matcher_->automaton_->limit());
    }
    if (next == kDeadState || bytes.empty()) {
        return fail(ErrorCode::internal, "The answer left its grammar; this is a fault of the program.",
                    "token " + std::to_string(token));
    }
    state_ = next;
    return {};
}

std::size_t Cursor::follows(std::span<const TokenId> tokens) {
    matcher_->make_room();
    matcher_->begin();
    StateId state = state_;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const TokenId token = tokens[i];
        if (matcher_->tokenizer_.ends_generation(token)) {
            return i + (matcher_->automaton_->may_end(state) ? 1 : 0);
        }
        const std::string_view bytes = matcher_->tokenizer_.bytes(token);
        state = bytes.empty() ? kDeadState : matcher_->walk(state, bytes);
        if (state == kDeadState || state == kNoState) {
            return i;
        }
    }
    return tokens.size();
}

}  // namespace tendril::engine::grammar
