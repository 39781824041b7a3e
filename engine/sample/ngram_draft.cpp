// SPDX-License-Identifier: Apache-2.0
// Direct-mapped tables of token runs.
#include "engine/sample/ngram_draft.h"

#include <algorithm>

namespace tendril::engine {
namespace {

constexpr std::size_t kLongestMatch = 64;  // how far back candidates are compared

std::uint64_t hash_of(std::span<const TokenId> run) {
    std::uint64_t hash = 0x9E3779B97F4A7C15U;
    for (const TokenId token : run) {
        hash = (hash ^ static_cast<std::uint32_t>(token)) * 0xFF51AFD7ED558CCDU;
        hash ^= hash >> 32;
    }
    return hash;
}

/// How many tokens in front of the place `at` equal those at the end.
std::size_t match_length(std::span<const TokenId> tokens, std::size_t at) {
    std::size_t length = 0;
    while (length < std::min(at, kLongestMatch) &&
           tokens[at - 1 - length] == tokens[tokens.size() - 1 - length]) {
        ++length;
    }
    return length;
}

}  // namespace

NgramDraft::NgramDraft() {
    for (auto& table : follow_) {
        table.assign(kSlots, 0);
    }
}

std::span<const TokenId> NgramDraft::guess(std::span<const TokenId> tokens, std::size_t most) {
    for (; indexed_ < tokens.size(); ++indexed_) {
        for (std::size_t i = 0; i < kOrders.size(); ++i) {
            if (indexed_ >= kOrders[i]) {
                const std::uint64_t hash = hash_of(tokens.subspan(indexed_ - kOrders[i], kOrders[i]));
                follow_[i][hash % kSlots] = static_cast<std::uint32_t>(indexed_);
            }
        }
    }
    guess_.clear();
    std::size_t place = 0;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < kOrders.size(); ++i) {
        if (tokens.size() < kOrders[i]) {
            continue;
        }
        const std::uint32_t candidate = follow_[i][hash_of(tokens.last(kOrders[i])) % kSlots];
        if (candidate == 0) {
            continue;
        }
        const std::size_t length = match_length(tokens, candidate);
        if (length >= kOrders.back() && length > longest) {
            longest = length;
            place = candidate;
        }
    }
    if (longest == 0) {
        return {};
    }
    for (std::size_t i = 0; i < most;
         ++i) {  // past the end the guess goes on with itself: the text may repeat
        const std::size_t from = place + i;
        guess_.push_back(from < tokens.size() ? tokens[from] : guess_[from - tokens.size()]);
    }
    return guess_;
}

}  // namespace tendril::engine
