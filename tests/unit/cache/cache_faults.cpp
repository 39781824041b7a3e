// SPDX-License-Identifier: Apache-2.0
// Faults put into the cache, to see that the tests notice them.
#include "tests/unit/cache/cache_faults.h"

#include <algorithm>
#include <numeric>

namespace tendril::engine {
namespace {

std::vector<PageNode*> nodes_below(PageNode& root) {
    std::vector<PageNode*> nodes;
    std::vector<PageNode*> open = {&root};
    while (!open.empty()) {
        PageNode* const node = open.back();
        open.pop_back();
        for (const auto& child : node->children) {
            nodes.push_back(child.get());
            open.push_back(child.get());
        }
    }
    return nodes;
}

}  // namespace

View CacheFaults::match_without_parents(KvCache& cache, std::span<const TokenId> tokens, std::size_t limit) {
    RadixTree::Found found;
    const std::vector<PageNode*> nodes = nodes_below(cache.tree_.root_);
    while (found.length + kPageTokens <= limit) {
        const std::span<const TokenId> text = tokens.subspan(found.length, kPageTokens);
        const auto same = std::find_if(nodes.begin(), nodes.end(), [&](const PageNode* node) {
            return std::equal(text.begin(), text.end(), node->tokens().begin(), node->tokens().end());
        });
        if (same == nodes.end()) {
            break;
        }
        found.path.push_back(*same);
        found.length += kPageTokens;
    }
    cache.tree_.cut_to_resumable(found);
    return cache.view_of(found);
}

bool CacheFaults::reuse_page(KvCache& cache, std::size_t choice) {
    const std::vector<PageNode*> nodes = nodes_below(cache.tree_.root_);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        PageNode& node = *nodes[(choice + i) % nodes.size()];
        const PageNode& other = *nodes[(choice + i + 1) % nodes.size()];
        if (node.page != other.page && !cache.tree_.pinned(PageGroup::full, node.page)) {
            cache.pages_.copy_page(PageGroup::full, other.page, node.page, kPageTokens);
            return true;
        }
    }
    return false;
}

void CacheFaults::set_deltas(View& view, std::int32_t delta) {
    for (View::Segment& segment : view.segments_) {
        segment.delta = delta;
    }
}

std::size_t CacheFaults::held(const KvCache& cache, PageGroup group) {
    const auto& held = group == PageGroup::full ? cache.tree_.held_full_ : cache.tree_.held_window_;
    return std::accumulate(held.begin(), held.end(), std::size_t{0});
}

}  // namespace tendril::engine
