// SPDX-License-Identifier: Apache-2.0
// A grammar beside a vocabulary: which tokens may come next, and which must. Keeps what it finds out for all
// requests that use the grammar. Engine thread; no locking.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/result.h"
#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/grammar/slices.h"
#include "engine/sample/grammar/token_trie.h"
#include "engine/sample/token_mask.h"

namespace tendril::engine::grammar {

class Cursor;

/// What all grammars need of a model's vocabulary.
struct VocabularyIndex {
    explicit VocabularyIndex(TokenTrie tokens) : trie(std::move(tokens)), slices(trie) {}
    TokenTrie trie;
    Slices slices;
};

class Matcher {
  public:
    static constexpr std::size_t kMostMasks = 256;
    static constexpr std::size_t kMaskMemory = std::size_t{8} << 20;  ///< bytes, of all kept masks
    static constexpr std::size_t kMostForcedBytes = 1024;             ///< looked ahead at once

    /// An error in words when the vocabulary cannot write any text of the grammar. `tokenizer` is borrowed
    /// for the matcher's life.
    static Result<std::shared_ptr<Matcher>> create(std::shared_ptr<const Grammar> grammar,
                                                   std::shared_ptr<const VocabularyIndex> vocabulary,
                                                   const Tokenizer& tokenizer);
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;

    const Grammar* grammar() const { return grammar_.get(); }
    std::size_t states() const { return automaton_->size(); }  ///< known by now
    std::size_t masks() const { return slots_.size(); }        ///< kept by now

  private:
    friend class Cursor;
    struct Slot {
        StateId state = kDeadState;
        std::uint64_t used = 0;
        bool empty = true;  ///< no token is allowed
    };
    struct Forced {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        bool known = false;
    };
    Matcher(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const VocabularyIndex> vocabulary,
            const Tokenizer& tokenizer, std::unique_ptr<const Network> restricted);

    Result<TokenMask> mask(StateId& state);
    /// Nodes whose cover is at most `length` are allowed with all below them.
    struct Leap {
        const std::uint8_t* cover = nullptr;
        std::uint8_t length = 0;
    };
    bool fill_mask(StateId state, std::span<std::uint64_t> words);
    bool walk_nodes(std::uint32_t from, std::uint32_t to, Leap leap, std::span<std::uint64_t> words);
    bool choose_leap(StateId state, Slices::Anchor anchor, std::span<std::uint64_t> words, Leap& leap);
    std::optional<std::size_t> allowed_length(StateId state, std::size_t kind);
    std::optional<bool> follow_run(StateId state, const ByteRun& run);
    Slot& free_slot();
    StateId walk(StateId state, std::string_view bytes);
    Result<std::span<const TokenId>> forced(StateId& state);
    bool find_forced(StateId state, Forced& forced);
    std::vector<TokenId> tokens_of(std::string_view text) const;
    std::optional<std::size_t> free_from(StateId end, std::string_view text);
    std::optional<bool> goes_on_below(std::uint32_t node, StateId state);
    void make_room();
    void begin() { automaton_->begin_round(); }

    std::shared_ptr<const Grammar> grammar_;
    std::shared_ptr<const VocabularyIndex> vocabulary_;
    const Tokenizer& tokenizer_;
    std::unique_ptr<const Network> restricted_;  // when the vocabulary lacks bytes; else null
    std::unique_ptr<Automaton> automaton_;
    std::vector<Cursor*> cursors_;

    std::vector<Slot> slots_;
    std::vector<std::uint64_t> words_;    // of all slots
    std::vector<std::uint32_t> slot_of_;  // by state; index + 1
    std::size_t most_slots_;
    std::uint64_t clock_ = 0;

    std::vector<Forced> forced_;          // by state
    std::vector<TokenId> forced_tokens_;  // of all states
    std::string run_;                     // forced bytes under construction
    std::vector<StateId> path_;           // states along a walk through the trie, by depth
    std::vector<StateId> seen_;           // of allowed_length(), as are the next two
    std::vector<StateId> now_;
    std::vector<StateId> next_;
};

/// Where one answer is in its grammar.
class Cursor {
  public:
    explicit Cursor(std::shared_ptr<Matcher> matcher);
    ~Cursor();
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;

    /// The tokens that may come next, those that end an answer among them where the text may end. Valid until
    /// the matcher is asked for another. An empty one is an internal error and does not happen.
    Result<TokenMask> mask() { return matcher_->mask(state_); }
    /// Goes on behind a token that the mask allows; an internal error for another.
    Status take(TokenId token);
    /// Nothing but the end can come.
    bool ended() const { return matcher_->automaton_->only_end(state_); }
    /// The tokens that must come next: those of the only bytes that can follow, as the tokenizer would write
    /// them, as far as what comes behind cannot have changed them. Valid until the matcher is asked again.
    Result<std::span<const TokenId>> forced() { return matcher_->forced(state_); }
    /// How many of the tokens, from the first on, the grammar allows one after the other.
    std::size_t follows(std::span<const TokenId> tokens);

  private:
    friend class Matcher;
    std::shared_ptr<Matcher> matcher_;
    StateId state_;
};

}  // namespace tendril::engine::grammar
