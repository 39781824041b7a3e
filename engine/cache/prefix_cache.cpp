// SPDX-License-Identifier: Apache-2.0
// The list of finished views, last used first.
#include "engine/cache/prefix_cache.h"

#include <algorithm>
#include <cassert>

namespace tendril::engine {
namespace {

constexpr std::size_t kMaxEntries = 256;  // bounds the time of a lookup

std::size_t common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
    const std::size_t size = std::min(a.size(), b.size());
    std::size_t same = 0;
    while (same < size && a[same] == b[same]) {
        ++same;
    }
    return same;
}

}  // namespace

View ListPrefixCache::match(std::span<const TokenId> tokens, std::size_t limit) {
    ++counters_.lookups;
    const std::span<const TokenId> wanted = tokens.first(std::min(limit, tokens.size()));
    auto best = entries_.end();
    std::size_t best_length = 0;
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        const std::size_t length = common_prefix(entry->tokens, wanted);
        if (length > best_length) {
            best = entry;
            best_length = length;
        }
    }
    if (best == entries_.end()) {
        return {};
    }
    ++counters_.hits;
    counters_.reused_tokens += best_length;
    entries_.splice(entries_.begin(), entries_, best);
    return entries_.front().view.fork(best_length);
}

void ListPrefixCache::insert(std::span<const TokenId> tokens, View view) {
    assert(tokens.size() == view.length());
    if (tokens.empty()) {
        return;
    }
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const std::size_t same = common_prefix(entry->tokens, tokens);
        if (same == tokens.size()) {  // known already, and perhaps more
            entries_.splice(entries_.begin(), entries_, entry);
            return;
        }
        entry = same == entry->tokens.size() ? entries_.erase(entry) : std::next(entry);
    }
    entries_.push_front({{tokens.begin(), tokens.end()}, std::move(view)});
    if (entries_.size() > kMaxEntries) {
        evict_one();
    }
}

bool ListPrefixCache::evict_one() {
    if (entries_.empty()) {
        return false;
    }
    entries_.pop_back();
    ++counters_.evicted_entries;
    return true;
}

}  // namespace tendril::engine
