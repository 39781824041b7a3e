// SPDX-License-Identifier: Apache-2.0
// __syncthreads and its kin, the grid's barrier, and fences.
#include "tests/cuda/emulator/barrier.h"

#include <cstring>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/counting.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {

void release(Worker& worker, Block& block) {
    block.voters = block.at_barrier;
    block.vote_result = block.votes;
    block.votes = 0;
    block.at_barrier = 0;
    ++block.epoch;
    count(&Counters::barriers);
    for (Thread* thread : block.threads) {
        if (thread->state == State::kAtBlock && thread != Worker::running()) {
            worker.ready(*thread);
        }
    }
}

bool same_place(Location a, Location b) {
    return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

// Whether the running thread was the last to come; the others are ready then.
bool release_grid_if_complete(Worker& worker) {
    for (const Block& block : worker.blocks()) {
        for (const Thread* thread : block.threads) {
            if (thread->state != State::kAtGrid && thread->state != State::kDone) {
                return false;
            }
        }
    }
    count(&Counters::grid_barriers);
    for (Block& block : worker.blocks()) {
        ++block.epoch;
        for (Thread* thread : block.threads) {
            thread->unfenced = false;
            if (thread->state == State::kAtGrid && thread != Worker::running()) {
                worker.ready(*thread);
            }
        }
    }
    check_grid_barrier(worker.blocks());
    return true;
}

}  // namespace

int sync_block(Vote vote, bool predicate, Location where) {
    Worker& worker = Worker::here();
    Thread& self = Worker::running_thread();
    Block& block = *self.block;
    if (block.at_barrier == 0) {
        block.barrier = where;
        block.barrier_vote = vote;
    } else if (!same_place(block.barrier, where) || block.barrier_vote != vote) {
        report("barrier", where,
               "__syncthreads here, while others of the block wait at the one of line " +
                   std::to_string(block.barrier.line));
    }
    if (block.exited > 0) {
        report("barrier", where, "__syncthreads after threads of the block have ended");
    }
    block.votes += predicate ? 1 : 0;
    self.state = State::kAtBlock;
    if (++block.at_barrier == block.alive) {
        release(worker, block);
        self.state = State::kReady;
        if (settings().schedule == Schedule::kRandom) {
            worker.give_way();
        }
    } else {
        worker.wait(State::kAtBlock, "__syncthreads", where);
    }
    switch (vote) {
        case Vote::kAnd:
            return block.vote_result == block.voters;
        case Vote::kOr:
            return block.vote_result != 0;
        default:
            return static_cast<int>(block.vote_result);
    }
}

void sync_grid(Location where) {
    Worker& worker = Worker::here();
    Thread& self = Worker::running_thread();
    if (!worker.launch().launch->cooperative) {
        report("barrier", where, "grid_sync in a launch that is not cooperative");
        return;
    }
    self.state = State::kAtGrid;
    if (release_grid_if_complete(worker)) {
        self.state = State::kReady;
    } else {
        worker.wait(State::kAtGrid, "grid_sync", where);
    }
}

void leave_barriers(Worker& worker, Block& block) {
    --block.alive;
    ++block.exited;
    if (block.at_barrier > 0) {
        report("barrier", block.barrier, "a thread ends while others of its block wait at __syncthreads");
        if (block.at_barrier == block.alive) {
            release(worker, block);
        }
    }
}

void fence() {
    check_fence(Worker::running_thread());
}

}  // namespace tendril::emulator
