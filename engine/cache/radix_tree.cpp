// SPDX-License-Identifier: Apache-2.0
// Finding and keeping texts in the tree of pages.
#include "engine/cache/radix_tree.h"

#include <algorithm>
#include <cassert>

#include "engine/cache/common_prefix.h"
#include "engine/cache/view.h"

namespace tendril::engine {
namespace {

/// Siblings that begin alike and may differ in whether their window page is there.
constexpr int kMostAlike = 4;

bool begins_with(std::span<const TokenId> text, std::span<const TokenId> start) {
    return common_prefix(text, start) == start.size();
}

}  // namespace

RadixTree::RadixTree(PagePool& pool, std::size_t window, double page_bytes, double window_bytes)
    : pool_(pool),
      window_(window),
      window_share_(page_bytes > 0 ? window_bytes / page_bytes : 0),
      held_full_(pool.page_count(PageGroup::full), 0),
      held_window_(pool.page_count(PageGroup::window), 0) {
    root_.root = &root_;
    root_.fill = kPageTokens;
}

RadixTree::~RadixTree() {
    demoted = {};
    clear();
}

// --- finding ---

/// The tree that the scope keeps its texts in; null: none.
PageNode* RadixTree::root_of(const CacheScope& scope, bool make) {
    if (!scope.keep_private) {
        return &root_;
    }
    if (scope.owner == 0) {
        return nullptr;  // nobody's private text is never known again
    }
    std::unique_ptr<PageNode>* const known =
        make || private_.count(scope.owner) > 0 ? &private_[scope.owner] : nullptr;
    if (known != nullptr && !*known) {
        *known = std::make_unique<PageNode>();
        (*known)->root = known->get();
        (*known)->fill = kPageTokens;
    }
    return known != nullptr ? known->get() : nullptr;
}

/// The child that shares the most with `rest`; among equals one whose window page is there.
PageNode* RadixTree::closest_child(PageNode& node, std::span<const TokenId> rest, std::size_t& same) const {
    PageNode* best = nullptr;
    same = 0;
    const auto consider = [&](PageNode& child) {
        const std::size_t size = common_prefix(child.tokens(), rest);
        if (size > same ||
            (size == same && size > 0 && best->window_page == kNoPage && child.window_page != kNoPage)) {
            best = &child;
            same = size;
        }
        return size >= same;
    };
    auto place = node.children.lower_bound(rest);
    if (place != node.children.begin()) {
        consider(**std::prev(place));
    }
    for (int i = 0; i < kMostAlike && place != node.children.end() && consider(**place); ++i) {
        ++place;
    }
    return best;
}

RadixTree::Found RadixTree::walk(PageNode* root, std::span<const TokenId> tokens, std::size_t limit) const {
    Found found;
    limit = std::min(limit, tokens.size());
    PageNode* node = root;
    while (node != nullptr && found.length < limit) {
        const std::span<const TokenId> rest = tokens.subspan(found.length);
        if (limit - found.length >= kPageTokens) {
            const auto child = node->children.find(rest.first(kPageTokens));
            if (child != node->children.end()) {
                node = child->get();
                found.path.push_back(node);
                found.length = std::min(limit, found.length + kPageTokens);
                continue;
            }
        }
        std::size_t same = 0;
        PageNode* const child =
            closest_child(*node, rest.first(std::min(limit - found.length, kPageTokens)), same);
        if (child != nullptr) {
            found.path.push_back(child);
            found.length += same;
        }
        break;
    }
    found.known = found.length;
    return found;
}

void RadixTree::cut_to_resumable(Found& found) const {
    if (!pool_.windowed()) {
        return;
    }
    std::size_t end = found.path.size();
    while (end > 0) {
        std::size_t begin = end;
        while (begin > 0 && found.path[begin - 1]->window_page != kNoPage) {
            --begin;
        }
        // Window pages [begin, end) are there: enough for a row behind the last of them?
        const std::size_t length = std::min(found.length, end * kPageTokens);
        if (begin < end && (begin == 0 || window_start(length, window_) >= begin * kPageTokens)) {
            found.path.resize(end);
            found.length = length;
            return;
        }
        end = begin == end ? end - 1 : begin;
    }
    found.path.clear();
    found.length = 0;
}

RadixTree::Found RadixTree::find(std::span<const TokenId> tokens, std::size_t limit,
                                 const CacheScope& scope) {
    Found found = walk(&root_, tokens, limit);
    cut_to_resumable(found);
    if (scope.keep_private) {
        Found own = walk(root_of(scope, false), tokens, limit);
        cut_to_resumable(own);
        own.known = std::max(own.known, found.known);
        found.known = own.known;
        if (own.length > found.length) {
            return own;
        }
    }
    return found;
}

RadixTree::Found RadixTree::find_known(std::span<const TokenId> tokens, std::size_t limit,
                                       const CacheScope& scope) {
    Found found = walk(&root_, tokens, limit);
    if (scope.keep_private) {
        Found own = walk(root_of(scope, false), tokens, limit);
        if (own.length > found.length) {
            return own;
        }
    }
    return found;
}

void RadixTree::used(const Found& found) {
    for (PageNode* const node : found.path) {
        unlist(*node);
        ++node->uses;
        revalue(*node);
        list(*node);
    }
}

// --- keeping ---

void RadixTree::insert(std::span<const TokenId> tokens, Pages pages, const CacheScope& scope, bool resume) {
    PageNode* const root = tokens.empty() ? nullptr : root_of(scope, true);
    if (root == nullptr) {
        return;
    }
    PageNode* const last = insert_below(*root, tokens, pages, scope.owner);
    if (resume) {
        mark_resume(*last, tokens.size());
    }
}

PageNode* RadixTree::insert_below(PageNode& root, std::span<const TokenId> tokens, Pages pages,
                                  std::uint64_t owner) {
    assert(pages.full.size() >= pages_for(tokens.size()));
    PageNode* node = &root;
    for (std::size_t first = 0; first < tokens.size(); first += kPageTokens) {
        const std::span<const TokenId> chunk =
            tokens.subspan(first, std::min(kPageTokens, tokens.size() - first));
        const std::size_t index = first / kPageTokens;
        const PageId window_page = pages.window.empty() ? kNoPage : pages.window[index];
        node = child_for(*node, chunk, pages.full[index], window_page, owner);
        if (node->fill == chunk.size()) {
            own(*node, owner);
        }
        unlist(*node);
        revalue(*node);
        list(*node);
    }
    return node;
}

/// The child that holds `tokens`: known already, a shorter one that grows, or a new one.
PageNode* RadixTree::child_for(PageNode& parent, std::span<const TokenId> tokens, PageId page,
                               PageId window_page, std::uint64_t owner) {
    const auto place = parent.children.lower_bound(tokens);
    if (place != parent.children.end() && begins_with((*place)->tokens(), tokens)) {
        PageNode& known = **place;
        if (known.fill == tokens.size()) {
            if (known.window_page == kNoPage && window_page != kNoPage) {  // read again in the meantime
                unlist(known);
                known.window_page = window_page;
                pool_.add_reference(PageGroup::window, window_page);
                ++held_window_[window_page];
                list(known);
            }
            return &known;
        }
        if (known.window_page != kNoPage || window_page == kNoPage) {
            return &known;
        }
    }
    if (place != parent.children.begin()) {
        PageNode& shorter = **std::prev(place);
        // Others' pages are not made longer: what is behind their end is not theirs to keep alive.
        const bool alone = std::all_of(shorter.owners.begin(), shorter.owners.end(),
                                       [owner](std::uint64_t other) { return other == owner; });
        const bool loses_window = shorter.window_page != kNoPage && window_page == kNoPage;
        if (alone && !loses_window && begins_with(tokens, shorter.tokens())) {
            auto handle = parent.children.extract(std::prev(place));
            unlist(shorter);
            release_pages(shorter);
            tokens_ += tokens.size() - shorter.fill;
            fill(shorter, tokens, page, window_page);
            list(shorter);
            parent.children.insert(std::move(handle));
            return &shorter;
        }
    }
    return add(parent, tokens, page, window_page);
}

PageNode* RadixTree::add(PageNode& parent, std::span<const TokenId> tokens, PageId page, PageId window_page) {
    assert(parent.full() && !tokens.empty());
    auto made = std::make_unique<PageNode>();
    PageNode& node = *made;
    node.number = next_number_++;
    node.parent = &parent;
    node.root = parent.root;
    node.index = parent.parent == nullptr ? 0 : parent.index + 1;
    fill(node, tokens, page, window_page);
    unlist(parent);
    parent.children.insert(std::move(made));
    list(parent);
    revalue(node);
    list(node);
    ++nodes_;
    tokens_ += tokens.size();
    return &node;
}

void RadixTree::fill(PageNode& node, std::span<const TokenId> tokens, PageId page, PageId window_page) {
    std::copy(tokens.begin(), tokens.end(), node.text.begin());
    node.fill = static_cast<std::uint32_t>(tokens.size());
    node.page = page;
    pool_.add_reference(PageGroup::full, page);
    ++held_full_[page];
    node.window_page = window_page;
    if (window_page != kNoPage) {
        pool_.add_reference(PageGroup::window, window_page);
        ++held_window_[window_page];
    }
}

void RadixTree::own(PageNode& node, std::uint64_t owner) {
    const auto place = std::lower_bound(node.owners.begin(), node.owners.end(), owner);
    if (place == node.owners.end() || *place != owner) {
        node.owners.insert(place, owner);
        if (node.stored && owned) {
            owned(node, owner);
        }
    }
}

/// The window pages that rows behind `length` see, and one page more: running views keep it as well.
void RadixTree::mark_resume(PageNode& node, std::size_t length) {
    if (!pool_.windowed()) {
        return;
    }
    if (node.resume) {
        unmark_resume(node);
    }
    const std::size_t from = window_start(length, window_) / kPageTokens;
    unlist(node);
    node.resume = true;
    node.resume_from = static_cast<std::uint32_t>(from > 0 ? from - 1 : 0);
    list(node);
    for (PageNode* held = &node; held->parent != nullptr && held->index >= node.resume_from;
         held = held->parent) {
        unlist(*held);
        ++held->held_by;
        list(*held);
    }
}

void RadixTree::unmark_resume(PageNode& node) {
    assert(node.resume);
    for (PageNode* held = &node; held->parent != nullptr && held->index >= node.resume_from;
         held = held->parent) {
        unlist(*held);
        --held->held_by;
        list(*held);
    }
    unlist(node);
    node.resume = false;
    list(node);
}

void RadixTree::written(PageNode& node, bool with_window) {
    unlist(node);
    node.stored = true;
    node.stored_window = node.stored_window || with_window;
    list(node);
}

// --- pruned beginnings ---

RadixTree::Found RadixTree::find_pruned(std::uint64_t key, std::span<const TokenId> slots,
                                        std::size_t limit) const {
    const auto root = pruned_.find(key);
    return root == pruned_.end() ? Found() : walk(root->second.get(), slots, limit);
}

void RadixTree::insert_pruned(std::uint64_t key, std::span<const TokenId> slots, Pages pages,
                              std::uint64_t owner, std::size_t frozen) {
    assert(frozen > 0 && frozen <= slots.size() && !pool_.windowed());
    std::unique_ptr<PageNode>& root = pruned_[key];
    if (!root) {
        root = std::make_unique<PageNode>();
        root->root = root.get();
        root->fill = kPageTokens;
        root->pruned_key = key;
        root->frozen = static_cast<std::uint32_t>(frozen);
    }
    insert_below(*root, slots, pages, owner);
}

/// Whether all pages of the pruned beginning are there: down to its last page nothing branches, and whatever
/// stands at the place of that page begins with the rest of it.
bool RadixTree::whole(const PageNode& pruned_root) {
    const PageNode* node = &pruned_root;
    for (std::size_t page = 0; page < pages_for(pruned_root.frozen); ++page) {
        if (node->children.empty()) {
            return false;
        }
        node = node->children.begin()->get();
    }
    return true;
}

void RadixTree::drop_pruned(PageNode& root) {
    remove_below(root);
    pruned_.erase(root.pruned_key);
}

void RadixTree::sink(const Found& found, std::size_t from_page) {
    for (std::size_t i = from_page; i < found.path.size(); ++i) {
        unlist(*found.path[i]);
        found.path[i]->priority = 0;
        list(*found.path[i]);
    }
}

}  // namespace tendril::engine
