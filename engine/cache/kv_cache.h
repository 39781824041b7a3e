// SPDX-License-Identifier: Apache-2.0
// The KV memory of a loaded model as the scheduler sees it: pages, who holds them, and what is known of
// finished views. Owned by the engine thread; outlives all views.
#pragma once

#include <memory>
#include <span>

#include "engine/backend/backend.h"
#include "engine/cache/page_pool.h"
#include "engine/cache/prefix_cache.h"
#include "engine/cache/view.h"

namespace tendril::engine {

class KvCache {
  public:
    /// `pages` is borrowed. Without `prefixes` a ListPrefixCache is made.
    explicit KvCache(KvPages& pages, std::unique_ptr<PrefixCache> prefixes = nullptr);
    ~KvCache();

    View make_view() { return View(pool_); }
    /// A view of the longest known prefix, at most `limit` tokens; empty (but usable) when nothing fits.
    View match(std::span<const TokenId> tokens, std::size_t limit);
    /// Keeps the view for later requests until its pages are needed. Only its first tokens.size() positions
    /// are kept.
    void keep(std::span<const TokenId> tokens, View view);
    /// Makes `rows` positions behind the view's end writable: takes pages, copies a shared partial page, lets
    /// go of kept views when pages are short. False (and nothing changed in the view) when running views hold
    /// too much.
    bool make_room(View& view, std::size_t rows);
    void forget_kept() { prefixes_->clear(); }

    KvPages& pages() { return pages_; }
    const PagePool& pool() const { return pool_; }
    const PrefixCounters& counters() const { return prefixes_->counters(); }

  private:
    KvPages& pages_;
    PagePool pool_;
    std::unique_ptr<PrefixCache> prefixes_;  // its views go before the pool
};

}  // namespace tendril::engine
