// SPDX-License-Identifier: Apache-2.0
// Takes pages for views, copies partial pages on write, and evicts kept views when pages are short.
#include "engine/cache/kv_cache.h"

#include <cassert>
#include <utility>

namespace tendril::engine {

KvCache::KvCache(KvPages& pages, std::unique_ptr<PrefixCache> prefixes)
    : pages_(pages), pool_(pages.page_count(PageGroup::full)), prefixes_(std::move(prefixes)) {
    if (!prefixes_) {
        prefixes_ = std::make_unique<ListPrefixCache>();
    }
}

KvCache::~KvCache() {
    prefixes_->clear();
    assert(pool_.free_count() == pool_.page_count() && "a view outlives its cache");
}

View KvCache::match(std::span<const TokenId> tokens, std::size_t limit) {
    View view = prefixes_->match(tokens, limit);
    return view.empty() ? make_view() : std::move(view);
}

void KvCache::keep(std::span<const TokenId> tokens, View view) {
    assert(tokens.size() <= view.length());
    view.rewind(tokens.size());
    prefixes_->insert(tokens, std::move(view));
}

bool KvCache::make_room(View& view, std::size_t rows) {
    assert(view.pool_ == &pool_);
    const std::size_t filled = view.length_ % kPageTokens;
    // Pages that a rejected draft left behind the end are reused.
    const std::size_t have = view.pages_.size();
    const std::size_t want = pages_for(view.length_ + rows);
    const auto shared = [&] {
        return rows > 0 && filled > 0 && pool_.references(view.pages_[view.length_ / kPageTokens]) > 1;
    };
    const auto short_of = [&] {
        return pool_.free_count() < (want > have ? want - have : 0) + (shared() ? 1 : 0);
    };
    while (short_of()) {
        if (!prefixes_->evict_one()) {
            return false;
        }
    }
    if (shared()) {
        const std::size_t index = view.length_ / kPageTokens;
        const PageId copy = *pool_.take();
        pages_.copy_page(PageGroup::full, view.pages_[index], copy, filled);
        pool_.release(view.pages_[index]);
        view.pages_[index] = copy;
    }
    while (view.pages_.size() < want) {
        view.pages_.push_back(*pool_.take());
    }
    for (std::size_t page = view.length_ / kPageTokens; page < want; ++page) {
        assert(pool_.references(view.pages_[page]) == 1 && "a page with several owners must not be written");
    }
    return true;
}

}  // namespace tendril::engine
