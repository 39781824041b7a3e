// SPDX-License-Identifier: Apache-2.0
// A node of the tree of kept pages: one page, the tokens in it, and what is known of its worth. Part of
// RadixTree. Engine thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "engine/cache/disk/page_store.h"
#include "engine/types.h"

namespace tendril::engine {

struct PageNode;

/// Siblings in the order of their tokens, so that the one that shares most with a text is next to its place.
struct ByTokens {
    using is_transparent = void;
    bool operator()(const std::unique_ptr<PageNode>& a, const std::unique_ptr<PageNode>& b) const;
    bool operator()(const std::unique_ptr<PageNode>& a, std::span<const TokenId> b) const;
    bool operator()(std::span<const TokenId> a, const std::unique_ptr<PageNode>& b) const;
};

struct PageNode {
    std::uint64_t number = 0;  ///< ascending in the order of making: a parent's is less than its children's
    PageNode* parent = nullptr;
    PageNode* root = nullptr;  ///< itself for a root
    std::array<TokenId, kPageTokens> text{};
    std::uint32_t fill = 0;   ///< tokens; less than a page for leaves only
    std::uint32_t index = 0;  ///< of the page: its first position is index * kPageTokens
    PageId page = kNoPage;
    PageId window_page = kNoPage;
    std::set<std::unique_ptr<PageNode>, ByTokens> children;
    std::vector<std::uint64_t> owners;  ///< ascending; a child's are among its parent's

    std::uint64_t pruned_key = 0;  ///< of a root: of the pruned text that all below begins with
    std::uint32_t frozen = 0;      ///< of such a root: slots of the pruned text

    // Worth.
    std::uint32_t uses = 1;
    double priority = 0;

    // Windows.
    bool resume = false;            ///< a text was ended here: its window pages are kept longest
    std::uint32_t resume_from = 0;  ///< index of the first page that they are
    std::uint32_t held_by = 0;      ///< resume points that need this window page

    // Disk.
    bool named = false;
    bool stored = false;         ///< written, being written, or come from there
    bool stored_window = false;  ///< with its window part
    PageName name;

    std::span<const TokenId> tokens() const { return std::span(text).first(fill); }
    bool full() const { return fill == kPageTokens; }
};

inline bool before(std::span<const TokenId> a, std::span<const TokenId> b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}
inline bool ByTokens::operator()(const std::unique_ptr<PageNode>& a,
                                 const std::unique_ptr<PageNode>& b) const {
    return before(a->tokens(), b->tokens());
}
inline bool ByTokens::operator()(const std::unique_ptr<PageNode>& a, std::span<const TokenId> b) const {
    return before(a->tokens(), b);
}
inline bool ByTokens::operator()(std::span<const TokenId> a, const std::unique_ptr<PageNode>& b) const {
    return before(a, b->tokens());
}

/// The least worth keeping first.
struct ByPriority {
    bool operator()(const PageNode* a, const PageNode* b) const {
        return a->priority != b->priority ? a->priority < b->priority : a->number < b->number;
    }
};
using PageNodes = std::set<PageNode*, ByPriority>;

}  // namespace tendril::engine
