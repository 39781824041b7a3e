// SPDX-License-Identifier: Apache-2.0
// All that is kept of all conversations, branches and side jobs, as one tree of pages: the children of a page
// are the pages that were read behind it. Found token by token, never by hash. A node is a page, because
// pages are what memory is taken and given back in: texts that part within a page have two pages that begin
// alike. Private conversations have trees of their own. Owned by KvCache, on the engine thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/cache/page_node.h"
#include "engine/cache/page_pool.h"

namespace tendril::engine {

class RadixTree {
  public:
    /// `page_bytes`, `window_bytes`: memory of a page of each group. `window`: how many positions a windowed
    /// layer sees; 0: no layer is.
    RadixTree(PagePool& pool, std::size_t window, double page_bytes, double window_bytes);
    ~RadixTree();
    RadixTree(const RadixTree&) = delete;
    RadixTree& operator=(const RadixTree&) = delete;

    struct Found {
        std::vector<PageNode*> path;  ///< pages of the first `length` tokens
        std::size_t length = 0;       ///< behind which rows can go on
        std::size_t known = 0;        ///< length without regard to windows that were let go
    };
    /// The longest prefix of `tokens`, at most `limit`, that can be resumed.
    Found find(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope);
    /// As find(), but the pages of the longest prefix, whether their window pages are there or not.
    Found find_known(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope);
    /// Shortens to what can be resumed.
    void cut_to_resumable(Found& found) const;
    /// What was found is worth more from now on.
    void used(const Found& found);

    struct Pages {
        std::span<const PageId> full;
        std::span<const PageId> window;  ///< kNoPage where let go; empty without windows
    };
    /// Remembers that these pages hold `tokens`, read from the first on; takes references. What is known
    /// already stays. With `resume`, text will go on behind the last token: its window pages are kept
    /// longest.
    void insert(std::span<const TokenId> tokens, Pages pages, const CacheScope& scope, bool resume);

    // Texts behind a pruned beginning, in a tree of their own for each: its slots have the token kFrozenSlot.
    static constexpr TokenId kFrozenSlot = -1;
    Found find_pruned(std::uint64_t key, std::span<const TokenId> slots, std::size_t limit) const;
    /// `frozen` of the slots are the pruned beginning.
    void insert_pruned(std::uint64_t key, std::span<const TokenId> slots, Pages pages, std::uint64_t owner,
                       std::size_t frozen);
    bool has_pruned(std::uint64_t key) const { return pruned_.count(key) > 0; }
    /// These pages are the first to go, until they are asked for again.
    void sink(const Found& found, std::size_t from_page);

    /// Lets go of the leaf that is least worth keeping (GreedyDual-Size-Frequency) and that no view holds.
    /// False: there is none.
    bool evict_page();
    /// Lets go of a window page that no view holds, first of those that no resume point needs.
    bool drop_window_page();
    /// Pages that only this owner used go from the tree.
    void forget(std::uint64_t owner);
    void clear();

    /// Public full pages that are not on the disk as far as is known, parents first.
    const std::map<std::uint64_t, PageNode*>& unwritten() const { return unwritten_; }
    void written(PageNode& node, bool with_window);
    std::function<void(PageNode&)> demoted;                     ///< a page is about to be evicted
    std::function<void(PageNode&, std::uint64_t owner)> owned;  ///< a stored page has one owner more

    /// Pages of a group that views hold. O(pages).
    std::size_t pages_in_views(PageGroup group) const;
    const PageNode* root() const { return &root_; }
    std::size_t page_count() const { return nodes_; }
    std::uint64_t token_count() const { return tokens_; }
    std::uint64_t evicted_pages() const { return evicted_; }
    std::uint64_t dropped_windows() const { return dropped_; }
    /// The first thing that is wrong with the tree's books; empty: nothing. O(size), for tests.
    std::string fault() const;

  private:
    friend struct CacheFaults;  // tests only
    PageNode* root_of(const CacheScope& scope, bool make);
    PageNode* insert_below(PageNode& root, std::span<const TokenId> tokens, Pages pages, std::uint64_t owner);
    static bool whole(const PageNode& pruned_root);
    void drop_pruned(PageNode& root);
    Found walk(PageNode* root, std::span<const TokenId> tokens, std::size_t limit) const;
    PageNode* closest_child(PageNode& node, std::span<const TokenId> rest, std::size_t& same) const;
    PageNode* child_for(PageNode& parent, std::span<const TokenId> tokens, PageId page, PageId window_page,
                        std::uint64_t owner);
    PageNode* add(PageNode& parent, std::span<const TokenId> tokens, PageId page, PageId window_page);
    void fill(PageNode& node, std::span<const TokenId> tokens, PageId page, PageId window_page);
    void own(PageNode& node, std::uint64_t owner);
    void mark_resume(PageNode& node, std::size_t length);
    void unmark_resume(PageNode& node);
    void remove(PageNode& leaf);
    void remove_below(PageNode& top);
    void drop_window(PageNode& node);
    void revalue(PageNode& node);
    void list(PageNode& node);    // enters the node into the orders that its state belongs to
    void unlist(PageNode& node);  // before its state changes
    void release_pages(PageNode& node);
    void sink_if_useless(PageNode& node);
    bool pinned(PageGroup group, PageId page) const;
    /// A resume point needs its window part on the disk as well.
    static bool wants_window(const PageNode& node) {
        return node.held_by > 0 && node.window_page != kNoPage && !node.stored_window;
    }

    PagePool& pool_;
    std::size_t window_;
    double window_share_;  // memory of a window page, of a full page
    PageNode root_;
    std::map<std::uint64_t, std::unique_ptr<PageNode>> private_;
    std::map<std::uint64_t, std::unique_ptr<PageNode>> pruned_;
    std::uint64_t next_number_ = 1;
    double inflation_ = 0;
    std::vector<std::uint32_t> held_full_;    // references that the tree itself holds
    std::vector<std::uint32_t> held_window_;  // likewise
    PageNodes leaves_;
    PageNodes loose_windows_;  // window pages that no resume point needs
    PageNodes resume_points_;
    std::map<std::uint64_t, PageNode*> unwritten_;
    std::size_t nodes_ = 0;
    std::uint64_t tokens_ = 0;
    std::uint64_t evicted_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace tendril::engine
