// SPDX-License-Identifier: Apache-2.0
// The running launch: its blocks, warps and threads. One worker owns a block and all of its threads' fibers
// while the block runs; only LaunchState is shared between workers.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "tests/cuda/emulator/context.h"
#include "tests/cuda/emulator/runtime.h"
#include "tests/cuda/emulator/sanitizer.h"

namespace tendril::emulator {

inline constexpr unsigned kWarpLanes = 32;
inline constexpr unsigned kMaxThreads = 1024;  // of a block
// Of a fiber. The fast build's stacks are small and lie in huge pages; a word at their end tells of an
// overflow. The others' have room for what the compiler adds, and a page that must not be touched below them.
#if defined(TENDRIL_EMULATOR_CHECK)
inline constexpr bool kGuardedStacks = true;
#else
inline constexpr bool kGuardedStacks = kAddressSanitizer;
#endif
inline constexpr size_t kStackBytes = kGuardedStacks ? 512 * 1024 : 64 * 1024;
inline constexpr size_t kArenaBytes = 512 * 1024;  // a block's shared memory with the gaps between its arrays
inline constexpr size_t kGapBytes = 256;

struct Block;

struct AsyncCopy {
    void* to;
    const void* from;
    int bytes;
    int source_bytes;
    Location where;
    int group;
};

enum class State : uint8_t { kReady, kAtWarp, kAtBlock, kAtGrid, kDone };

// One CUDA thread: its identity, its fiber, and what it waits for.
struct Thread {
    uint3 index{};
    unsigned linear = 0, lane = 0, warp = 0;
    Block* block = nullptr;
    Context context;
    char* stack = nullptr;
    State state = State::kReady;
    const char* waits_for = "";
    Location waits_at;
    std::vector<AsyncCopy> copies;  // begun and not yet done
    int copy_group = 0;             // groups committed so far
    // For the checker: stores to global memory that no fence has followed: when the latest was made, and how
    // often the block had handed memory on before the first.
    bool unfenced = false;
    uint16_t unfenced_epoch = 0, unfenced_clock = 0, unfenced_since = 0;
};

// Lanes that have come to one collective and wait for the others that it names.
struct Meeting {
    const Collective* operation = nullptr;  // null: free
    uint32_t mask = 0, arrived = 0;
    Location where;
};

struct Warp {
    WarpExchange exchange;
    std::array<Meeting, 8> meetings;
    uint32_t lanes = 0, exited = 0;
    // For the checker: clock[i][j] is what lane i knows of lane j's work through __syncwarp.
    uint16_t clock[kWarpLanes][kWarpLanes];
};

// For the checker: accesses of another block before its so-manieth release are known, but for those of
// threads that had stores without a fence then (the number of a list of them; 0: none).
struct Known {
    uint16_t releases = 0;
    uint32_t unfenced = 0;
};

struct Block {
    unsigned linear = 0;
    uint3 index{};
    std::vector<Thread*> threads;
    std::vector<Warp> warps;
    unsigned alive = 0;
    unsigned exited = 0;
    unsigned at_barrier = 0;
    Location barrier;
    Vote barrier_vote = Vote::kNone;
    unsigned votes = 0;                    // predicates of the barrier that is being formed
    unsigned vote_result = 0, voters = 0;  // of the barrier passed last
    uint16_t epoch = 1;                    // barriers passed
    char* arena = nullptr;
    int arrays_ready = 0;  // shared arrays of the launch that this block has filled
    // For the checker (check/): what this block has learnt of others, and how often it has handed memory on.
    std::map<uint32_t, Known> known;  // by block; only of those that something was learnt of
    uint16_t releases = 0;
    uint32_t phase = 0;  // distinguishes this use of the arena from earlier ones
};

struct SharedArray {
    const void* key;
    size_t offset, bytes;
    const char* name;
};

// What is enqueued: a kernel and its arguments' bytes.
struct KernelLaunch {
    const void* kernel = nullptr;
    void (*call)(const void* kernel, const void* const* arguments) = nullptr;
    dim3 grid, block;
    size_t shared_bytes = 0;
    bool cooperative = false;
    int device = 0;
    std::vector<unsigned char> argument_bytes;
    std::vector<const void*> arguments;  // into argument_bytes
};

// A launch while it runs.
struct LaunchState {
    const KernelLaunch* launch = nullptr;
    unsigned number = 0;
    std::vector<unsigned> order;  // the blocks as they are taken
    std::atomic<unsigned> next{0};
    std::atomic<bool> aborted{false};
    // Shared arrays in the order in which they were first met; entries below the count never change.
    std::array<SharedArray, 64> arrays{};
    std::atomic<int> array_count{0};
    std::mutex arrays_mutex;
};

}  // namespace tendril::emulator
