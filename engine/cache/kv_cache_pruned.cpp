// SPDX-License-Identifier: Apache-2.0
// Pruned beginnings of texts: made in pages of their own, found by key and by their tokens, with what was
// read behind them.
#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/cache/kv_cache.h"

namespace tendril::engine {

View KvCache::begin_pruned(const View& whole, std::size_t from, std::size_t kept) {
    assert(!pool_.windowed() && whole.frozen().key == 0 && from <= whole.exact_length() && kept > 0);
    View view = from > 0 ? whole.fork(from) : make_view();
    if (!make_room(view, kept)) {
        return make_view();
    }
    view.advance(kept);
    return view;
}

void KvCache::keep_pruned(std::uint64_t key, std::span<const TokenId> tokens, View view,
                          const CacheScope& scope) {
    assert(key != 0 && !view.empty() && view.length() <= tokens.size());
    if (scope.keep_private && scope.owner == 0) {
        return;  // nobody's private text is never known again
    }
    view.frozen_ = {key, tokens.size(), view.slots_};
    pruned_[key] = {{tokens.begin(), tokens.end()}, view.slots_, scope};
    insert_pruned(tokens, view, scope);
}

Frozen KvCache::pruned(std::uint64_t key) const {
    const auto text = pruned_.find(key);
    return text == pruned_.end() || !tree_.has_pruned(key)
               ? Frozen()
               : Frozen{key, text->second.tokens.size(), text->second.slots};
}

/// What the tree knows the text by: placeholders for the slots, then the tokens behind.
std::vector<TokenId> KvCache::slots_behind(const Frozen& frozen, std::span<const TokenId> tokens) const {
    std::vector<TokenId> slots(frozen.slots, RadixTree::kFrozenSlot);
    const std::span<const TokenId> behind = tokens.subspan(frozen.length);
    slots.insert(slots.end(), behind.begin(), behind.end());
    return slots;
}

View KvCache::match_pruned(std::uint64_t key, std::span<const TokenId> tokens, std::size_t limit,
                           const CacheScope& scope) {
    ++counters_.lookups;
    report_ = {};
    const Frozen frozen = pruned(key);
    limit = std::min(limit, tokens.size());
    if (frozen.key == 0 || limit < frozen.length) {
        return make_view();
    }
    const PrunedText& text = pruned_.at(key);
    const bool other = text.scope.keep_private && (!scope.keep_private || scope.owner != text.scope.owner);
    if (other || !std::equal(text.tokens.begin(), text.tokens.end(), tokens.begin())) {
        return make_view();
    }
    const std::vector<TokenId> slots = slots_behind(frozen, tokens);
    const RadixTree::Found found = tree_.find_pruned(key, slots, limit - frozen.length + frozen.slots);
    if (found.length < frozen.slots) {
        return make_view();
    }
    tree_.used(found);
    View view = view_of(found);
    view.frozen_ = frozen;
    report_.known = report_.reused = view.length();
    ++counters_.hits;
    counters_.reused_tokens += view.length();
    return view;
}

/// Whoever was forgotten, or has private texts of nobody, leaves nothing.
void KvCache::insert_pruned(std::span<const TokenId> tokens, const View& view, const CacheScope& scope) {
    const Frozen& frozen = view.frozen();
    const bool nobody = scope.keep_private && scope.owner == 0;
    if (nobody || tokens.size() < frozen.length || pruned_.count(frozen.key) == 0) {
        return;
    }
    const CacheScope& whose = pruned_.at(frozen.key).scope;
    if (scope.keep_private && !(whose.keep_private && whose.owner == scope.owner)) {
        return;  // a private text behind what others see
    }
    tree_.insert_pruned(frozen.key, slots_behind(frozen, tokens), {view.pages(), {}}, scope.owner,
                        frozen.slots);
}

void KvCache::rather_pruned(std::span<const TokenId> tokens, std::size_t from, const CacheScope& scope) {
    tree_.sink(tree_.find_known(tokens, tokens.size(), scope), pages_for(from));
}

void KvCache::drop_lost_pruned() {
    for (auto text = pruned_.begin(); text != pruned_.end();) {
        text = tree_.has_pruned(text->first) ? std::next(text) : pruned_.erase(text);
    }
}

}  // namespace tendril::engine
