// SPDX-License-Identifier: Apache-2.0
// The states that a grammar's network can be in after some bytes, made when they are first reached and kept:
// a deterministic automaton where the grammar is regular, a pushdown automaton with one state for each set of
// stacks otherwise. One owner, no locking.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/sample/grammar/network.h"
#include "engine/sample/grammar/stack_sets.h"

namespace tendril::engine::grammar {

using StateId = std::uint32_t;

inline constexpr StateId kDeadState = 0;  ///< no text of the grammar begins so
/// A limit is reached: see Automaton::limit(). The state before is as it was.
inline constexpr StateId kNoState = 0xFFFFFFFF;

class Automaton {
  public:
    static constexpr std::size_t kMaxStates = std::size_t{1} << 16;
    static constexpr std::size_t kMaxTransitions = std::size_t{1}
                                                   << 23;  ///< entries of all rows, 4 bytes each
    static constexpr std::size_t kMaxItems = 4096;         ///< of one state
    /// Work of one round() in nodes visited; far above what a grammar in earnest needs.
    static constexpr std::uint64_t kMaxWork = 20'000'000;

    /// `network` is borrowed. Each state that is not dead can be completed to a text of the grammar.
    explicit Automaton(const Network& network);

    StateId start() const { return start_; }
    StateId next(StateId state, std::uint8_t byte) {
        const StateId known = rows_[state * width_ + network_.classes[byte]];
        return known != kUnknown ? known : find_next(state, byte);
    }
    /// Known transitions of a state by class of bytes; kUnknown where next() has not been asked. Moves.
    static constexpr StateId kUnknown = 0xFFFFFFFE;
    const StateId* rows() const { return rows_.data(); }
    std::size_t row_width() const { return width_; }
    const Network& network() const { return network_; }

    bool may_end(StateId state) const { return states_[state].accepts; }
    /// The only byte that can come next, when there is just one and the text may not end here.
    std::optional<std::uint8_t> only_byte(StateId state) const;
    /// Nothing but the end can come.
    bool only_end(StateId state) const { return states_[state].accepts && states_[state].count == 0; }

    std::size_t size() const { return states_.size(); }
    /// Begins to count the work anew; call it for each token or mask.
    void begin_round() {
        work_ = 0;
        sets_.begin_round();
    }
    /// There is little room left for new states: time to forget().
    bool crowded() const;
    /// Forgets all states but those named, whose new ids it writes into their places.
    void forget(std::span<StateId* const> keep);
    /// Why a state is kNoState.
    Error limit() const;

  private:
    struct Item {
        NodeId node = 0;
        StackSetId stacks = kEmptyStack;
        bool operator==(const Item&) const = default;
    };
    struct State {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        bool accepts = false;
    };
    StateId find_next(StateId state, std::uint8_t byte);
    void begin_closure();
    bool reach(NodeId node, StackSetId stacks);
    bool close();
    bool leave(NodeId node);
    StateId keep_closure();
    StateId keep(std::span<const Item> items, bool accepts);
    void grow_table();

    const Network& network_;
    std::size_t width_;
    StackSets sets_;
    std::vector<State> states_;
    std::vector<Item> pool_;
    std::vector<StateId> rows_;  // width_ for each state
    std::vector<StateId> table_;
    StateId start_ = kDeadState;

    // Of the closure under construction:
    std::vector<StackSetId> reached_;   // by node, when its mark is the round's
    std::vector<std::uint32_t> marks_;  // by node
    std::vector<std::uint8_t> queued_;  // by node
    std::uint32_t round_ = 0;
    std::vector<NodeId> nodes_;  // that are reached
    std::vector<NodeId> work_list_;
    std::vector<Item> items_;
    bool accepts_ = false;
    std::uint64_t work_ = 0;
    enum class Limit : std::uint8_t { states, depth, items, work };
    Limit limit_ = Limit::states;
};

}  // namespace tendril::engine::grammar
