// SPDX-License-Identifier: Apache-2.0
// MovedMemory.
#include "app/context/moved_memory.h"

#include <algorithm>
#include <utility>

namespace tendril::app {
namespace {

std::size_t common(std::span<const engine::TokenId> a, std::span<const engine::TokenId> b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

void MovedMemory::keep(Kept kept) {
    kept_ = std::move(kept);
}

std::vector<engine::MovedText> MovedMemory::moved(storage::ConversationId conversation,
                                                  std::span<const engine::TokenId> prompt) const {
    if (!kept_ || kept_->conversation != conversation ||
        common(prompt, kept_->beginning) < kept_->beginning.size()) {
        return {};
    }
    const auto& [id, before, notes, beginning] = *kept_;
    const std::size_t same = common(prompt, before);
    // The newest turns end both texts. What stands in front of them may say again what they say.
    const auto ends = std::mismatch(before.rbegin(), before.rend(), beginning.rbegin(), beginning.rend());
    const auto tail = std::min(static_cast<std::size_t>(ends.first - before.rbegin()),
                               std::min(before.size(), beginning.size()) - same);
    const std::size_t tail_at = beginning.size() - tail;
    std::vector<WrittenPoint> points;
    if (!notes.tokens.empty()) {
        points.push_back(notes);
    }
    points.push_back({before, static_cast<std::uint32_t>(std::min(same, before.size()))});
    auto runs = aligned_runs(prompt, same, tail_at, points);
    if (tail > 0) {
        runs.push_back({static_cast<std::uint32_t>(tail_at), before, static_cast<std::uint32_t>(tail)});
    }
    return runs;
}

void MovedMemory::read(std::span<const engine::TokenId> tokens) {
    if (kept_ && common(kept_->beginning, tokens) == kept_->beginning.size()) {
        kept_.reset();
    }
}

}  // namespace tendril::app
