// SPDX-License-Identifier: Apache-2.0
// Which KV pages are in use, and by how many views. Counts only; the pages' contents belong to the backend's
// KvPages. Owned by the engine thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/types.h"

namespace tendril::engine {

class PagePool {
  public:
    explicit PagePool(std::size_t page_count);
    PagePool(const PagePool&) = delete;
    PagePool& operator=(const PagePool&) = delete;

    /// A page with one reference; nothing when all are in use. The lowest free id first is not promised.
    std::optional<PageId> take();
    void add_reference(PageId page);
    /// The page is free again when its last reference goes.
    void release(PageId page);

    std::uint32_t references(PageId page) const { return references_[page]; }
    std::size_t free_count() const { return free_.size(); }
    std::size_t page_count() const { return references_.size(); }

  private:
    std::vector<std::uint32_t> references_;  // [page_count]
    std::vector<PageId> free_;               // a stack
};

}  // namespace tendril::engine
