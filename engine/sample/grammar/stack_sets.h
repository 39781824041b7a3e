// SPDX-License-Identifier: Apache-2.0
// Sets of call stacks, each set kept once: a set is a tree from the top of the stacks down, so that stacks
// with a common top share it and sets are equal when their ids are. One owner, no locking.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/sample/grammar/network.h"

namespace tendril::engine::grammar {

using StackSetId = std::uint32_t;

inline constexpr NodeId kBottom = 0xFFFFFFFF;     ///< in place of a node: the stack ends here
inline constexpr StackSetId kEmptyStack = 0;      ///< the set of the empty stack alone
inline constexpr StackSetId kNoSet = 0xFFFFFFFF;  ///< a limit is reached

class StackSets {
  public:
    static constexpr std::uint32_t kMaxDepth = 2048;  ///< of calls within each other
    static constexpr std::size_t kMaxEntries = std::size_t{1} << 21;
    static constexpr std::uint64_t kMaxWork = 5'000'000;

    struct Entry {
        NodeId back = kBottom;  ///< the top: where the innermost call goes on
        StackSetId below = kEmptyStack;
        bool operator==(const Entry&) const = default;
    };

    StackSets();

    std::span<const Entry> entries(StackSetId set) const {
        return std::span(pool_).subspan(sets_[set].first, sets_[set].count);
    }
    std::size_t size() const { return sets_.size(); }

    // kNoSet when a limit is reached, or for an argument that is kNoSet.
    StackSetId push(NodeId back, StackSetId below);
    StackSetId unite(StackSetId a, StackSetId b);
    /// The set of these entries, sorted by node, whose sets are known here.
    StackSetId keep(std::span<const Entry> entries);

    /// Begins to count unions anew; so many of one round are a limit too.
    void begin_round() { work_ = 0; }
    bool crowded() const { return pool_.size() > kMaxEntries / 2; }
    bool too_deep() const { return too_deep_; }  ///< why there was no set: the depth, or the number

  private:
    struct Set {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        std::uint32_t depth = 0;
    };
    struct United {
        StackSetId a = kNoSet;
        StackSetId b = kNoSet;
        StackSetId result = kNoSet;
    };
    void grow_table();

    std::vector<Entry> pool_;
    std::vector<Set> sets_;
    std::vector<StackSetId> table_;  // open addressing; kNoSet = free
    std::vector<United> united_;     // what was united lately, by hash
    std::vector<Entry> scratch_;     // entries of unions under construction, a stack
    bool too_deep_ = false;
    std::uint64_t work_ = 0;
};

}  // namespace tendril::engine::grammar
