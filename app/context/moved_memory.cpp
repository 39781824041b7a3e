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
    const std::size_t same = common(prompt, kept_->before);
    std::vector<WrittenPoint> points;
    if (!kept_->notes.tokens.empty()) {
        points.push_back(kept_->notes);
    }
    points.push_back({kept_->before, static_cast<std::uint32_t>(std::min(same, kept_->before.size()))});
    return aligned_runs(prompt, same, kept_->beginning.size(), points);
}

void MovedMemory::read(std::span<const engine::TokenId> tokens) {
    if (kept_ && common(kept_->beginning, tokens) == kept_->beginning.size()) {
        kept_.reset();
    }
}

}  // namespace tendril::app
