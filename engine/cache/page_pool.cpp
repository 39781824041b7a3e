// SPDX-License-Identifier: Apache-2.0
// Reference counts of KV pages.
#include "engine/cache/page_pool.h"

#include <cassert>

namespace tendril::engine {

PagePool::PagePool(std::size_t page_count) : references_(page_count, 0) {
    free_.reserve(page_count);
    for (std::size_t page = page_count; page > 0; --page) {
        free_.push_back(static_cast<PageId>(page - 1));
    }
}

std::optional<PageId> PagePool::take() {
    if (free_.empty()) {
        return std::nullopt;
    }
    const PageId page = free_.back();
    free_.pop_back();
    assert(references_[page] == 0);
    references_[page] = 1;
    return page;
}

void PagePool::add_reference(PageId page) {
    assert(page < references_.size() && references_[page] > 0);
    ++references_[page];
}

void PagePool::release(PageId page) {
    assert(page < references_.size() && references_[page] > 0);
    if (--references_[page] == 0) {
        free_.push_back(page);
    }
}

}  // namespace tendril::engine
