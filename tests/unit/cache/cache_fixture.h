// SPDX-License-Identifier: Apache-2.0
// Pages that remember which token was written where, so that a wrong page is noticed; a store in memory; and
// conversations as the scheduler would run them. For the tests of the cache. One thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "engine/cache/kv_cache.h"

namespace tendril::test {

using engine::kNoPage;
using engine::kPageTokens;
using engine::KvCache;
using engine::KvPageCounts;
using engine::PageGroup;
using engine::PageId;
using engine::TokenId;
using engine::View;

inline constexpr TokenId kNothing = -1;

class FakePages final : public engine::KvPages {
  public:
    explicit FakePages(std::size_t full, std::size_t window = 0)
        : contents{Group(full, std::vector<TokenId>(kPageTokens, kNothing)),
                   Group(window, std::vector<TokenId>(kPageTokens, kNothing))} {}
    std::size_t page_count(PageGroup group) const override { return of(group).size(); }
    void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) override {
        of(group)[to].assign(kPageTokens, kNothing);
        std::copy_n(of(group)[from].begin(), tokens, of(group)[to].begin());
        ++copies;
    }
    std::string layout_name() const override { return "tokens"; }
    std::size_t page_bytes(PageGroup) const override { return kPageTokens * sizeof(TokenId); }
    void export_page(PageGroup group, PageId page, std::span<std::byte> to) const override {
        std::memcpy(to.data(), of(group)[page].data(), page_bytes(group));
    }
    void import_page(PageGroup group, PageId page, std::span<const std::byte> from) override {
        std::memcpy(of(group)[page].data(), from.data(), page_bytes(group));
    }

    std::size_t step_pages(PageGroup group) const override {
        return std::min(of(group).size(), most_at_once);
    }
    void discard(PageGroup group, PageId page) override {
        if (discarding) {
            of(group)[page].assign(kPageTokens, kNothing);
        }
    }

    using Group = std::vector<std::vector<TokenId>>;
    Group& of(PageGroup group) { return contents[static_cast<std::size_t>(group)]; }
    const Group& of(PageGroup group) const { return contents[static_cast<std::size_t>(group)]; }
    std::array<Group, 2> contents;
    int copies = 0;
    std::size_t most_at_once = SIZE_MAX;  ///< pages of a group that views may hold
    bool discarding = false;              ///< nothing is left of a page that nobody holds
};

/// Keeps pages in memory as the disk would. Outlives caches: a new KvCache over it is a restart.
class FakeStore : public engine::PageStore {
  public:
    std::optional<engine::PageName> root() const override {
        return known ? std::optional(engine::root_name("a model")) : std::nullopt;
    }
    engine::PageHeld holds(const engine::PageName& name) const override {
        const auto page = pages.find(name);
        engine::PageHeld held;
        held.full = page != pages.end();
        held.window = held.full && !page->second.window.empty();
        return held;
    }
    void expect(std::span<const engine::PageName> names) override { expected += names.size(); }
    bool read(const engine::PageKey& key, std::span<std::byte> full, std::span<std::byte> window) override {
        const auto page = pages.find(key.name);
        if (page == pages.end() || page->second.parent != key.parent || failing.count(key.name) > 0 ||
            (!window.empty() && page->second.window.empty())) {
            return false;
        }
        ++reads;
        std::copy(page->second.full.begin(), page->second.full.end(), full.begin());
        std::copy_n(page->second.window.begin(), window.size(), window.begin());
        return true;
    }
    bool write(const engine::PageKey& key, std::uint64_t owner, bool with_window,
               const std::function<void(std::span<std::byte>, std::span<std::byte>)>& fill) override {
        if (room == 0) {
            return false;
        }
        --room;
        orphans += key.parent == *root() || pages.count(key.parent) > 0 ? 0 : 1;
        Page& page = pages[key.name];
        page.parent = key.parent;
        page.full.resize(bytes);
        page.window.resize(with_window ? window_bytes : 0);
        fill(page.full, page.window);
        page.owners.insert(owner);
        return true;
    }
    void own(const engine::PageName& name, std::uint64_t owner) override {
        if (const auto page = pages.find(name); page != pages.end()) {
            page->second.owners.insert(owner);
        }
    }
    void forget(std::uint64_t owner, Done done) override {
        for (auto page = pages.begin(); page != pages.end();) {
            page->second.owners.erase(owner);
            page = page->second.owners.empty() ? pages.erase(page) : std::next(page);
        }
        if (done) {
            done({});
        }
    }
    void clear(Done done) override {
        pages.clear();
        if (done) {
            done({});
        }
    }
    std::vector<std::uint64_t> owners() const override { return {}; }
    engine::PageStoreState state() const override { return {}; }
    void wait_until_idle() override {}

    struct Page {
        engine::PageName parent;
        std::vector<std::byte> full, window;
        std::set<std::uint64_t> owners;
    };
    std::map<engine::PageName, Page> pages;
    std::set<engine::PageName> failing;  ///< read() finds something wrong with them
    bool known = true;                   ///< the model's content
    std::size_t room = 1'000'000;        ///< writes that are taken
    std::size_t bytes = kPageTokens * sizeof(TokenId);
    std::size_t window_bytes = kPageTokens * sizeof(TokenId);
    std::size_t expected = 0, reads = 0, orphans = 0;
};

/// Whether a text that was kept in `from` may be known in `to`.
inline bool may_share(const engine::CacheScope& from, const engine::CacheScope& to) {
    return !from.keep_private || (to.keep_private && from.owner == to.owner);
}

/// A conversation as the scheduler would run it: its tokens, and the view that should hold them.
struct Chat {
    std::vector<TokenId> tokens;
    View view;
    engine::CacheScope scope;
};

/// Reads tokens behind the view's end, in both page groups.
inline bool write(KvCache& cache, FakePages& pages, Chat& chat, const std::vector<TokenId>& tokens) {
    if (!cache.make_room(chat.view, tokens.size())) {
        return false;
    }
    const engine::KvSegment last = chat.view.segments(tokens.size()).back();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::size_t slot = last.first_slot + last.length - tokens.size() + i;
        pages.of(PageGroup::full)[last.pages[slot / kPageTokens]][slot % kPageTokens] = tokens[i];
        if (!last.window_pages.empty()) {
            pages.of(PageGroup::window)[last.window_pages[slot / kPageTokens]][slot % kPageTokens] =
                tokens[i];
        }
    }
    chat.view.advance(tokens.size());
    chat.tokens.insert(chat.tokens.end(), tokens.begin(), tokens.end());
    return true;
}

/// Whether the view shows these tokens to a row behind its end: all of them, and through the window the last.
inline bool holds(const FakePages& pages, View& view, std::span<const TokenId> tokens,
                  std::size_t window = 0) {
    if (view.length() > tokens.size()) {
        return false;
    }
    std::size_t position = 0;
    for (const engine::KvSegment& segment : view.segments(0)) {
        for (std::size_t slot = segment.first_slot; slot < segment.first_slot + segment.length;
             ++slot, ++position) {
            const PageId page = segment.pages[slot / kPageTokens];
            if (pages.of(PageGroup::full)[page][slot % kPageTokens] != tokens[position]) {
                return false;
            }
            if (window == 0 || position < engine::window_start(view.length(), window)) {
                continue;
            }
            const PageId seen = segment.window_pages[slot / kPageTokens];
            if (seen == kNoPage ||
                pages.of(PageGroup::window)[seen][slot % kPageTokens] != tokens[position]) {
                return false;
            }
        }
    }
    return position == view.length();
}

inline std::vector<TokenId> run(std::size_t size, TokenId first) {
    std::vector<TokenId> tokens(size);
    for (std::size_t i = 0; i < size; ++i) {
        tokens[i] = first + static_cast<TokenId>(i);
    }
    return tokens;
}

inline std::vector<TokenId> joined(std::vector<TokenId> a, const std::vector<TokenId>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// A conversation that goes on from what the cache knows of `tokens`, and is kept when all is read.
inline std::size_t converse(KvCache& cache, FakePages& pages, const std::vector<TokenId>& tokens,
                            const engine::CacheScope& scope = {}) {
    Chat chat{{}, cache.match(tokens, tokens.size() - 1, scope), scope};
    const std::size_t reused = chat.view.length();
    chat.tokens.assign(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(reused));
    const std::vector<TokenId> rest(tokens.begin() + static_cast<std::ptrdiff_t>(reused), tokens.end());
    if (!write(cache, pages, chat, rest)) {
        return static_cast<std::size_t>(-1);
    }
    cache.keep(tokens, std::move(chat.view), scope);
    return reused;
}

}  // namespace tendril::test
