// SPDX-License-Identifier: Apache-2.0
// The books of the tree of pages, added up again from its nodes. For tests.
#include <algorithm>
#include <set>

#include "engine/cache/radix_tree.h"

namespace tendril::engine {
namespace {

struct Sums {
    std::size_t nodes = 0;
    std::uint64_t tokens = 0;
    std::vector<std::uint32_t> full, window;
    std::size_t leaves = 0, loose = 0, resume = 0, unwritten = 0;
};

std::string fault_in_node(const PageNode& node, const PageNode& parent, const PagePool& pool) {
    if (node.parent != &parent || node.root != parent.root || node.number <= parent.number) {
        return "a page does not know its parent";
    }
    if (node.index != (parent.parent == nullptr ? 0 : parent.index + 1)) {
        return "a page has the wrong place";
    }
    if (node.fill == 0 || node.fill > kPageTokens || (!node.full() && !node.children.empty())) {
        return "text goes on behind a partial page";
    }
    if (node.page >= pool.page_count(PageGroup::full) || pool.references(PageGroup::full, node.page) == 0) {
        return "a kept page is free";
    }
    if (node.window_page != kNoPage && pool.references(PageGroup::window, node.window_page) == 0) {
        return "a kept window page is free";
    }
    const std::span<const TokenId> tokens = node.tokens();
    const std::size_t first = std::size_t{node.index} * kPageTokens;
    const auto slots =
        static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), RadixTree::kFrozenSlot));
    if (slots != std::min<std::size_t>(node.root->frozen - std::min<std::size_t>(node.root->frozen, first),
                                       node.fill)) {
        return "a page has other frozen slots than its pruned text";
    }
    if (!std::is_sorted(node.owners.begin(), node.owners.end()) || node.owners.empty() ||
        (parent.parent != nullptr && !std::includes(parent.owners.begin(), parent.owners.end(),
                                                    node.owners.begin(), node.owners.end()))) {
        return "a page has an owner that its parent has not";
    }
    return {};
}

}  // namespace

std::string RadixTree::fault() const {
    Sums sums;
    sums.full.assign(held_full_.size(), 0);
    sums.window.assign(held_window_.size(), 0);
    std::map<const PageNode*, std::uint32_t> held_by;
    std::vector<const PageNode*> open = {&root_};
    for (const auto& [owner, root] : private_) {
        open.push_back(root.get());
    }
    for (const auto& [key, root] : pruned_) {
        if (root->pruned_key != key || root->frozen == 0 || !whole(*root)) {
            return "a pruned text is not whole";
        }
        open.push_back(root.get());
    }
    while (!open.empty()) {
        const PageNode& parent = *open.back();
        open.pop_back();
        for (const auto& child : parent.children) {
            const PageNode& node = *child;
            if (std::string what = fault_in_node(node, parent, pool_); !what.empty()) {
                return what;
            }
            ++sums.nodes;
            sums.tokens += node.fill;
            ++sums.full[node.page];
            if (node.window_page != kNoPage) {
                ++sums.window[node.window_page];
            }
            auto* const key = child.get();
            const bool listed_right =
                (leaves_.count(key) > 0) == node.children.empty() &&
                (loose_windows_.count(key) > 0) == (node.window_page != kNoPage && node.held_by == 0) &&
                (resume_points_.count(key) > 0) == node.resume;
            if (!listed_right) {
                return "a page is in the wrong order of eviction";
            }
            sums.leaves += node.children.empty() ? 1 : 0;
            sums.loose += node.window_page != kNoPage && node.held_by == 0 ? 1 : 0;
            sums.resume += node.resume ? 1 : 0;
            sums.unwritten += unwritten_.count(node.number);
            for (const PageNode* held = &node;
                 node.resume && held->parent != nullptr && held->index >= node.resume_from;
                 held = held->parent) {
                ++held_by[held];
            }
            open.push_back(&node);
        }
    }
    for (const auto& [node, count] : held_by) {
        if (node->held_by != count) {
            return "a window page is held by the wrong number of resume points";
        }
    }
    if (sums.nodes != nodes_ || sums.tokens != tokens_) {
        return "the sums of pages or tokens are wrong";
    }
    if (sums.full != held_full_ || sums.window != held_window_) {
        return "the tree's references are wrong";
    }
    if (sums.leaves != leaves_.size() || sums.loose != loose_windows_.size() ||
        sums.resume != resume_points_.size() || sums.unwritten != unwritten_.size()) {
        return "an order of eviction holds a page that is gone";
    }
    return {};
}

}  // namespace tendril::engine
