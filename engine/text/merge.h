// SPDX-License-Identifier: Apache-2.0
// The merging of neighbours that byte pair encoding and SentencePiece share: repeatedly the pair of the
// lowest rank, leftmost first. Pure; n·log n time in the symbols of one piece, no recursion.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/types.h"

namespace tendril::engine {

/// A stretch of the text and the token that it is (or -1).
struct Symbol {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;  ///< 0: merged into the symbol before
    TokenId id = -1;
};

struct MergeCandidate {
    std::uint32_t rank = std::numeric_limits<std::uint32_t>::max();  ///< maximum: these two do not merge
    TokenId id = -1;
    bool exists() const { return rank != std::numeric_limits<std::uint32_t>::max(); }
};

/// Buffers that one encode() call reuses from piece to piece.
struct MergeBuffers {
    struct Queued {
        std::uint32_t rank, left;
        std::uint32_t left_length, right_length;  // as they were when queued: tells stale entries
        TokenId id;
        bool operator<(const Queued& other) const {  // std heaps put the greatest on top
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };
    std::vector<MergeCandidate> candidates;
    std::vector<Queued> heap;
    std::vector<std::uint32_t> next, previous;
};

namespace detail {

/// For short pieces a scan over a dense array beats a heap.
template <typename Lookup>
void merge_short(std::vector<Symbol>& symbols, MergeBuffers& buffers, Lookup&& lookup) {
    std::vector<MergeCandidate>& pairs = buffers.candidates;
    std::size_t count = symbols.size();
    pairs.resize(count);
    for (std::size_t i = 0; i + 1 < count; ++i) {
        pairs[i] = lookup(symbols[i], symbols[i + 1]);
    }
    while (count > 1) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < count; ++i) {
            best = pairs[i].rank < pairs[best].rank ? i : best;
        }
        if (!pairs[best].exists()) {
            break;
        }
        symbols[best].length += symbols[best + 1].length;
        symbols[best].id = pairs[best].id;
        std::copy(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 2,
                  symbols.begin() + static_cast<std::ptrdiff_t>(count),
                  symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
        std::copy(pairs.begin() + static_cast<std::ptrdiff_t>(best) + 1,
                  pairs.begin() + static_cast<std::ptrdiff_t>(count) - 1,
                  pairs.begin() + static_cast<std::ptrdiff_t>(best));
        --count;
        if (best + 1 < count) {
            pairs[best] = lookup(symbols[best], symbols[best + 1]);
        }
        if (best > 0) {
            pairs[best - 1] = lookup(symbols[best - 1], symbols[best]);
        }
    }
    symbols.resize(count);
}

template <typename Lookup>
void merge_long(std::vector<Symbol>& symbols, MergeBuffers& buffers, Lookup&& lookup) {
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<MergeBuffers::Queued>& heap = buffers.heap;
    heap.clear();
    buffers.next.resize(count);
    buffers.previous.resize(count);
    const auto queued = [&](std::uint32_t left, std::uint32_t right) {
        const MergeCandidate c = lookup(symbols[left], symbols[right]);
        if (c.exists()) {
            heap.push_back({c.rank, left, symbols[left].length, symbols[right].length, c.id});
        }
        return c.exists();
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        buffers.next[i] = i + 1 < count ? i + 1 : kNone;
        buffers.previous[i] = i > 0 ? i - 1 : kNone;
        if (i + 1 < count) {
            queued(i, i + 1);
        }
    }
    std::make_heap(heap.begin(), heap.end());
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end());
        const MergeBuffers::Queued top = heap.back();
        heap.pop_back();
        Symbol& left = symbols[top.left];
        const std::uint32_t right = buffers.next[top.left];
        if (left.length != top.left_length || right == kNone || symbols[right].length != top.right_length) {
            continue;  // one side has been merged with another neighbour since
        }
        left.length += symbols[right].length;
        left.id = top.id;
        symbols[right].length = 0;
        const std::uint32_t after = buffers.next[right];
        buffers.next[top.left] = after;
        if (after != kNone) {
            buffers.previous[after] = top.left;
            if (queued(top.left, after)) {
                std::push_heap(heap.begin(), heap.end());
            }
        }
        const std::uint32_t before = buffers.previous[top.left];
        if (before != kNone && queued(before, top.left)) {
            std::push_heap(heap.begin(), heap.end());
        }
    }
    std::erase_if(symbols, [](const Symbol& s) { return s.length == 0; });
}

}  // namespace detail

/// Merges `symbols` in place. `lookup(left, right)` gives the MergeCandidate of two neighbours.
template <typename Lookup>
void merge_symbols(std::vector<Symbol>& symbols, MergeBuffers& buffers, Lookup&& lookup) {
    constexpr std::size_t kShort = 48;
    if (symbols.size() <= kShort) {
        detail::merge_short(symbols, buffers, lookup);
    } else {
        detail::merge_long(symbols, buffers, lookup);
    }
}

}  // namespace tendril::engine
