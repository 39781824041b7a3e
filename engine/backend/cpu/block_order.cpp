// SPDX-License-Identifier: Apache-2.0
// Turns of blocks of rows; see block_order.h.
#include "engine/backend/cpu/block_order.h"

#include <algorithm>
#include <chrono>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tendril::engine {
namespace {

constexpr int kGlances = 512;  // about 20 microseconds; a turn takes hundreds

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

}  // namespace

void BlockOrder::reserve(std::size_t blocks) {
    if (blocks > size_) {
        blocks_ = std::make_unique<Block[]>(blocks);
        size_ = blocks;
    }
}

/// The free block furthest behind its place, of those that have what they need. Each has its place half a
/// stage behind the block in front: so there is always something to do while one is held up.
BlockOrder::Look BlockOrder::look() const {
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    Look look;
    std::uint32_t least = kNone;  // stages done of blocks [0, known)
    std::size_t known = 0;
    for (std::size_t b = 0; b < count_; ++b) {
        const std::uint32_t state = blocks_[b].state.load(std::memory_order_acquire);
        const std::uint32_t stage = state / 2;
        if (stage + state % 2 >= stages_) {
            continue;  // through, or in its last stage
        }
        look.left = true;
        if (state % 2 != 0 || (look.ready && 2 * stage + b >= 2 * look.ready->stage + look.ready->block)) {
            continue;
        }
        for (; known < std::min(blocks_[b].needed, count_); ++known) {
            least = std::min(least, blocks_[known].state.load(std::memory_order_acquire) / 2);
        }
        if (stage == 0 || least >= stage) {
            look.ready = Turn{b, stage};
        }
    }
    return look;
}

std::optional<BlockOrder::Turn> BlockOrder::take() {
    for (;;) {
        const std::uint32_t seen = news_.load(std::memory_order_acquire);
        if (given_up_.load(std::memory_order_acquire)) {
            return std::nullopt;
        }
        const Look found = look();
        if (found.ready) {
            if (claim(*found.ready)) {
                return found.ready;
            }
        } else if (!found.left) {
            return std::nullopt;
        } else {
            wait(seen);
        }
    }
}

std::optional<BlockOrder::Turn> BlockOrder::try_take() {
    for (Look found = look(); found.ready; found = look()) {
        if (claim(*found.ready)) {
            return found.ready;
        }
    }
    return std::nullopt;
}

/// False: another thread was faster.
bool BlockOrder::claim(const Turn& turn) {
    std::uint32_t free = turn.stage * 2;
    return blocks_[turn.block].state.compare_exchange_strong(free, free + 1, std::memory_order_acq_rel);
}

void BlockOrder::done(const Turn& turn) {
    blocks_[turn.block].state.store(2 * (turn.stage + 1), std::memory_order_release);
    tell();
}

void BlockOrder::give_up() {
    given_up_.store(true, std::memory_order_release);
    tell();
}

/// Sequentially consistent with wait(): either the sleeper sees the news, or we see the sleeper.
void BlockOrder::tell() {
    news_.fetch_add(1);
    if (sleepers_.load() > 0) {
        news_.notify_all();
    }
}

void BlockOrder::wait(std::uint32_t seen) {
    for (int i = 0; i < kGlances; ++i) {
        if (news_.load(std::memory_order_relaxed) != seen) {
            return;
        }
        pause();
    }
    sleepers_.fetch_add(1);
    news_.wait(seen);
    sleepers_.fetch_sub(1);
}

}  // namespace tendril::engine
