// SPDX-License-Identifier: Apache-2.0
// Hash-consed sets of call stacks. One owner, no locking.
#include "engine/sample/grammar/stack_sets.h"

#include <algorithm>
#include <utility>

namespace tendril::engine::grammar {
namespace {

constexpr std::size_t kUnited = 4096;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
}

std::uint64_t hash_of(std::span<const StackSets::Entry> entries) {
    std::uint64_t hash = entries.size();
    for (const StackSets::Entry& entry : entries) {
        hash = mixed(hash, (std::uint64_t{entry.back} << 32) | entry.below);
    }
    return hash;
}

}  // namespace

StackSets::StackSets() : table_(256, kNoSet), united_(kUnited) {
    pool_.reserve(1024);
    sets_.reserve(1024);
    scratch_.reserve(256);
    const Entry bottom;
    keep({&bottom, 1});
}

StackSetId StackSets::push(NodeId back, StackSetId below) {
    if (below == kNoSet) {
        return kNoSet;
    }
    const Entry entry{back, below};
    return keep({&entry, 1});
}

StackSetId StackSets::keep(std::span<const Entry> entries) {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = hash_of(entries) & mask;
    for (; table_[slot] != kNoSet; slot = (slot + 1) & mask) {
        const auto known = this->entries(table_[slot]);
        if (std::equal(known.begin(), known.end(), entries.begin(), entries.end())) {
            return table_[slot];
        }
    }
    std::uint32_t depth = 0;
    for (const Entry& entry : entries) {
        depth = entry.back == kBottom ? depth : std::max(depth, sets_[entry.below].depth + 1);
    }
    too_deep_ = depth > kMaxDepth;
    if (too_deep_ || pool_.size() + entries.size() > kMaxEntries) {
        return kNoSet;
    }
    const auto id = static_cast<StackSetId>(sets_.size());
    sets_.push_back(
        {static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(entries.size()), depth});
    pool_.insert(pool_.end(), entries.begin(), entries.end());
    table_[slot] = id;
    if (sets_.size() * 2 > table_.size()) {
        grow_table();
    }
    return id;
}

void StackSets::grow_table() {
    table_.assign(table_.size() * 2, kNoSet);
    const std::size_t mask = table_.size() - 1;
    for (StackSetId id = 0; id < sets_.size(); ++id) {
        std::size_t slot = hash_of(entries(id)) & mask;
        while (table_[slot] != kNoSet) {
            slot = (slot + 1) & mask;
        }
        table_[slot] = id;
    }
}

/// Entries of both, where the top is the same with what lies below united. Recursion is as deep as the
/// stacks.
StackSetId StackSets::unite(StackSetId a, StackSetId b) {
    if (a == b || a == kNoSet || b == kNoSet) {
        return a == b ? a : kNoSet;
    }
    if (++work_ > kMaxWork) {
        too_deep_ = false;
        return kNoSet;
    }
    if (b < a) {
        std::swap(a, b);
    }
    United& memo = united_[mixed(a, b) % kUnited];
    if (memo.a == a && memo.b == b) {
        return memo.result;
    }
    const std::size_t begin = scratch_.size();
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < sets_[a].count || j < sets_[b].count) {
        // Read anew each time: what lies below may be a new set, which moves the pool.
        const Entry* const left = i < sets_[a].count ? &pool_[sets_[a].first + i] : nullptr;
        const Entry* const right = j < sets_[b].count ? &pool_[sets_[b].first + j] : nullptr;
        const bool from_left = right == nullptr || (left != nullptr && left->back <= right->back);
        const bool from_right = left == nullptr || (right != nullptr && right->back <= left->back);
        Entry entry = from_left ? *left : *right;
        i += from_left ? 1 : 0;
        j += from_right ? 1 : 0;
        if (from_left && from_right && entry.back != kBottom) {
            entry.below = unite(entry.below, right->below);
            if (entry.below == kNoSet) {
                scratch_.resize(begin);
                return kNoSet;
            }
        }
        scratch_.push_back(entry);
    }
    // keep() copies before the scratch moves: it does not touch it.
    const StackSetId result = keep(std::span(scratch_).subspan(begin));
    scratch_.resize(begin);
    if (result != kNoSet) {
        united_[mixed(a, b) % kUnited] = {a, b, result};
    }
    return result;
}

}  // namespace tendril::engine::grammar
