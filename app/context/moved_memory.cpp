// SPDX-License-Identifier: Apache-2.0
// MovedMemory.
#include "app/context/moved_memory.h"

#include <algorithm>
#include <utility>

namespace tendril::app {
namespace {

constexpr std::size_t kParts = 4;  // turns until all is read, at most

std::size_t common(std::span<const engine::TokenId> a, std::span<const engine::TokenId> b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

void MovedMemory::keep(Kept kept) {
    kept_ = std::move(kept);
    turns_ = 0;
}

void MovedMemory::turn(storage::ConversationId conversation) {
    turns_ += kept_ && kept_->conversation == conversation ? 1 : 0;
}

void MovedMemory::leave_to_read(std::vector<engine::MovedText>& runs) const {
    const std::size_t first =
        kept_->beginning.size() * std::min(turns_ - std::min<std::size_t>(turns_, 1), kParts) / kParts;
    std::erase_if(runs, [&](engine::MovedText& run) {
        const std::size_t gone =
            std::min<std::size_t>(run.length, first - std::min<std::size_t>(first, run.at));
        run.at += static_cast<std::uint32_t>(gone);
        run.length -= static_cast<std::uint32_t>(gone);
        return run.length == 0;
    });
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
    leave_to_read(runs);
    return runs;
}

void MovedMemory::read(std::span<const engine::TokenId> tokens) {
    if (kept_ && common(kept_->beginning, tokens) == kept_->beginning.size()) {
        kept_.reset();
    }
}

}  // namespace tendril::app
