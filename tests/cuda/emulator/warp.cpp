// SPDX-License-Identifier: Apache-2.0
// Warp collectives: lanes meet, the last one that comes computes for all. A lane that is not in its own mask,
// lanes that meet in different operations, and a whole-warp operation after lanes have ended are reported.
#include "tests/cuda/emulator/warp.h"

#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/counting.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {

std::string hex(uint32_t mask) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%08x", mask);
    return text;
}

bool complete(const Meeting& meeting, const Warp& warp) {
    const uint32_t needed = meeting.mask & warp.lanes & ~warp.exited;
    return (meeting.arrived & needed) == needed;
}

void finish(Worker& worker, Block& block, Warp& warp, Meeting& meeting, unsigned warp_number) {
    WarpExchange& exchange = warp.exchange;
    exchange.mask = meeting.mask;
    exchange.present = meeting.arrived;
    count(&Counters::collectives);
    if (meeting.operation == &kSyncWarp) {
        check_sync_warp(warp, meeting.arrived);
    } else {
        meeting.operation->compute(exchange, meeting.where);
    }
    std::array<Thread*, kWarpLanes> waiting;
    size_t waiting_count = 0;
    for (uint32_t lanes = meeting.arrived; lanes != 0; lanes &= lanes - 1) {
        Thread* thread =
            block.threads[warp_number * kWarpLanes + static_cast<unsigned>(std::countr_zero(lanes))];
        if (thread->state == State::kAtWarp && thread != Worker::running()) {
            waiting[waiting_count++] = thread;
        }
    }
    meeting.operation = nullptr;
    worker.ready_first({waiting.data(), waiting_count});
}

// The meeting that this lane joins, or null when there are more than the hardware could have.
Meeting* join(const Collective& operation, uint32_t mask, uint32_t self, Location where, Warp& warp) {
    Meeting* free = nullptr;
    for (Meeting& meeting : warp.meetings) {
        if (meeting.operation == &operation && meeting.mask == mask && (meeting.arrived & self) == 0) {
            return &meeting;
        }
        if (meeting.operation == nullptr) {
            free = &meeting;
        }
    }
    for (const Meeting& meeting : warp.meetings) {
        if (meeting.operation != nullptr && (meeting.mask & mask) != 0) {
            report("divergence", where,
                   std::string(operation.name) + " with mask " + hex(mask) + " meets " +
                       meeting.operation->name + " with mask " + hex(meeting.mask) + " of line " +
                       std::to_string(meeting.where.line));
        }
    }
    if (free != nullptr) {
        *free = {&operation, mask, 0, where};
    }
    return free;
}

void meet(const Collective& operation, uint32_t mask, Location where) {
    Worker& worker = Worker::here();
    Thread& self = Worker::running_thread();
    Warp& warp = self.block->warps[self.warp];
    const uint32_t bit = 1u << self.lane;
    if ((mask & bit) == 0) {
        report("mask", where,
               std::string(operation.name) + " by a lane that its mask " + hex(mask) + " does not name");
        mask |= bit;
    }
    if (operation.whole_warp && warp.exited != 0) {
        report("mask", where, std::string(operation.name) + " needs the whole warp, and lanes have ended");
    }
    Meeting* meeting = join(operation, mask, bit, where, warp);
    if (meeting == nullptr) {
        return;
    }
    if (meeting->where.line != where.line) {
        report("divergence", where,
               std::string(operation.name) + " meets the one of line " + std::to_string(meeting->where.line));
    }
    meeting->arrived |= bit;
    if (complete(*meeting, warp)) {
        finish(worker, *self.block, warp, *meeting, self.warp);
    } else {
        worker.wait(State::kAtWarp, operation.name, where);
    }
}

}  // namespace

void complete_meetings(Worker& worker, Block& block, Warp& warp, unsigned warp_number) {
    for (Meeting& meeting : warp.meetings) {
        if (meeting.operation != nullptr && complete(meeting, warp)) {
            finish(worker, block, warp, meeting, warp_number);
        }
    }
}

uint32_t warp_word(const Collective& operation, uint32_t mask, uint32_t word, uint32_t argument,
                   Location where) {
    const Thread& self = Worker::running_thread();
    WarpExchange& exchange = self.block->warps[self.warp].exchange;
    exchange.words[self.lane] = word;
    exchange.arguments[self.lane] = argument;
    meet(operation, mask, where);
    return exchange.results[self.lane];
}

void warp_wide(const Collective& operation, uint32_t mask, const void* in, size_t in_bytes, void* out,
               size_t out_bytes, Location where) {
    const Thread& self = Worker::running_thread();
    WarpExchange& exchange = self.block->warps[self.warp].exchange;
    std::memcpy(exchange.in[self.lane], in, in_bytes);
    meet(operation, mask, where);
    std::memcpy(out, exchange.out[self.lane], out_bytes);
}

void sync_warp(uint32_t mask, Location where) {
    meet(kSyncWarp, mask, where);
}

unsigned active_mask() {
    const Thread& self = Worker::running_thread();
    const Warp& warp = self.block->warps[self.warp];
    return warp.lanes & ~warp.exited;
}

}  // namespace tendril::emulator
