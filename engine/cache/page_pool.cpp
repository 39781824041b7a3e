// SPDX-License-Identifier: Apache-2.0
// Reference counts of KV pages.
#include "engine/cache/page_pool.h"

#include <cassert>

namespace tendril::engine {

PagePool::PagePool(KvPageCounts counts) {
    const auto fill = [](Group& group, std::size_t count) {
        group.references.assign(count, 0);
        group.free.reserve(count);
        for (std::size_t page = count; page > 0; --page) {
            group.free.push_back(static_cast<PageId>(page - 1));
        }
    };
    fill(of(PageGroup::full), counts.full);
    fill(of(PageGroup::window), counts.window);
}

std::optional<PageId> PagePool::take(PageGroup group) {
    Group& from = of(group);
    if (from.free.empty()) {
        return std::nullopt;
    }
    const PageId page = from.free.back();
    from.free.pop_back();
    assert(from.references[page] == 0);
    from.references[page] = 1;
    return page;
}

void PagePool::add_reference(PageGroup group, PageId page) {
    assert(page < of(group).references.size() && of(group).references[page] > 0);
    ++of(group).references[page];
}

void PagePool::release(PageGroup group, PageId page) {
    Group& to = of(group);
    assert(page < to.references.size() && to.references[page] > 0);
    if (--to.references[page] == 0) {
        to.free.push_back(page);
        if (freed) {
            freed(group, page);
        }
    }
}

}  // namespace tendril::engine
