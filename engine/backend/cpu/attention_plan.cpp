// SPDX-License-Identifier: Apache-2.0
// Blocks and clusters of rows; see attention_plan.h.
#include "engine/backend/cpu/attention_plan.h"

#include <algorithm>
#include <cassert>

namespace tendril::engine {
namespace {

constexpr std::size_t kManyPages = 16;  // from which on sharing a load is worth more than spreading rows

std::size_t pages_of(const KvSegment& segment) {
    return segment.length == 0 ? 0
                               : (segment.first_slot + segment.length - 1) / kPageTokens -
                                     segment.first_slot / kPageTokens + 1;
}

}  // namespace

PageVisit visit_of(const StepView& view, PageGroup group, std::size_t ordinal) {
    std::size_t position = 0;
    for (const KvSegment& s : view.segments) {
        const std::size_t pages = pages_of(s);
        if (ordinal < pages) {
            const std::size_t page = s.first_slot / kPageTokens + ordinal;
            const std::size_t first = page * kPageTokens;
            PageVisit visit;
            visit.page = s.pages_of(group)[page];
            visit.begin = static_cast<std::int32_t>(std::max(s.first_slot, first) - first);
            visit.end =
                static_cast<std::int32_t>(std::min(s.first_slot + s.length, first + kPageTokens) - first);
            visit.position =
                static_cast<std::int64_t>(position + first) - static_cast<std::int64_t>(s.first_slot);
            visit.delta = s.delta;
            return visit;
        }
        ordinal -= pages;
        position += s.length;
    }
    assert(false && "the segments of a view end before its rows");
    return {};
}

std::size_t ordinal_of(const StepView& view, std::size_t position) {
    std::size_t ordinal = 0;
    for (const KvSegment& s : view.segments) {
        if (position < s.length) {
            return ordinal + (s.first_slot + position) / kPageTokens - s.first_slot / kPageTokens;
        }
        position -= s.length;
        ordinal += pages_of(s);
    }
    assert(false && "the segments of a view end before its rows");
    return ordinal;
}

void AttentionPlan::reserve(std::size_t rows) {
    blocks_.reserve(rows);
    clusters_.reserve(rows);
}

void AttentionPlan::build(std::span<const StepView> views, PageGroup group, std::size_t window,
                          std::size_t max_rows, std::size_t tile_rows) {
    blocks_.clear();
    clusters_.clear();
    for (const StepView& view : views) {
        const std::size_t last_position = view.first_position + view.row_count - 1;
        const std::size_t pages =
            ordinal_of(view, last_position) + 1 - ordinal_of(view, first_seen(view.first_position, window));
        const bool together = view.row_count <= max_rows && pages >= kManyPages;
        const std::size_t rows = together ? view.row_count : tile_rows;
        // The last rows first: they see most pages, and what takes longest should not begin last.
        for (std::size_t block = (view.row_count + rows - 1) / rows; block-- > 0;) {
            const std::size_t first = block * rows;
            const std::size_t count = std::min(rows, view.row_count - first);
            const std::size_t position = view.first_position + first;
            add({&view, first, count, 0, ordinal_of(view, first_seen(position, window)),
                 ordinal_of(view, position + count - 1)},
                group, max_rows);
        }
    }
}

/// Joins the last cluster when it shares the page at which both see something for the first time.
void AttentionPlan::add(const RowBlock& block, PageGroup group, std::size_t max_rows) {
    blocks_.push_back(block);
    if (!clusters_.empty()) {
        RowCluster& cluster = clusters_.back();
        const RowBlock& before = blocks_[blocks_.size() - 2];
        const std::size_t common = std::max(before.first_ordinal, block.first_ordinal);
        if (before.view != block.view && cluster.rows + block.rows <= max_rows &&
            common <= before.last_ordinal && common <= block.last_ordinal &&
            visit_of(*before.view, group, common).page == visit_of(*block.view, group, common).page) {
            blocks_.back().row = cluster.rows;
            ++cluster.blocks;
            cluster.rows += block.rows;
            cluster.first_ordinal = std::min(cluster.first_ordinal, block.first_ordinal);
            cluster.last_ordinal = std::max(cluster.last_ordinal, block.last_ordinal);
            return;
        }
    }
    clusters_.push_back({blocks_.size() - 1, 1, block.rows, block.first_ordinal, block.last_ordinal});
}

}  // namespace tendril::engine
