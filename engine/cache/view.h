// SPDX-License-Identifier: Apache-2.0
// A view: the positions 0..length of one conversation, branch or draft, as a list of pages. Forking and
// rewinding touch counts only. Holds one reference to each of its pages and gives it back when destroyed;
// must not outlive its pool. Owned by the engine thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/cache/page_pool.h"

namespace tendril::engine {

constexpr std::size_t pages_for(std::size_t tokens) {
    return (tokens + kPageTokens - 1) / kPageTokens;
}

class View {
  public:
    View() = default;  ///< empty, of no pool; for members that are filled later
    explicit View(PagePool& pool) : pool_(&pool) {}
    ~View() { clear(); }
    View(View&& other) noexcept;
    View& operator=(View&& other) noexcept;

    std::size_t length() const { return length_; }
    bool empty() const { return length_ == 0; }
    /// Page of position p is pages()[p / kPageTokens]; may reach beyond length() for positions that are about
    /// to be written.
    std::span<const PageId> pages() const { return pages_; }
    /// As a step of `rows` rows behind the end sees it; valid until the view changes.
    std::span<const KvSegment> segments(std::size_t rows);

    /// Another view of the first `length` positions; a partial last page is shared until one side writes
    /// (KvCache::make_room).
    View fork(std::size_t length) const;
    /// Forgets the positions from `length` on, and the pages that only they needed.
    void rewind(std::size_t length);
    /// `rows` positions behind the end have been written; their pages were made by KvCache::make_room().
    void advance(std::size_t rows);
    void clear() { rewind(0); }

  private:
    friend class KvCache;
    PagePool* pool_ = nullptr;
    std::vector<PageId> pages_;
    std::size_t length_ = 0;
    KvSegment segment_;  // what segments() gave last
};

}  // namespace tendril::engine
