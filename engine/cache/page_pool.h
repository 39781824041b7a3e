// SPDX-License-Identifier: Apache-2.0
// Which KV pages are in use, and by how many holders: views and the tree of what is kept. Counts only; the
// pages' contents belong to the backend's KvPages. The two page groups have ids of their own. Owned by the
// engine thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/backend/kv_pages.h"
#include "engine/types.h"

namespace tendril::engine {

class PagePool {
  public:
    explicit PagePool(KvPageCounts counts);
    PagePool(const PagePool&) = delete;
    PagePool& operator=(const PagePool&) = delete;

    /// A page with one reference; nothing when all are in use. Which one is not promised.
    std::optional<PageId> take(PageGroup group = PageGroup::full);
    void add_reference(PageGroup group, PageId page);
    /// The page is free again when its last reference goes.
    void release(PageGroup group, PageId page);

    std::uint32_t references(PageGroup group, PageId page) const { return of(group).references[page]; }
    std::size_t free_count(PageGroup group = PageGroup::full) const { return of(group).free.size(); }
    std::size_t page_count(PageGroup group = PageGroup::full) const { return of(group).references.size(); }
    std::function<void(PageGroup, PageId)> freed;  ///< told of a page when its last reference goes
    /// Models without sliding windows have no window pages.
    bool windowed() const { return page_count(PageGroup::window) > 0; }

  private:
    struct Group {
        std::vector<std::uint32_t> references;  // [page count]
        std::vector<PageId> free;               // a stack
    };
    Group& of(PageGroup group) { return groups_[static_cast<std::size_t>(group)]; }
    const Group& of(PageGroup group) const { return groups_[static_cast<std::size_t>(group)]; }

    std::array<Group, 2> groups_;
};

}  // namespace tendril::engine
