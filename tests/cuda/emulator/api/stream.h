// SPDX-License-Identifier: Apache-2.0
// Streams, events, captures and graphs: queues of work that is done at once, late, or in drawn order
// (settings().streams).
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/cuda/emulator/api/stream_clock.h"

namespace tendril::emulator {

using Work = std::function<void()>;

// A captured operation and the earlier ones (by number) that must be done before it.
struct GraphNode {
    Work work;
    bool is_kernel = false;
    std::vector<size_t> after;
};
using Nodes = std::vector<GraphNode>;

// What a point in a captured stream has behind it: for each stream, its latest node. Two points are merged by
// a wait.
using Behind = std::map<const CUstream_st*, size_t>;

struct Capture {
    cudaStream_t origin = nullptr;  // null: ended
    cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
    std::thread::id thread;  // that began it
    Nodes nodes;
    std::map<CUstream_st*, Behind> streams;  // those that take part
    bool invalid = false;
};

}  // namespace tendril::emulator

struct CUstream_st {
    static inline unsigned made = 0;
    unsigned number = ++made;  // its own among all streams there ever were
    int device = 0;
    bool is_default = false;
    bool blocking = true;  // ordered with the device's default stream
    int priority = 0;
    uint64_t issued = 0, done = 0;
    std::deque<tendril::emulator::Work> queue;
    tendril::emulator::SharedClock clock;  // what its next operation comes after, of other streams
    std::shared_ptr<tendril::emulator::Capture> capture;
};

struct CUevent_st {
    int device = 0;
    bool timed = true;
    cudaStream_t stream = nullptr;  // where it was recorded last; null: never
    uint64_t after = 0;             // done with the stream's first so many operations
    tendril::emulator::SharedClock clock;
    std::shared_ptr<std::chrono::steady_clock::time_point> time;  // set when the record is done
    std::shared_ptr<tendril::emulator::Capture> capture;
    tendril::emulator::Behind behind;
};

struct CUgraph_st {
    tendril::emulator::Nodes nodes;
};

struct CUgraphExec_st {
    tendril::emulator::Nodes nodes;
    int device = 0;
};
