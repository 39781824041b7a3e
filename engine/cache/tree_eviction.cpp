// SPDX-License-Identifier: Apache-2.0
// What the tree of pages lets go of, and in which order: GreedyDual-Size-Frequency (Cherkasova, HP Labs
// 98-69), leaf first. A page's worth is the time to read it again times how often it was used, per byte;
// `inflation_` rises with what went, so that what has not been used for long sinks.
#include <algorithm>
#include <cassert>

#include "engine/cache/radix_tree.h"

namespace tendril::engine {
namespace {

/// Reading a token costs as much for attention as for everything else at about this depth (models of 0.5B to
/// 8B: 8,000 to 30,000).
constexpr double kCostDoublesAt = 8192;
constexpr std::uint32_t kMostUses = 1000;
/// Pruning a text costs about as much as reading it so many times, and half of the pages are left.
constexpr double kPrunedCost = 6;

}  // namespace

void RadixTree::revalue(PageNode& node) {
    const bool pruned = std::size_t{node.index} * kPageTokens < node.root->frozen;
    const double cost =
        (1.0 + static_cast<double>(node.index) * kPageTokens / kCostDoublesAt) * (pruned ? kPrunedCost : 1.0);
    const double bytes = 1.0 + (node.window_page != kNoPage ? window_share_ : 0.0);
    node.priority = inflation_ + std::min(node.uses, kMostUses) * cost / bytes;
}

/// Each order holds exactly the nodes of its kind; a node's state changes between unlist() and list().
void RadixTree::list(PageNode& node) {
    if (node.parent == nullptr) {
        return;
    }
    if (node.children.empty()) {
        leaves_.insert(&node);
    }
    if (node.window_page != kNoPage && node.held_by == 0) {
        loose_windows_.insert(&node);
    }
    if (node.resume) {
        resume_points_.insert(&node);
    }
    if (node.root == &root_ && node.full() && (!node.stored || wants_window(node))) {
        unwritten_.emplace(node.number, &node);
    }
}

void RadixTree::unlist(PageNode& node) {
    leaves_.erase(&node);
    loose_windows_.erase(&node);
    resume_points_.erase(&node);
    unwritten_.erase(node.number);
}

bool RadixTree::pinned(PageGroup group, PageId page) const {
    const auto& held = group == PageGroup::full ? held_full_ : held_window_;
    return pool_.references(group, page) > held[page];
}

std::size_t RadixTree::pages_in_views(PageGroup group) const {
    std::size_t count = 0;
    for (std::size_t page = 0; page < pool_.page_count(group); ++page) {
        count += pinned(group, static_cast<PageId>(page)) ? 1 : 0;
    }
    return count;
}

bool RadixTree::evict_page() {
    const auto victim = std::find_if(leaves_.begin(), leaves_.end(), [this](const PageNode* node) {
        return !pinned(PageGroup::full, node->page);
    });
    if (victim == leaves_.end()) {
        return false;
    }
    PageNode& node = **victim;
    if (demoted) {
        demoted(node);
    }
    inflation_ = std::max(inflation_, node.priority);
    PageNode& root = *node.root;
    remove(node);
    ++evicted_;
    if (root.frozen > 0 && !whole(root)) {
        drop_pruned(root);  // of no use without its end
    }
    return true;
}

bool RadixTree::drop_window_page() {
    for (;;) {
        const auto loose = std::find_if(
            loose_windows_.begin(), loose_windows_.end(),
            [this](const PageNode* node) { return !pinned(PageGroup::window, node->window_page); });
        if (loose != loose_windows_.end()) {
            drop_window(**loose);
            return true;
        }
        const auto gains = [this](const PageNode* point) {
            for (const PageNode* node = point; node->parent != nullptr && node->index >= point->resume_from;
                 node = node->parent) {
                if (node->window_page != kNoPage && !pinned(PageGroup::window, node->window_page)) {
                    return true;
                }
            }
            return false;
        };
        const auto point = std::find_if(resume_points_.begin(), resume_points_.end(), gains);
        if (point == resume_points_.end()) {
            return false;
        }
        unmark_resume(**point);
    }
}

void RadixTree::drop_window(PageNode& node) {
    unlist(node);
    pool_.release(PageGroup::window, node.window_page);
    --held_window_[node.window_page];
    node.window_page = kNoPage;
    sink_if_useless(node);
    list(node);
    ++dropped_;
}

/// Nothing can be resumed at or behind a leaf without its window page.
void RadixTree::sink_if_useless(PageNode& node) {
    if (pool_.windowed() && node.children.empty() && node.window_page == kNoPage) {
        node.priority = 0;
    }
}

void RadixTree::release_pages(PageNode& node) {
    pool_.release(PageGroup::full, node.page);
    --held_full_[node.page];
    node.page = kNoPage;
    if (node.window_page != kNoPage) {
        pool_.release(PageGroup::window, node.window_page);
        --held_window_[node.window_page];
        node.window_page = kNoPage;
    }
}

void RadixTree::remove(PageNode& leaf) {
    assert(leaf.children.empty() && leaf.parent != nullptr);
    if (leaf.resume) {
        unmark_resume(leaf);
    }
    unlist(leaf);
    release_pages(leaf);
    --nodes_;
    tokens_ -= leaf.fill;
    PageNode& parent = *leaf.parent;
    unlist(parent);
    parent.children.erase(parent.children.find(leaf.tokens()));
    if (parent.parent != nullptr) {
        sink_if_useless(parent);
        list(parent);
    }
}

/// Without recursion: a text may be as deep as a context has pages.
void RadixTree::remove_below(PageNode& top) {
    PageNode* node = &top;
    while (!top.children.empty()) {
        while (!node->children.empty()) {
            node = node->children.begin()->get();
        }
        PageNode* const parent = node->parent;
        remove(*node);
        node = parent;
    }
}

void RadixTree::forget(std::uint64_t owner) {
    if (const auto own = private_.find(owner); own != private_.end()) {
        remove_below(*own->second);
        private_.erase(own);
    }
    std::vector<PageNode*> open = {&root_};
    for (const auto& [key, root] : pruned_) {
        open.push_back(root.get());
    }
    while (!open.empty()) {
        PageNode& node = *open.back();
        open.pop_back();
        std::vector<PageNode*> alone;
        for (const auto& child : node.children) {
            const auto place = std::lower_bound(child->owners.begin(), child->owners.end(), owner);
            if (place == child->owners.end() || *place != owner) {
                continue;  // then nothing below is this owner's
            }
            child->owners.erase(place);
            if (child->stored && child->owners == std::vector<std::uint64_t>{0}) {
                unlist(*child);  // on the disk it belonged to the one who is forgotten
                child->stored = child->stored_window = false;
                list(*child);
            }
            (child->owners.empty() ? alone : open).push_back(child.get());
        }
        for (PageNode* const child : alone) {
            remove_below(*child);
            remove(*child);
        }
    }
    for (auto root = pruned_.begin(); root != pruned_.end();) {
        PageNode& now = *(root++)->second;
        if (!whole(now)) {
            drop_pruned(now);
        }
    }
}

void RadixTree::clear() {
    remove_below(root_);
    for (auto& [owner, root] : private_) {
        remove_below(*root);
    }
    private_.clear();
    for (auto& [key, root] : pruned_) {
        remove_below(*root);
    }
    pruned_.clear();
}

}  // namespace tendril::engine
