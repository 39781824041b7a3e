// SPDX-License-Identifier: Apache-2.0
// Tokens that the device draws; see scheduler.h.
#include <optional>

#include "engine/schedule/scheduler.h"

namespace tendril::engine {

/// Draws the tokens of `count` wanted rows on the device, where it can for all of them.
bool Scheduler::draw_block(std::size_t first, std::size_t count) {
    if (!forward_.draws()) {
        return false;
    }
    draws_.clear();
    auto part = parts_.begin();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = wanted_[first + i];
        while (row >= part->first_row + part->rows + part->drafts.size()) {
            ++part;
        }
        const std::optional<Draw> how = part->task->drawing(static_cast<std::size_t>(positions_[row]));
        if (!how) {
            return false;
        }
        draws_.push_back(*how);
    }
    drawn_.resize(count);
    return forward_.draw(first, draws_, drawn_);
}

}  // namespace tendril::engine
