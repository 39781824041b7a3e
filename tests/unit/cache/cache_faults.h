// SPDX-License-Identifier: Apache-2.0
// Faults put into the cache, to see that the tests notice them. One thread.
#pragma once

#include "engine/cache/kv_cache.h"

namespace tendril::engine {

/// Breaks what the tests must notice.
struct CacheFaults {
    static View match_without_parents(KvCache& cache, std::span<const TokenId> tokens, std::size_t limit);
    /// Other contents in a page that the tree knows and no view holds. False: there is none.
    static bool reuse_page(KvCache& cache, std::size_t choice);
    static void set_deltas(View& view, std::int32_t delta);
    /// References of a group that the tree holds.
    static std::size_t held(const KvCache& cache, PageGroup group);
};

}  // namespace tendril::engine
