// SPDX-License-Identifier: Apache-2.0
// Shared arrays get their places in the order in which a launch first meets them.
#include "tests/cuda/emulator/shared_memory.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

constexpr size_t kStaticLimit = 48 * 1024;  // what a kernel may declare without asking for more at the launch

size_t rounded(size_t bytes) {
    return (bytes + kGapBytes - 1) / kGapBytes * kGapBytes;
}
size_t dynamic_span(const LaunchState& state) {
    return kGapBytes + rounded(state.launch->shared_bytes) + kGapBytes;
}

int find(const LaunchState& state, const void* key, int count) {
    for (int i = 0; i < count; ++i) {
        if (state.arrays[static_cast<size_t>(i)].key == key) {
            return i;
        }
    }
    return count;
}

// The number of the array with this key; a new one is placed behind the others.
int place(LaunchState& state, const void* key, size_t bytes, const char* name) {
    const int known = state.array_count.load(std::memory_order_acquire);
    int index = find(state, key, known);
    if (index < known) {
        return index;
    }
    const std::lock_guard lock(state.arrays_mutex);
    const int count = state.array_count.load(std::memory_order_relaxed);
    index = find(state, key, count);
    if (index < count) {
        return index;
    }
    size_t offset = dynamic_span(state), total = bytes;
    for (int i = 0; i < count; ++i) {
        const SharedArray& array = state.arrays[static_cast<size_t>(i)];
        offset = array.offset + rounded(array.bytes) + kGapBytes;
        total += array.bytes;
    }
    if (total > kStaticLimit) {
        report("launch", std::string("shared arrays take more than 48 KiB with ") + name);
    }
    if (offset + bytes + kGapBytes > kArenaBytes || static_cast<size_t>(count) == state.arrays.size()) {
        report("emulator", std::string("no room in the arena for the shared array ") + name);
        std::abort();
    }
    state.arrays[static_cast<size_t>(count)] = {key, offset, bytes, name};
    state.array_count.store(count + 1, std::memory_order_release);
    return count;
}

}  // namespace

void prepare_shared_memory(const LaunchState& state, Block& block) {
    unpoison(block.arena, kArenaBytes);
    std::memset(block.arena + kGapBytes, 0xff, state.launch->shared_bytes);
    poison(block.arena, kArenaBytes);
    unpoison(block.arena + kGapBytes, state.launch->shared_bytes);
    block.arrays_ready = 0;
}

void* dynamic_shared() {
    const Thread& self = Worker::running_thread();
    if (Worker::here().launch().launch->shared_bytes == 0) {
        report("launch", "the kernel uses dynamic shared memory and was launched with none");
    }
    return self.block->arena + kGapBytes;
}

void* shared_array(const void* key, size_t bytes, size_t, const char* name) {
    LaunchState& state = Worker::here().launch();
    Block& block = *Worker::running_thread().block;
    const int index = place(state, key, bytes, name);
    for (; block.arrays_ready <= index; ++block.arrays_ready) {
        const SharedArray& array = state.arrays[static_cast<size_t>(block.arrays_ready)];
        unpoison(block.arena + array.offset, array.bytes);
        std::memset(block.arena + array.offset, 0xff, array.bytes);
    }
    return block.arena + state.arrays[static_cast<size_t>(index)].offset;
}

SharedRange find_shared(const LaunchState& state, const Block& block, const void* p, size_t bytes) {
    const auto offset = static_cast<size_t>(static_cast<const char*>(p) - block.arena);
    if (offset >= kGapBytes && offset + bytes <= kGapBytes + state.launch->shared_bytes) {
        return {"dynamic shared memory", true};
    }
    SharedRange nearest{"shared memory", false};
    for (int i = 0; i < state.array_count.load(std::memory_order_acquire); ++i) {
        const SharedArray& array = state.arrays[static_cast<size_t>(i)];
        if (offset >= array.offset && offset + bytes <= array.offset + array.bytes) {
            return {array.name, true};
        }
        if (offset + kGapBytes >= array.offset && offset < array.offset + rounded(array.bytes) + kGapBytes) {
            nearest.name = array.name;
        }
    }
    return nearest;
}

}  // namespace tendril::emulator
