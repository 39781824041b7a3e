// SPDX-License-Identifier: Apache-2.0
// Subset construction, one transition at a time, with call stacks. One owner, no locking.
#include "engine/sample/grammar/automaton.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tendril::engine::grammar {
namespace {

constexpr std::size_t kRoom = 4096;  // states that a token or a mask may need

template <typename Item>
std::uint64_t hash_of(std::span<const Item> items, bool accepts) {
    std::uint64_t hash = accepts ? 0x51ED270B : 0;
    for (const Item& item : items) {
        hash = (hash ^ ((std::uint64_t{item.node} << 32) | item.stacks)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29;
    }
    return hash;
}

}  // namespace

Automaton::Automaton(const Network& network)
    : network_(network),
      width_(network.class_count),
      table_(1024, kNoState),
      reached_(network.size()),
      marks_(network.size(), 0),
      queued_(network.size(), 0) {
    states_.reserve(1024);
    pool_.reserve(4096);
    rows_.reserve(1024 * width_);
    keep({}, false);  // the dead one
    std::fill_n(rows_.begin(), width_, kDeadState);
    begin_closure();
    if (reach(network.root, kEmptyStack) && close()) {
        start_ = keep_closure();
    } else {
        start_ = kNoState;
    }
}

std::optional<std::uint8_t> Automaton::only_byte(StateId state) const {
    const State& s = states_[state];
    if (s.accepts) {
        return std::nullopt;
    }
    std::optional<std::uint8_t> byte;
    for (const Item& item : std::span(pool_).subspan(s.first, s.count)) {
        for (const ByteEdge& edge : network_.bytes_of(item.node)) {
            if (edge.low != edge.high || (byte && *byte != edge.low)) {
                return std::nullopt;
            }
            byte = edge.low;
        }
    }
    return byte;
}

StateId Automaton::find_next(StateId state, std::uint8_t byte) {
    begin_closure();
    const State from = states_[state];
    for (std::uint32_t i = 0; i < from.count; ++i) {
        const Item item = pool_[from.first + i];
        for (const ByteEdge& edge : network_.bytes_of(item.node)) {
            ++work_;
            if (edge.low <= byte && byte <= edge.high && !reach(edge.to, item.stacks)) {
                return kNoState;
            }
        }
    }
    if (!close()) {
        return kNoState;
    }
    const StateId next = keep_closure();
    if (next != kNoState) {
        rows_[state * width_ + network_.classes[byte]] = next;
    }
    return next;
}

void Automaton::begin_closure() {
    if (++round_ == 0) {
        std::fill(marks_.begin(), marks_.end(), 0);
        round_ = 1;
    }
    nodes_.clear();
    work_list_.clear();
    accepts_ = false;
}

/// Adds stacks under which a node is reached. False: a limit.
bool Automaton::reach(NodeId node, StackSetId stacks) {
    if (stacks == kNoSet) {
        limit_ = sets_.too_deep() ? Limit::depth : Limit::states;
        return false;
    }
    if (marks_[node] != round_) {
        marks_[node] = round_;
        reached_[node] = stacks;
        queued_[node] = 1;
        nodes_.push_back(node);
        work_list_.push_back(node);
        return true;
    }
    const StackSetId both = sets_.unite(reached_[node], stacks);
    if (both == kNoSet) {
        limit_ = sets_.too_deep() ? Limit::depth : Limit::states;
        return false;
    }
    if (both != reached_[node]) {
        reached_[node] = both;
        if (!std::exchange(queued_[node], std::uint8_t{1})) {
            work_list_.push_back(node);
        }
    }
    return true;
}

/// Follows all edges that take no byte. Ends because no rule begins with itself and sets only grow.
bool Automaton::close() {
    while (!work_list_.empty()) {
        const NodeId node = work_list_.back();
        work_list_.pop_back();
        queued_[node] = 0;
        if (++work_ > kMaxWork) {
            limit_ = Limit::work;
            return false;
        }
        if (!leave(node)) {
            return false;
        }
    }
    return true;
}

bool Automaton::leave(NodeId node) {
    const StackSetId stacks = reached_[node];
    for (const NodeId to : network_.skips_of(node)) {
        if (!reach(to, stacks)) {
            return false;
        }
    }
    for (const CallEdge& call : network_.calls_of(node)) {
        if (!reach(call.entry, call.last ? stacks : sets_.push(call.back, stacks))) {
            return false;
        }
    }
    if (network_.nodes[node].final) {
        const std::size_t count = sets_.entries(stacks).size();
        for (std::size_t i = 0; i < count; ++i) {
            const StackSets::Entry entry = sets_.entries(stacks)[i];  // reach() may move them
            if (entry.back == kBottom) {
                accepts_ = true;
            } else if (!reach(entry.back, entry.below)) {
                return false;
            }
        }
    }
    return true;
}

/// Only nodes that take bytes matter for what comes.
StateId Automaton::keep_closure() {
    items_.clear();
    for (const NodeId node : nodes_) {
        if (!network_.bytes_of(node).empty()) {
            items_.push_back({node, reached_[node]});
        }
    }
    if (items_.size() > kMaxItems) {
        limit_ = Limit::items;
        return kNoState;
    }
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.node < b.node; });
    return keep(items_, accepts_);
}

StateId Automaton::keep(std::span<const Item> items, bool accepts) {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = hash_of(items, accepts) & mask;
    for (; table_[slot] != kNoState; slot = (slot + 1) & mask) {
        const State& known = states_[table_[slot]];
        const auto known_items = std::span(pool_).subspan(known.first, known.count);
        if (known.accepts == accepts &&
            std::equal(known_items.begin(), known_items.end(), items.begin(), items.end())) {
            return table_[slot];
        }
    }
    if (states_.size() >= kMaxStates || (states_.size() + 1) * width_ > kMaxTransitions ||
        pool_.size() + items.size() > StackSets::kMaxEntries) {
        limit_ = Limit::states;
        return kNoState;
    }
    const auto id = static_cast<StateId>(states_.size());
    states_.push_back(
        {static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(items.size()), accepts});
    pool_.insert(pool_.end(), items.begin(), items.end());
    rows_.resize(rows_.size() + width_, kUnknown);
    table_[slot] = id;
    if (states_.size() * 2 > table_.size()) {
        grow_table();
    }
    return id;
}

void Automaton::grow_table() {
    table_.assign(table_.size() * 2, kNoState);
    const std::size_t mask = table_.size() - 1;
    for (StateId id = 0; id < states_.size(); ++id) {
        const State& state = states_[id];
        const std::span<const Item> items = std::span(pool_).subspan(state.first, state.count);
        std::size_t slot = hash_of(items, state.accepts) & mask;
        while (table_[slot] != kNoState) {
            slot = (slot + 1) & mask;
        }
        table_[slot] = id;
    }
}

bool Automaton::crowded() const {
    return states_.size() + kRoom > kMaxStates || (states_.size() + kRoom) * width_ > kMaxTransitions ||
           pool_.size() > StackSets::kMaxEntries / 2 || sets_.crowded();
}

/// Copies what is kept into a new automaton, sets of stacks from the bottom up: a set is made after those
/// that lie below it, so their ids are smaller.
void Automaton::forget(std::span<StateId* const> keep) {
    Automaton fresh(network_);
    std::vector<StackSetId> moved(sets_.size(), kNoSet);
    std::vector<bool> wanted(sets_.size(), false);
    for (const StateId* const id : keep) {
        for (const Item& item : std::span(pool_).subspan(states_[*id].first, states_[*id].count)) {
            wanted[item.stacks] = true;
        }
    }
    for (std::size_t set = sets_.size(); set-- > 0;) {
        for (std::size_t i = 0; wanted[set] && i < sets_.entries(static_cast<StackSetId>(set)).size(); ++i) {
            wanted[sets_.entries(static_cast<StackSetId>(set))[i].below] = true;
        }
    }
    std::vector<StackSets::Entry> entries;
    for (std::size_t set = 0; set < sets_.size(); ++set) {
        if (wanted[set]) {
            entries.clear();
            for (const StackSets::Entry& entry : sets_.entries(static_cast<StackSetId>(set))) {
                entries.push_back({entry.back, entry.back == kBottom ? kEmptyStack : moved[entry.below]});
            }
            moved[set] = fresh.sets_.keep(entries);
        }
    }
    std::vector<Item> items;
    for (StateId* const id : keep) {
        items.clear();
        for (const Item& item : std::span(pool_).subspan(states_[*id].first, states_[*id].count)) {
            items.push_back({item.node, moved[item.stacks]});
        }
        *id = *id == kDeadState ? kDeadState : fresh.keep(items, states_[*id].accepts);
    }
    sets_ = std::move(fresh.sets_);
    states_ = std::move(fresh.states_);
    pool_ = std::move(fresh.pool_);
    rows_ = std::move(fresh.rows_);
    table_ = std::move(fresh.table_);
    start_ = fresh.start_;
}

Error Automaton::limit() const {
    switch (limit_) {
        case Limit::depth:
            return {ErrorCode::too_large,
                    "The answer is nested deeper than " + std::to_string(StackSets::kMaxDepth) +
                        " levels of its grammar.",
                    {}};
        case Limit::items:
        case Limit::states:
        case Limit::work:
            break;
    }
    return {ErrorCode::too_large, "The grammar is too ambiguous to be followed.",
            limit_ == Limit::items  ? "items of a state"
            : limit_ == Limit::work ? "work"
                                    : "states"};
}

}  // namespace tendril::engine::grammar
