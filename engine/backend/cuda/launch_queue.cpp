// SPDX-License-Identifier: Apache-2.0
// Steps as graphs; see launch_queue.h.
#include "engine/backend/cuda/launch_queue.h"

#include <algorithm>

namespace tendril::cuda {

LaunchQueue::~LaunchQueue() {
    for (const Graph& graph : graphs_) {
        [[maybe_unused]] const cudaError_t ignored = cudaGraphExecDestroy(graph.program);
    }
}

void LaunchQueue::drop() {
    bytes_.clear();
    count_ = 0;
}

cudaError_t LaunchQueue::enqueue(cudaStream_t stream) const {
    cudaError_t error = cudaSuccess;
    for (std::size_t at = 0; at < bytes_.size() && error == cudaSuccess;) {
        Entry entry{};
        std::memcpy(&entry, bytes_.data() + at, sizeof entry);
        error = entry.launch(entry.kernel, bytes_.data() + at + sizeof entry, stream);
        at += sizeof entry + entry.size;
    }
    return error;
}

cudaError_t LaunchQueue::run(cudaStream_t stream) {
    const cudaError_t error = enqueue(stream);
    drop();
    return error;
}

LaunchQueue::Graph* LaunchQueue::find() {
    for (Graph& graph : graphs_) {
        if (graph.bytes.size() == bytes_.size() &&
            std::memcmp(graph.bytes.data(), bytes_.data(), bytes_.size()) == 0) {
            return &graph;
        }
    }
    return nullptr;
}

cudaError_t LaunchQueue::capture(cudaStream_t stream, Graph& graph) {
    cudaError_t error = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    if (error != cudaSuccess) {
        return error;
    }
    const cudaError_t launched = enqueue(stream);
    cudaGraph_t captured = nullptr;
    error = cudaStreamEndCapture(stream, &captured);
    error = launched != cudaSuccess ? launched : error;
    if (error == cudaSuccess) {
        error = cudaGraphInstantiate(&graph.program, captured, 0);
    }
    if (captured != nullptr) {
        [[maybe_unused]] const cudaError_t ignored = cudaGraphDestroy(captured);
    }
    return error;
}

cudaError_t LaunchQueue::run_as_graph(cudaStream_t stream) {
    Graph* graph = find();
    if (graph != nullptr) {
        ++replays_;
    } else {
        Graph made;
        if (const cudaError_t error = capture(stream, made); error != cudaSuccess) {
            drop();
            return error;
        }
        ++captures_;
        made.bytes = bytes_;
        if (graphs_.size() < kMostGraphs) {
            graph = &graphs_.emplace_back(std::move(made));
        } else {
            graph = &*std::min_element(graphs_.begin(), graphs_.end(),
                                       [](const Graph& a, const Graph& b) { return a.used < b.used; });
            // One that still runs is given back when it has.
            [[maybe_unused]] const cudaError_t ignored = cudaGraphExecDestroy(graph->program);
            *graph = std::move(made);
        }
    }
    graph->used = ++now_;
    drop();
    return cudaGraphLaunch(graph->program, stream);
}

}  // namespace tendril::cuda
