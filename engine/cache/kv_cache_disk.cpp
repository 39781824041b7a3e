// SPDX-License-Identifier: Apache-2.0
// The cache and the disk behind it: pages come back where memory ends earlier, and new ones are handed to the
// store in idle time.
#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/cache/kv_cache.h"

namespace tendril::engine {
namespace {

constexpr int kMostRefusals = 3;  // of the store in one round of writing

}  // namespace

/// The full pages of a text, from the first on, as far as memory and disk know them without a gap.
struct KvCache::Chain {
    struct Link {
        PageName name;
        PageNode* node = nullptr;  // in memory
        bool window_in_memory = false;
        bool window_on_disk = false;
    };
    std::vector<Link> links;
    std::size_t length = 0;        // tokens that can be resumed, of those up to the limit
    std::size_t known = 0;         // tokens up to the limit
    std::size_t first_window = 0;  // page whose window part is needed for it, and all behind it
    std::size_t pages() const { return pages_for(length); }
};

void KvCache::attach(PageStore& store) {
    store_ = &store;
    full_bytes_.resize(pages_.page_bytes(PageGroup::full));
    window_bytes_.resize(pages_.page_bytes(PageGroup::window));
    tree_.demoted = [this](PageNode& node) {
        if (node.root != tree_.root() || !node.full() || node.stored) {
            return;
        }
        // With all that stands before it: without that it would never be found.
        std::vector<PageNode*> line;
        for (PageNode* at = &node; at != tree_.root() && !at->stored; at = at->parent) {
            line.push_back(at);
        }
        while (!line.empty() && write_page(*line.back())) {
            line.pop_back();
        }
    };
    tree_.owned = [this](PageNode& node, std::uint64_t owner) {
        if (owner != 0 && node.named) {
            store_->own(node.name, owner);
        }
    };
}

// --- reading ---

KvCache::Chain KvCache::chain_of(std::span<const TokenId> tokens, std::size_t limit,
                                 const RadixTree::Found& known, const PageName& root) const {
    Chain chain;
    const std::size_t most = std::min(tokens.size() / kPageTokens, pages_for(limit));
    PageName parent = root;
    for (std::size_t index = 0; index < most; ++index) {
        const std::span<const TokenId> text = tokens.subspan(index * kPageTokens, kPageTokens);
        Chain::Link link;
        if (index < known.path.size() &&
            std::equal(text.begin(), text.end(), known.path[index]->tokens().begin(),
                       known.path[index]->tokens().end())) {
            link.node = known.path[index];
            link.window_in_memory = link.node->window_page != kNoPage;
        }
        link.name = link.node != nullptr && link.node->named ? link.node->name : page_name(parent, text);
        if (link.node == nullptr || (pool_.windowed() && !link.window_in_memory)) {
            const PageHeld held = store_->holds(link.name);
            if (link.node == nullptr && !held.full) {
                break;
            }
            link.window_on_disk = held.full && held.window;
        }
        parent = link.name;
        chain.links.push_back(link);
    }
    chain.known = std::min(limit, chain.links.size() * kPageTokens);
    chain.length = chain.known;
    if (!pool_.windowed()) {
        return chain;
    }
    const auto window_there = [&](std::size_t index) {
        return chain.links[index].window_in_memory || chain.links[index].window_on_disk;
    };
    for (std::size_t end = chain.pages(); end > 0;) {
        std::size_t begin = end;
        while (begin > 0 && window_there(begin - 1)) {
            --begin;
        }
        chain.length = std::min(chain.known, end * kPageTokens);
        chain.first_window = window_start(chain.length, window_) / kPageTokens;
        if (begin < end && begin <= chain.first_window) {
            return chain;
        }
        end = begin == end ? end - 1 : begin;
    }
    chain.length = 0;
    return chain;
}

/// Brings pages of the text into the tree that memory does not hold. False: there is nothing to gain, and
/// nothing was changed.
bool KvCache::restore(std::span<const TokenId> tokens, std::size_t limit, const CacheScope& scope,
                      const RadixTree::Found& found) {
    const std::optional<PageName> root = store_->root();
    if (!root || (scope.keep_private && scope.owner == 0)) {
        return false;
    }
    const RadixTree::Found known = tree_.find_known(tokens, limit, scope);
    Chain chain = chain_of(tokens, limit, known, *root);
    report_.known = std::max(report_.known, chain.known);
    if (chain.length <= found.length) {
        return false;
    }
    std::vector<PageName> names;
    for (std::size_t index = 0; index < chain.pages(); ++index) {
        const Chain::Link& link = chain.links[index];
        if (link.node == nullptr ||
            (pool_.windowed() && index >= chain.first_window && !link.window_in_memory)) {
            names.push_back(link.name);
        }
    }
    store_->expect(names);
    View view(pool_);
    const std::size_t pages = read_chain(view, chain, tokens);
    tree_.insert(tokens.first(pages * kPageTokens), {view.pages(), view.window_pages()}, scope, false);
    if (scope.keep_private) {
        return true;
    }
    const RadixTree::Found now = tree_.find_known(tokens, pages * kPageTokens, scope);
    for (std::size_t index = 0; index < std::min(pages, now.path.size()); ++index) {
        PageNode& node = *now.path[index];
        const Chain::Link& link = chain.links[index];
        if (link.node == nullptr) {
            node.name = link.name;
            node.named = true;
            tree_.written(node, link.window_on_disk);
            if (scope.owner != 0) {
                store_->own(node.name, scope.owner);
            }
        } else if (link.window_on_disk && node.stored) {
            tree_.written(node, true);
        }
    }
    return true;
}

/// Fills an empty view with the chain's pages: those in memory are shared, the others are read. Gives how
/// many, up to the first that could not be read.
std::size_t KvCache::read_chain(View& view, const Chain& chain, std::span<const TokenId> tokens) {
    // All that memory has is held first, so that making room for the rest does not take it away.
    View::Segment& segment = view.segments_.emplace_back();
    for (std::size_t index = 0; index < chain.pages() && chain.links[index].node != nullptr; ++index) {
        const PageNode& node = *chain.links[index].node;
        segment.pages.push_back(node.page);
        if (pool_.windowed()) {
            segment.window_pages.push_back(index >= chain.first_window ? node.window_page : kNoPage);
        }
    }
    view.hold(segment);
    const std::size_t in_memory = segment.pages.size();
    std::size_t done = 0;
    for (; done < chain.pages(); ++done) {
        const Chain::Link& link = chain.links[done];
        const bool with_window = pool_.windowed() && done >= chain.first_window && !link.window_in_memory;
        if (done < in_memory && !with_window) {
            continue;
        }
        const PageKey key{link.name, done == 0 ? *store_->root() : chain.links[done - 1].name,
                          static_cast<std::uint32_t>(done), tokens.subspan(done * kPageTokens, kPageTokens)};
        const std::span<std::byte> window(window_bytes_.data(), with_window ? window_bytes_.size() : 0);
        if (!reclaim(done < in_memory ? 0 : 1, with_window ? 1 : 0)) {
            break;
        }
        if (!store_->read(key, full_bytes_, window)) {
            look_behind(chain, done, tokens);
            break;
        }
        if (done >= in_memory) {
            segment.pages.push_back(*pool_.take(PageGroup::full));
            pages_.import_page(PageGroup::full, segment.pages.back(), full_bytes_);
            if (pool_.windowed()) {
                segment.window_pages.push_back(kNoPage);
            }
        }
        if (with_window) {
            segment.window_pages[done] = *pool_.take(PageGroup::window);
            pages_.import_page(PageGroup::window, segment.window_pages[done], window);
        }
        ++counters_.restored_pages;
    }
    segment.length = done * kPageTokens;
    view.slots_ = segment.length;
    return done;
}

/// Damage seldom comes alone: the store drops what is damaged behind the page `bad` as well, now that all of
/// it is computed and written anew. Otherwise each start would find one page more.
void KvCache::look_behind(const Chain& chain, std::size_t bad, std::span<const TokenId> tokens) {
    for (std::size_t index = bad + 1; index < chain.pages(); ++index) {
        const Chain::Link& link = chain.links[index];
        const std::span<std::byte> window(window_bytes_.data(),
                                          link.window_on_disk ? window_bytes_.size() : 0);
        if (link.node == nullptr || link.window_on_disk) {
            static_cast<void>(
                store_->read({link.name, chain.links[index - 1].name, static_cast<std::uint32_t>(index),
                              tokens.subspan(index * kPageTokens, kPageTokens)},
                             full_bytes_, window));
        }
    }
}

// --- writing ---

/// Gives the page its name, and those before it. False: the model's own name is not known yet.
bool KvCache::name(PageNode& node) {
    const std::optional<PageName> root = store_->root();
    if (!root) {
        return false;
    }
    std::vector<PageNode*> unnamed;
    PageNode* at = &node;
    for (; at->parent != nullptr && !at->named; at = at->parent) {
        unnamed.push_back(at);
    }
    PageName parent = at->parent == nullptr ? *root : at->name;
    for (auto next = unnamed.rbegin(); next != unnamed.rend(); ++next) {
        (*next)->name = page_name(parent, (*next)->tokens());
        (*next)->named = true;
        parent = (*next)->name;
    }
    return true;
}

/// False: the store did not take it.
bool KvCache::write_page(PageNode& node) {
    if (!name(node)) {
        return false;
    }
    const auto first = std::find_if(node.owners.begin(), node.owners.end(), [](auto id) { return id != 0; });
    const std::uint64_t owner = first == node.owners.end() ? 0 : *first;
    const bool with_window = node.held_by > 0 && node.window_page != kNoPage;
    const PageHeld held = store_->holds(node.name);
    if ((!held.full && !held.queued) || (with_window && !held.window)) {
        const PageKey key{node.name, node.parent->parent == nullptr ? *store_->root() : node.parent->name,
                          node.index, node.tokens()};
        const bool taken = store_->write(
            key, owner, with_window, [&](std::span<std::byte> full, std::span<std::byte> window) {
                pages_.export_page(PageGroup::full, node.page, full);
                if (!window.empty()) {
                    pages_.export_page(PageGroup::window, node.window_page, window);
                }
            });
        if (!taken) {
            return false;
        }
        ++counters_.written_pages;
    }
    for (const std::uint64_t other : node.owners) {
        if (other != 0) {
            store_->own(node.name, other);
        }
    }
    tree_.written(node, with_window || held.window);
    return true;
}

KvCache::Writing KvCache::write_some(std::size_t budget) {
    if (store_ == nullptr) {
        return Writing::done;
    }
    if (!store_->root()) {
        return tree_.unwritten().empty() ? Writing::done : Writing::later;
    }
    const std::map<std::uint64_t, PageNode*>& unwritten = tree_.unwritten();
    std::size_t bytes = 0;
    int refusals = 0;
    // Goes on where the last round ended, so that pages that the store will not have hold up nobody.
    for (std::size_t left = unwritten.size(); left > 0 && !unwritten.empty(); --left) {
        if (bytes >= budget) {
            return Writing::more;
        }
        auto next = unwritten.upper_bound(written_up_to_);
        next = next == unwritten.end() ? unwritten.begin() : next;
        PageNode& node = *next->second;
        written_up_to_ = node.number;
        if (node.parent != tree_.root() && !node.parent->stored) {
            continue;  // a page without the one before it would never be found
        }
        if (write_page(node)) {
            bytes += pages_.page_bytes(PageGroup::full);
        } else if (++refusals == kMostRefusals) {
            return Writing::later;
        }
    }
    return unwritten.empty() ? Writing::done : Writing::later;
}

}  // namespace tendril::engine
