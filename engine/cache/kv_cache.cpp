// SPDX-License-Identifier: Apache-2.0
// Takes pages for views, copies partial pages on write, finds and keeps texts, and evicts when pages are
// short.
#include "engine/cache/kv_cache.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tendril::engine {
namespace {

/// Window pages are let go of a page late, so that a text that comes back a few tokens shorter (a template
/// that ends it otherwise) can be resumed as well; see RadixTree::mark_resume().
constexpr std::size_t kWindowSlack = kPageTokens;

KvPageCounts counts_of(const KvPages& pages) {
    return {pages.page_count(PageGroup::full), pages.page_count(PageGroup::window)};
}

}  // namespace

KvCache::KvCache(KvPages& pages, std::size_t window)
    : pages_(pages),
      window_(window),
      pool_(counts_of(pages)),
      tree_(pool_, window, static_cast<double>(pages.page_bytes(PageGroup::full)),
            static_cast<double>(pages.page_bytes(PageGroup::window))) {
    assert(!pool_.windowed() || window > 0);
    pool_.freed = [this](PageGroup group, PageId page) { pages_.discard(group, page); };
}

KvCache::~KvCache() {
    tree_.demoted = {};
    tree_.clear();
    assert(pool_.free_count(PageGroup::full) == pool_.page_count(PageGroup::full) &&
           pool_.free_count(PageGroup::window) == pool_.page_count(PageGroup::window) &&
           "a view outlives its cache");
}

View KvCache::view_of(const RadixTree::Found& found) {
    View view(pool_);
    if (found.length == 0) {
        return view;
    }
    View::Segment segment;
    segment.length = found.length;
    for (const PageNode* node : found.path) {
        segment.pages.push_back(node->page);
        if (pool_.windowed()) {
            segment.window_pages.push_back(node->window_page);
        }
    }
    view.hold(segment);
    view.slots_ = found.length;
    view.segments_.push_back(std::move(segment));
    view.let_windows_go(window_ + kWindowSlack);
    return view;
}

RadixTree::Found KvCache::look_up(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope,
                                  MatchReport& report) {
    limit = std::min(limit, tokens.size());
    RadixTree::Found found = tree_.find(tokens, limit, scope);
    if (store_ != nullptr && found.length < limit && restore(tokens, limit, scope, found)) {
        const std::size_t before = found.length;
        found = tree_.find(tokens, limit, scope);
        report.restored = found.length - std::min(before, found.length);
        counters_.restored_tokens += report.restored;
    }
    tree_.used(found);
    return found;
}

View KvCache::match(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope) {
    ++counters_.lookups;
    report_ = {};
    const RadixTree::Found found = look_up(tokens, limit, scope, report_);
    report_.known = std::max(report_.known, found.known);
    report_.reused = found.length;
    if (report_.reused < report_.known) {
        report_.refusal = pool_.windowed() ? "the window pages in front of the rest were let go"
                                           : "pages on the disk could not be used";
        ++counters_.refused;
        counters_.refused_tokens += report_.known - report_.reused;
    }
    if (found.length > 0) {
        ++counters_.hits;
        counters_.reused_tokens += found.length;
    }
    return view_of(found);
}

View KvCache::match_elsewhere(std::span<const TokenId> tokens, const CacheScope& scope) {
    MatchReport unreported;
    const RadixTree::Found found = look_up(tokens, tokens.size(), scope, unreported);
    counters_.elsewhere += found.length;
    return view_of(found);
}

void KvCache::insert(std::span<const TokenId> tokens, const View& view, const CacheScope& scope,
                     bool resume) {
    const std::size_t length = std::min(tokens.size(), view.exact_length());
    if (const Frozen& frozen = view.frozen(); frozen.key != 0) {
        insert_pruned(tokens.first(length), view, scope);
        return;
    }
    const bool whole = length == tokens.size();
    tree_.insert(tokens.first(length), {view.pages(), view.window_pages()}, scope, resume && whole);
}

void KvCache::keep(std::span<const TokenId> tokens, View view, const CacheScope& scope) {
    assert(tokens.size() <= view.length());
    insert(tokens, view, scope, true);
}

void KvCache::publish(std::span<const TokenId> tokens, const View& view, const CacheScope& scope) {
    const std::size_t length = std::min(tokens.size(), view.exact_length());
    insert(tokens.first(view.whole_pages(length)), view, scope, false);
}

/// Makes so many pages of each group free.
bool KvCache::reclaim(std::size_t full, std::size_t window) {
    while (pool_.free_count(PageGroup::full) < full) {
        if (!tree_.evict_page()) {
            return false;
        }
    }
    while (pool_.free_count(PageGroup::window) < window) {
        if (!tree_.drop_window_page()) {
            return false;
        }
    }
    return true;
}

/// Whether views would hold more pages than a step can have, with so many more.
bool KvCache::crowded(PageGroup group, std::size_t more) const {
    const std::size_t most = pages_.step_pages(group);
    return most < pool_.page_count(group) && tree_.pages_in_views(group) + more > most;
}

bool KvCache::make_room(View& view, std::size_t rows) {
    assert(view.pool_ == &pool_);
    if (rows == 0) {
        return true;
    }
    const bool windowed = pool_.windowed();
    assert(view.resumable(view.length(), window_) && "a window would look at pages that were let go");
    if (windowed) {
        view.let_windows_go(window_ + kWindowSlack);
    }
    const bool new_segment = view.segments_.empty() || view.segments_.back().delta != 0;
    View::Segment empty;
    const View::Segment& now = new_segment ? empty : view.segments_.back();
    // Pages that a rejected draft left behind the end are reused.
    const std::size_t end = now.first_slot + now.length;
    const std::size_t want = pages_for(end + rows);
    const std::size_t more = want - std::min(want, now.pages.size());
    const std::size_t index = end / kPageTokens;
    const std::size_t filled = end % kPageTokens;
    const auto shared = [&](PageGroup group, const std::vector<PageId>& pages) {
        return filled > 0 && index < pages.size() && pages[index] != kNoPage &&
               pool_.references(group, pages[index]) > 1;
    };
    const std::size_t copies = shared(PageGroup::full, now.pages) ? 1 : 0;
    const std::size_t window_copies = shared(PageGroup::window, now.window_pages) ? 1 : 0;
    const std::size_t holes =
        windowed && index < now.window_pages.size() && now.window_pages[index] == kNoPage ? 1 : 0;
    const std::size_t window_more = windowed ? more + holes + window_copies : 0;
    if (crowded(PageGroup::full, more + copies) || crowded(PageGroup::window, window_more) ||
        !reclaim(more + copies, window_more)) {
        return false;
    }
    if (new_segment) {
        view.segments_.emplace_back();
    }
    View::Segment& segment = view.segments_.back();
    const auto own = [&](PageGroup group, std::vector<PageId>& pages) {
        const PageId copy = *pool_.take(group);
        pages_.copy_page(group, pages[index], copy, filled);
        pool_.release(group, pages[index]);
        pages[index] = copy;
        ++counters_.copied_pages;
    };
    if (copies > 0) {
        own(PageGroup::full, segment.pages);
    }
    if (window_copies > 0) {
        own(PageGroup::window, segment.window_pages);
    }
    if (holes > 0) {
        segment.window_pages[index] = *pool_.take(PageGroup::window);
        segment.windows_let_go = std::min(segment.windows_let_go, index);
    }
    while (segment.pages.size() < want) {
        segment.pages.push_back(*pool_.take(PageGroup::full));
        if (windowed) {
            segment.window_pages.push_back(*pool_.take(PageGroup::window));
        }
    }
    for (std::size_t page = index; page < want; ++page) {
        assert(pool_.references(PageGroup::full, segment.pages[page]) == 1 &&
               "a page with several owners must not be written");
    }
    return true;
}

void KvCache::forget(std::uint64_t owner, std::function<void(Status)> done) {
    tree_.forget(owner);
    drop_lost_pruned();
    if (store_ != nullptr) {
        store_->forget(owner, std::move(done));
    } else if (done) {
        done({});
    }
}

void KvCache::forget_others(std::span<const std::uint64_t> known) {
    for (const std::uint64_t owner : store_ == nullptr ? std::vector<std::uint64_t>() : store_->owners()) {
        if (std::find(known.begin(), known.end(), owner) == known.end()) {
            forget(owner);
        }
    }
}

void KvCache::clear(std::function<void(Status)> done) {
    forget_kept();
    if (store_ != nullptr) {
        store_->clear(std::move(done));
    } else if (done) {
        done({});
    }
}

CacheCounters KvCache::counters() const {
    CacheCounters all = counters_;
    all.evicted_pages = tree_.evicted_pages();
    all.dropped_windows = tree_.dropped_windows();
    return all;
}

KvCacheState KvCache::state() const {
    KvCacheState state;
    state.pages = pool_.page_count(PageGroup::full);
    state.pages_used = state.pages - pool_.free_count(PageGroup::full);
    state.window_pages = pool_.page_count(PageGroup::window);
    state.window_pages_used = state.window_pages - pool_.free_count(PageGroup::window);
    state.tokens_kept = tree_.token_count();
    const std::uint64_t full = pages_.page_bytes(PageGroup::full);
    const std::uint64_t window = pages_.page_bytes(PageGroup::window);
    state.bytes = state.pages * full + state.window_pages * window;
    state.bytes_used = state.pages_used * full + state.window_pages_used * window;
    state.unwritten_pages = store_ != nullptr ? tree_.unwritten().size() : 0;
    return state;
}

}  // namespace tendril::engine
