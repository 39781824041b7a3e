// SPDX-License-Identifier: Apache-2.0
// Which token runs are in KV pages by now, so that nothing is read twice. An interface, so that the plain
// list below can give way to a radix tree without a change to the scheduler. Owned by the engine thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "engine/cache/view.h"

namespace tendril::engine {

struct PrefixCounters {
    std::uint64_t lookups = 0;
    std::uint64_t hits = 0;  ///< lookups that found at least one token
    std::uint64_t reused_tokens = 0;
    std::uint64_t evicted_entries = 0;
};

class PrefixCache {
  public:
    virtual ~PrefixCache() = default;
    /// A view of the longest known prefix of `tokens`, exact token by token, at most `limit` long. Empty when
    /// nothing fits.
    virtual View match(std::span<const TokenId> tokens, std::size_t limit) = 0;
    /// Remembers that `view` holds `tokens`; tokens.size() == view.length().
    virtual void insert(std::span<const TokenId> tokens, View view) = 0;
    /// Lets go of what is least worth keeping; false when there is nothing left. Pages that others share stay
    /// in use.
    virtual bool evict_one() = 0;
    virtual void clear() = 0;
    virtual const PrefixCounters& counters() const = 0;
};

/// Keeps whole views in order of use. A lookup compares with each of them: right for the few dozen that fit
/// into one context's pages.
class ListPrefixCache final : public PrefixCache {
  public:
    View match(std::span<const TokenId> tokens, std::size_t limit) override;
    void insert(std::span<const TokenId> tokens, View view) override;
    bool evict_one() override;
    void clear() override { entries_.clear(); }
    const PrefixCounters& counters() const override { return counters_; }
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::vector<TokenId> tokens;
        View view;
    };
    std::list<Entry> entries_;  // the last used first
    PrefixCounters counters_;
};

}  // namespace tendril::engine
