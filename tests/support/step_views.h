// SPDX-License-Identifier: Apache-2.0
// Views of one segment each, as most steps have them, with the memory that they point into. For tests and
// benchmarks.
#pragma once

#include <deque>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine::test {

class StepViews {
  public:
    StepViews() = default;
    StepViews(std::size_t first_row, std::size_t rows, std::size_t first_position,
              std::span<const PageId> pages) {
        add(first_row, rows, first_position, pages);
    }
    StepViews(const StepViews&) = delete;
    StepViews& operator=(const StepViews&) = delete;

    void add(std::size_t first_row, std::size_t rows, std::size_t first_position,
             std::span<const PageId> pages) {
        segments_.push_back({pages, pages, 0, first_position + rows, 0});
        views_.push_back({first_row, rows, first_position, {&segments_.back(), 1}});
    }
    void clear() {
        views_.clear();
        segments_.clear();
    }
    std::span<const StepView> views() const { return views_; }
    const StepView& operator[](std::size_t index) const { return views_[index]; }
    std::size_t size() const { return views_.size(); }

  private:
    std::deque<KvSegment> segments_;
    std::vector<StepView> views_;
};

}  // namespace tendril::engine::test
