// SPDX-License-Identifier: Apache-2.0
// The KV memory of a loaded model as the scheduler sees it: pages, views over them, the tree of what was read
// before, and the disk behind it. Owned by the engine thread; outlives all views.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "engine/backend/kv_pages.h"
#include "engine/cache/page_pool.h"
#include "engine/cache/radix_tree.h"
#include "engine/cache/view.h"
#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

struct CacheCounters {
    std::uint64_t lookups = 0;
    std::uint64_t hits = 0;  ///< lookups that found at least one token
    std::uint64_t reused_tokens = 0;
    std::uint64_t elsewhere = 0;       ///< tokens found for other places
    std::uint64_t refused = 0;         ///< lookups that knew more than could be resumed: MatchReport::refusal
    std::uint64_t refused_tokens = 0;  ///< which had to be read again for it
    std::uint64_t restored_pages = 0;  ///< from the disk
    std::uint64_t restored_tokens = 0;  ///< of the reused ones
    std::uint64_t written_pages = 0;    ///< given to the disk's queue
    std::uint64_t copied_pages = 0;     ///< partial pages that somebody else held
    std::uint64_t evicted_pages = 0;
    std::uint64_t dropped_windows = 0;
};

/// Of the last match(), for the log.
struct MatchReport {
    std::size_t known = 0;     ///< tokens whose pages are there
    std::size_t reused = 0;    ///< of them, up to where rows can go on
    std::size_t restored = 0;  ///< of the reused ones, read from the disk
    const char* refusal = "";  ///< why reused < known
};

struct KvCacheState {
    std::size_t pages = 0;
    std::size_t pages_used = 0;  ///< by running views or the tree
    std::size_t window_pages = 0;
    std::size_t window_pages_used = 0;
    std::uint64_t tokens_kept = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_used = 0;
    std::size_t unwritten_pages = 0;  ///< kept, but not yet on the disk
};

class KvCache {
  public:
    /// `pages` is borrowed. `window`: the longest of the windowed layers in positions, 0 when there is none.
    explicit KvCache(KvPages& pages, std::size_t window = 0);
    ~KvCache();
    KvCache(const KvCache&) = delete;
    KvCache& operator=(const KvCache&) = delete;

    /// From now on what memory does not hold is looked for on the disk. Borrowed; outlives the cache.
    void attach(PageStore& store);

    View make_view() { return View(pool_); }
    /// A view of the longest known prefix behind which rows can go on, at most `limit` tokens; empty (but
    /// usable) when nothing fits. Reads pages from the disk (waiting for it) where memory ends earlier.
    View match(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope = {});
    const MatchReport& last_match() const { return report_; }
    /// The same for a text of which a part is to stand elsewhere; counted apart, and not reported.
    View match_elsewhere(std::span<const TokenId> tokens, const CacheScope& scope = {});

    // Pruned beginnings. Never on disk, and only in memory until it is short.
    /// Room for the pruned form of a text: the view's first `from` positions as they are, then `kept` slots
    /// to be gathered into (KvPages::gather); empty when pages are short. Pages of the result are nobody
    /// else's from `from` on, up to a partial page in front.
    View begin_pruned(const View& whole, std::size_t from, std::size_t kept);
    /// From now on the first tokens of texts may be these, as `view` of begin_pruned() has them.
    void keep_pruned(std::uint64_t key, std::span<const TokenId> tokens, View view, const CacheScope& scope);
    /// As match(), for a text that begins with what has this key; empty when that is not there (any more), or
    /// begins otherwise, or is another's in private.
    View match_pruned(std::uint64_t key, std::span<const TokenId> tokens, std::size_t limit,
                      const CacheScope& scope);
    /// Positions and slots of what has this key; key 0: nothing has.
    Frozen pruned(std::uint64_t key) const;
    /// The text from here on is pruned elsewhere: its own pages are the first to go.
    void rather_pruned(std::span<const TokenId> tokens, std::size_t from, const CacheScope& scope);

    /// A text ends here for now: its pages are kept for later requests until memory is needed, and those that
    /// a window needs to go on behind tokens.size() longest of all. Pages of the view that stand behind
    /// moved text are not kept: they are not what reading the tokens gives.
    void keep(std::span<const TokenId> tokens, View view, const CacheScope& scope = {});
    /// The same for a text that is still being read: others may use its full pages from now on.
    void publish(std::span<const TokenId> tokens, const View& view, const CacheScope& scope = {});

    /// Makes `rows` positions behind the view's end writable: takes pages, copies a shared partial page, lets
    /// go of kept pages when pages are short and of window pages that no row sees any more. False (and
    /// nothing taken) when running views hold too much. The view must be resumable at its length.
    bool make_room(View& view, std::size_t rows);

    /// What only this owner used goes, from memory and disk; `done` is called when it is gone from the disk.
    void forget(std::uint64_t owner, std::function<void(Status)> done = {});
    /// Of what is on the disk, only what these owners have stays, and what belongs to nobody.
    void forget_others(std::span<const std::uint64_t> known);
    /// All that is kept goes, from memory and disk (of all models).
    void clear(std::function<void(Status)> done = {});
    /// All that is kept in memory goes.
    void forget_kept() {
        tree_.clear();
        pruned_.clear();
    }

    /// For idle time: gives pages to the disk's queue, parents first, about `budget` bytes of them.
    enum class Writing : std::uint8_t { done, more, later /* the queue is full, or the disk is not used */ };
    Writing write_some(std::size_t budget);

    KvPages& pages() { return pages_; }
    const PagePool& pool() const { return pool_; }
    const RadixTree& tree() const { return tree_; }
    std::size_t window() const { return window_; }
    CacheCounters counters() const;
    KvCacheState state() const;

  private:
    friend struct CacheFaults;  // tests only
    bool reclaim(std::size_t full, std::size_t window);
    bool crowded(PageGroup group, std::size_t more) const;
    RadixTree::Found look_up(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope,
                             MatchReport& report);
    struct PrunedText {
        std::vector<TokenId> tokens;
        std::size_t slots = 0;
        CacheScope scope;
    };
    View view_of(const RadixTree::Found& found);
    std::vector<TokenId> slots_behind(const Frozen& frozen, std::span<const TokenId> tokens) const;
    void drop_lost_pruned();
    void insert(std::span<const TokenId> tokens, const View& view, const CacheScope& scope, bool resume);
    void insert_pruned(std::span<const TokenId> tokens, const View& view, const CacheScope& scope);

    // The disk: kv_cache_disk.cpp.
    struct Chain;
    bool restore(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope,
                 const RadixTree::Found& found);
    Chain chain_of(std::span<const TokenId> tokens, std::size_t limit, const RadixTree::Found& known,
                   const PageName& root) const;
    std::size_t read_chain(View& view, const Chain& chain, std::span<const TokenId> tokens);
    void look_behind(const Chain& chain, std::size_t bad, std::span<const TokenId> tokens);
    bool name(PageNode& node);
    bool write_page(PageNode& node);

    KvPages& pages_;
    std::size_t window_;
    PagePool pool_;
    RadixTree tree_;                              // its references go before the pool
    std::map<std::uint64_t, PrunedText> pruned_;  // by key; of those whose pages are gone perhaps
    PageStore* store_ = nullptr;
    std::uint64_t written_up_to_ = 0;  // number of the page that was offered last
    CacheCounters counters_;
    MatchReport report_;
    std::vector<std::byte> full_bytes_;  // a page on its way from the disk
    std::vector<std::byte> window_bytes_;
};

}  // namespace tendril::engine
