// SPDX-License-Identifier: Apache-2.0
// Blocks are taken one set at a time from a common order; a cooperative launch has all of its blocks in one
// set.
#include "tests/cuda/emulator/run_launch.h"

#include <algorithm>
#include <numeric>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/counting.h"
#include "tests/cuda/emulator/worker.h"
#include "tests/cuda/emulator/worker_pool.h"

namespace tendril::emulator {

namespace {

void order_blocks(LaunchState& state, Worker& worker, unsigned count) {
    state.order.resize(count);
    std::iota(state.order.begin(), state.order.end(), 0u);
    if (settings().schedule == Schedule::kReversed) {
        std::reverse(state.order.begin(), state.order.end());
    } else if (settings().schedule == Schedule::kRandom) {
        for (unsigned i = count; i > 1; --i) {
            std::swap(state.order[i - 1], state.order[worker.draw() % i]);
        }
    }
}

void take_sets(LaunchState& state, unsigned number) {
    Worker& worker = Worker::here();
    worker.begin(state, number);
    const auto resident = static_cast<size_t>(std::max(1, settings().resident_blocks));
    std::vector<unsigned> set;
    while (!state.aborted) {
        set.clear();
        while (set.size() < resident) {
            const unsigned index = state.next.fetch_add(1);
            if (index >= state.order.size()) {
                break;
            }
            set.push_back(state.order[index]);
        }
        if (set.empty()) {
            return;
        }
        worker.run(set);
    }
}

}  // namespace

bool run_launch(const KernelLaunch& launch) {
    static std::atomic<unsigned> launches{0};
    LaunchState state;
    state.launch = &launch;
    state.number = ++launches;
    const unsigned blocks = launch.grid.x * launch.grid.y * launch.grid.z;
    count(&Counters::launches);
    count(&Counters::blocks, blocks);
    count(&Counters::threads, uint64_t{blocks} * launch.block.x * launch.block.y * launch.block.z);
    check_launch_begins(state);
    Worker& worker = Worker::here();
    worker.begin(state, 0);
    order_blocks(state, worker, blocks);
    const unsigned workers =
        kChecking ? 1u : std::clamp(static_cast<unsigned>(settings().workers), 1u, blocks);
    if (launch.cooperative) {
        worker.run(state.order);
    } else if (workers == 1) {
        take_sets(state, 0);
    } else {
        run_on_workers(workers, [&](unsigned number) { take_sets(state, number); });
    }
    return !state.aborted;
}

}  // namespace tendril::emulator
