// SPDX-License-Identifier: Apache-2.0
// Happens-before between accesses. Within a block it is exact for barriers and __syncwarp; between blocks it
// is kept per block, which may miss a race but never invents one.
#include "tests/cuda/emulator/check/order.h"

#include <algorithm>
#include <map>
#include <vector>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

// A thread whose accesses after the block's so-manieth release are not handed on.
struct Unfenced {
    uint16_t thread, since;
};

struct HandOvers {
    std::map<const void*, std::map<uint32_t, Known>> through;  // what is known to who reads here
    std::vector<std::vector<Unfenced>> unfenced{{}};           // 0: nobody
};
HandOvers& hand_overs() {
    static HandOvers& all = *new HandOvers;  // never destroyed, as the machine
    return all;
}

void merge(std::map<uint32_t, Known>& into, const std::map<uint32_t, Known>& from) {
    for (const auto& [block, known] : from) {
        Known& mine = into[block];
        if (known.releases > mine.releases) {
            mine = known;
        }
    }
}

// The list of the block's threads with stores to global memory that no fence has followed yet; 0 if there are
// none.
uint32_t unfenced_threads(const Block& block) {
    std::vector<Unfenced> threads;
    for (const Thread* thread : block.threads) {
        if (thread->unfenced) {
            threads.push_back({static_cast<uint16_t>(thread->linear), thread->unfenced_since});
        }
    }
    if (threads.empty()) {
        return 0;
    }
    hand_overs().unfenced.push_back(std::move(threads));
    return static_cast<uint32_t>(hand_overs().unfenced.size() - 1);
}

bool is_handed_on(const Known& known, const Record& access) {
    if (known.releases <= access.releases) {
        return false;
    }
    const std::vector<Unfenced>& unfenced = hand_overs().unfenced[known.unfenced];
    return std::none_of(unfenced.begin(), unfenced.end(), [&](const Unfenced& u) {
        return u.thread == access.thread && access.releases >= u.since;
    });
}

}  // namespace

Record record_of(const Thread& thread) {
    const Block& block = *thread.block;
    return {block.linear, static_cast<uint16_t>(thread.linear), block.epoch,
            block.warps[thread.warp].clock[thread.lane][thread.lane], block.releases};
}

bool is_ordered(const Record& before, const Thread& thread) {
    const Block& block = *thread.block;
    if (before.block != block.linear) {
        const auto known = block.known.find(before.block);
        return known != block.known.end() && is_handed_on(known->second, before);
    }
    if (before.thread == thread.linear || before.epoch != block.epoch) {
        return true;
    }
    return before.thread / kWarpLanes == thread.warp &&
           block.warps[thread.warp].clock[thread.lane][before.thread % kWarpLanes] >= before.clock;
}

void check_acquire(Thread& thread, const void* p) {
    const auto known = hand_overs().through.find(p);
    if (known != hand_overs().through.end()) {
        merge(thread.block->known, known->second);
    }
}

void check_release(Thread& thread, const void* p) {
    Block& block = *thread.block;
    block.known[block.linear] = {++block.releases, unfenced_threads(block)};
    merge(hand_overs().through[p], block.known);
}

void check_hand_on(Thread& thread, const void* p) {
    check_acquire(thread, p);
    check_release(thread, p);
}

void forget_hand_overs() {
    hand_overs().through.clear();
    hand_overs().unfenced.resize(1);
}

// A fence covers the thread's own stores and those that are ordered before it: fences are cumulative.
void check_fence(Thread& self) {
    const Block& block = *self.block;
    const Warp& warp = block.warps[self.warp];
    for (Thread* other : block.threads) {
        const bool by_warp =
            other->warp == self.warp && warp.clock[self.lane][other->lane] >= other->unfenced_clock;
        if (other == &self || other->unfenced_epoch != block.epoch || by_warp) {
            other->unfenced = false;
        }
    }
}

void check_sync_warp(Warp& warp, uint32_t lanes) {
    uint16_t latest[kWarpLanes] = {};
    for (unsigned i = 0; i < kWarpLanes; ++i) {
        if ((lanes >> i & 1u) != 0) {
            std::transform(latest, latest + kWarpLanes, warp.clock[i], latest,
                           [](uint16_t a, uint16_t b) { return std::max(a, b); });
        }
    }
    for (unsigned i = 0; i < kWarpLanes; ++i) {
        if ((lanes >> i & 1u) != 0) {
            std::copy(latest, latest + kWarpLanes, warp.clock[i]);
            ++warp.clock[i][i];
        }
    }
}

}  // namespace tendril::emulator
