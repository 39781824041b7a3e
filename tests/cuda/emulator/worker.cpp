// SPDX-License-Identifier: Apache-2.0
// Scheduling of fibers. Nothing here is shared between workers but the launch.
#include "tests/cuda/emulator/worker.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "tests/cuda/emulator/barrier.h"
#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/ptx_support.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/shared_memory.h"
#include "tests/cuda/emulator/warp.h"

__thread uint3 threadIdx, blockIdx, blockDim, gridDim;

namespace tendril::emulator {

__thread char* shared_memory_start;

namespace {
constexpr size_t kStacksPerMapping = 64;
constexpr size_t kHugePage = 2 * 1024 * 1024;
constexpr size_t kPage = 4096;
constexpr uint64_t kStackEnd = 0x5441434b454e4421ull;  // at a stack's lowest address
thread_local std::unique_ptr<Worker> this_threads_worker;
__thread Worker* current = nullptr;

char* reserve(size_t bytes) {
    void* p =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        report("emulator", "no address space for fibers");
        std::abort();
    }
    return static_cast<char*>(p);
}
}  // namespace

Worker::Worker() {
    main_.adopt_thread_stack();
}

Worker::~Worker() {
    for (char* stack : stacks_) {
        munmap(stack, kStacksPerMapping * kStackBytes + kHugePage);
    }
    for (char* arena : arenas_) {
        munmap(arena, kArenaBytes);
    }
    current = nullptr;
}

Worker& Worker::here() {
    if (current == nullptr) {
        this_threads_worker = std::make_unique<Worker>();
        current = this_threads_worker.get();
    }
    return *current;
}

Thread* Worker::running() {
    return current == nullptr ? nullptr : current->running_;
}

Thread& Worker::running_thread() {
    return *current->running_;
}

uint32_t Worker::draw() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint32_t>(random_ >> 16);
}

void Worker::begin(LaunchState& launch, unsigned worker_number) {
    launch_ = &launch;
    const uint64_t seed = settings().seed;
    random_ = 0x9E3779B97F4A7C15ull ^ ((seed + 1) * 0xD1342543DE82EF95ull) ^ (uint64_t{launch.number} << 20) ^
              worker_number;
    draw();
    draw();
}

void Worker::go_to(Thread* to, bool ends) {
    Context& from = running_ == nullptr ? main_ : running_->context;
    running_ = to;
    if (to != nullptr) {
        threadIdx = to->index;
        blockIdx = to->block->index;
        shared_memory_start = to->block->arena;
    }
    Context::switch_to(from, to == nullptr ? main_ : to->context, ends);
}

Thread* Worker::take() {
    const size_t count = queue_.size() - head_;
    if (count == 0) {
        return nullptr;
    }
    Thread* taken = nullptr;
    switch (settings().schedule) {
        case Schedule::kInOrder:
            taken = queue_[head_++];
            break;
        case Schedule::kReversed:
            taken = queue_.back();
            queue_.pop_back();
            break;
        case Schedule::kRandom:
            std::swap(queue_[head_ + draw() % count], queue_.back());
            taken = queue_.back();
            queue_.pop_back();
            break;
    }
    if (head_ == queue_.size() && head_ > 2 * kWarpLanes) {
        queue_.resize(kWarpLanes);  // keeps room before the head for ready_first
        head_ = kWarpLanes;
    }
    return taken;
}

void Worker::ready(Thread& thread) {
    thread.state = State::kReady;
    queue_.push_back(&thread);
}

void Worker::ready_first(std::span<Thread* const> threads) {
    for (Thread* thread : threads) {
        thread->state = State::kReady;
    }
    if (settings().schedule != Schedule::kInOrder) {
        queue_.insert(queue_.end(), threads.begin(), threads.end());
    } else if (head_ >= threads.size()) {
        head_ -= threads.size();
        std::copy(threads.begin(), threads.end(), queue_.begin() + static_cast<ptrdiff_t>(head_));
    } else {
        queue_.insert(queue_.begin() + static_cast<ptrdiff_t>(head_), threads.begin(), threads.end());
    }
}

void Worker::wait(State state, const char* what, Location where) {
    Thread& self = *running_;
    self.state = state;
    self.waits_for = what;
    self.waits_at = where;
    go_to(take(), false);
}

void Worker::give_way() {
    Thread& self = *running_;
    ready(self);
    Thread* next = take();
    if (next != &self) {
        go_to(next, false);
    }
}

void Worker::end_thread(Thread& thread) {
    Block& block = *thread.block;
    Warp& warp = block.warps[thread.warp];
    thread.state = State::kDone;
    warp.exited |= 1u << thread.lane;
    if (!thread.copies.empty()) {
        report("copy", thread.copies.front().where, "the thread ends before its copy_async was waited for");
    }
    if (!kGuardedStacks && std::memcmp(thread.stack, &kStackEnd, sizeof kStackEnd) != 0) {
        report("emulator", "a thread's local variables take more than the " +
                               std::to_string(kStackBytes / 1024) +
                               " KiB of its stack: the results are worth nothing");
        std::memcpy(thread.stack, &kStackEnd, sizeof kStackEnd);
    }
    complete_meetings(*this, block, warp, thread.warp);
    leave_barriers(*this, block);
    if (block.alive == 0) {
        --live_blocks_;
    }
}

void Worker::entry() {
    Context::arrived();
    Worker& worker = *current;
    Thread& self = *worker.running_;
    const KernelLaunch& launch = *worker.launch_->launch;
    launch.call(launch.kernel, launch.arguments.data());
    worker.end_thread(self);
    worker.go_to(worker.take(), true);
    std::abort();  // a thread that has ended is not gone to
}

Thread& Worker::fiber(size_t number) {
    while (fibers_.size() <= number) {
        if (fibers_.size() % kStacksPerMapping == 0) {
            constexpr size_t kBytes = kStacksPerMapping * kStackBytes;
            stacks_.push_back(reserve(kBytes + kHugePage));
            if (!kGuardedStacks) {
                madvise(stacks_.back(), kBytes, MADV_HUGEPAGE);
            }
        }
        const auto base = (reinterpret_cast<uintptr_t>(stacks_.back()) + kHugePage - 1) & ~(kHugePage - 1);
        fibers_.push_back(std::make_unique<Thread>());
        char* stack = reinterpret_cast<char*>(base) + (fibers_.size() - 1) % kStacksPerMapping * kStackBytes;
        fibers_.back()->stack = stack;
        if (kGuardedStacks) {
            mprotect(stack, kPage, PROT_NONE);
        } else {
            std::memcpy(stack, &kStackEnd, sizeof kStackEnd);
        }
    }
    return *fibers_[number];
}

void Worker::set_up(Block& block, size_t slot, unsigned linear) {
    const KernelLaunch& launch = *launch_->launch;
    const unsigned count = launch.block.x * launch.block.y * launch.block.z;
    block.linear = linear;
    block.index = {linear % launch.grid.x, linear / launch.grid.x % launch.grid.y,
                   linear / launch.grid.x / launch.grid.y};
    block.alive = count;
    block.exited = block.at_barrier = block.votes = 0;
    block.epoch = 1;
    while (arenas_.size() <= slot) {
        arenas_.push_back(reserve(kArenaBytes));
    }
    block.arena = arenas_[slot];
    block.warps.resize((count + kWarpLanes - 1) / kWarpLanes);
    for (size_t i = 0; i < block.warps.size(); ++i) {
        Warp& warp = block.warps[i];
        const unsigned lanes = std::min(kWarpLanes, count - static_cast<unsigned>(i) * kWarpLanes);
        warp.lanes = lanes == kWarpLanes ? ~0u : (1u << lanes) - 1;
        warp.exited = 0;
        warp.meetings.fill({});
    }
    block.threads.resize(count);
    for (unsigned i = 0; i < count; ++i) {
        Thread& thread = fiber(slot * kMaxThreads + i);
        block.threads[i] = &thread;
        thread.index = {i % launch.block.x, i / launch.block.x % launch.block.y,
                        i / launch.block.x / launch.block.y};
        thread.linear = i;
        thread.lane = i % kWarpLanes;
        thread.warp = i / kWarpLanes;
        thread.block = &block;
        thread.state = State::kReady;
        thread.copies.clear();
        thread.copy_group = 0;
        thread.unfenced = false;
        thread.context.start(thread.stack, kStackBytes, i, &Worker::entry);
    }
    prepare_shared_memory(*launch_, block);
    check_block_begins(*launch_, block);
    ++live_blocks_;
}

void Worker::run(std::span<const unsigned> set) {
    const KernelLaunch& launch = *launch_->launch;
    blockDim = {launch.block.x, launch.block.y, launch.block.z};
    gridDim = {launch.grid.x, launch.grid.y, launch.grid.z};
    queue_.clear();
    head_ = 0;
    live_blocks_ = 0;
    blocks_.resize(set.size());
    for (size_t i = 0; i < set.size(); ++i) {
        set_up(blocks_[i], i, set[i]);
    }
    for (Block& block : blocks_) {
        queue_.insert(queue_.end(), block.threads.begin(), block.threads.end());
    }
    while (live_blocks_ > 0) {
        Thread* next = take();
        if (next == nullptr) {
            report_deadlock();
            launch_->aborted = true;
            return;
        }
        go_to(next, false);
    }
}

void Worker::report_deadlock() {
    std::map<std::string, int> where;
    for (const Block& block : blocks_) {
        for (const Thread* thread : block.threads) {
            if (thread->state != State::kDone) {
                ++where[std::string(thread->waits_for) + " at line " + std::to_string(thread->waits_at.line)];
            }
        }
    }
    std::string text = "no thread can go on";
    for (const auto& [place, count] : where) {
        text += "; " + std::to_string(count) + " in " + place;
    }
    report("deadlock", text);
}

void yield() {
    Worker::here().give_way();
}
unsigned lane_index() {
    return Worker::running_thread().lane;
}
unsigned warp_index() {
    return Worker::running_thread().warp;
}

}  // namespace tendril::emulator
