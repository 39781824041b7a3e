// SPDX-License-Identifier: Apache-2.0
// Which rows of a step look at which pages together. The pages of a view are numbered through its segments
// ("ordinals"); rows of views that see the same page at the same ordinal share its load. Built anew for each
// layer, without allocation once the vectors have grown. Engine thread.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

/// A page as a view sees it: places [begin, end) are the view's; place 0 would be at `position`, which is
/// negative when a segment begins within its page early in the view.
struct PageVisit {
    PageId page = kNoPage;
    std::int32_t begin = 0;
    std::int32_t end = 0;
    std::int64_t position = 0;
    std::int32_t delta = 0;
};

PageVisit visit_of(const StepView& view, PageGroup group, std::size_t ordinal);
/// The ordinal of the page that holds a position of the view.
std::size_t ordinal_of(const StepView& view, std::size_t position);

/// Some consecutive rows of a view.
struct RowBlock {
    const StepView* view;
    std::size_t first;  // row within the view
    std::size_t rows;
    std::size_t row;            // number of its first row within the cluster
    std::size_t first_ordinal;  // of the pages that it sees
    std::size_t last_ordinal;
};

/// Blocks that are worked on together: consecutive ones see the same pages, at least at first.
struct RowCluster {
    std::size_t first_block;
    std::size_t blocks;
    std::size_t rows;
    std::size_t first_ordinal;
    std::size_t last_ordinal;
    std::size_t pages() const { return last_ordinal - first_ordinal + 1; }
};

class AttentionPlan {
  public:
    /// At most `max_rows` rows in a cluster; `tile_rows`: as many rows as make a page's load cheap, so that
    /// rows beyond are better other threads' work.
    void build(std::span<const StepView> views, PageGroup group, std::size_t window, std::size_t max_rows,
               std::size_t tile_rows);
    void reserve(std::size_t rows);

    std::span<const RowCluster> clusters() const { return clusters_; }
    std::span<const RowBlock> blocks(const RowCluster& cluster) const {
        return std::span(blocks_).subspan(cluster.first_block, cluster.blocks);
    }

  private:
    void add(const RowBlock& block, PageGroup group, std::size_t max_rows);

    std::vector<RowBlock> blocks_;
    std::vector<RowCluster> clusters_;
};

/// First position that a row at `position` sees.
constexpr std::size_t first_seen(std::size_t position, std::size_t window) {
    return window != 0 && position + 1 > window ? position + 1 - window : 0;
}

}  // namespace tendril::engine
