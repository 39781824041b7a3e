// SPDX-License-Identifier: Apache-2.0
// Capture and replay. A replay runs the captured operations in an order that their dependencies allow, chosen
// by the schedule, so that a dependency that was forgotten shows.
#include <algorithm>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/counting.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

void run_nodes(const Nodes& nodes) {
    std::vector<bool> done(nodes.size());
    Worker& worker = Worker::here();
    for (size_t left = nodes.size(); left > 0; --left) {
        std::vector<size_t> ready;
        for (size_t i = 0; i < nodes.size(); ++i) {
            if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(),
                                        [&](size_t n) { return done[n]; })) {
                ready.push_back(i);
            }
            if (!ready.empty() && settings().schedule == Schedule::kInOrder) {
                break;
            }
        }
        size_t next = ready.front();
        if (settings().schedule == Schedule::kReversed) {
            next = ready.back();
        } else if (settings().schedule == Schedule::kRandom) {
            next = ready[worker.draw() % ready.size()];
        }
        nodes[next].work();
        done[next] = true;
    }
}

// Whether all nodes lie behind what the stream that began the capture has seen.
bool is_joined(const Capture& capture) {
    std::vector<bool> seen(capture.nodes.size());
    std::vector<size_t> open;
    const auto origin = capture.streams.find(capture.origin);
    if (origin != capture.streams.end()) {
        for (const auto& [stream, node] : origin->second) {
            open.push_back(node);
        }
    }
    while (!open.empty()) {
        const size_t node = open.back();
        open.pop_back();
        if (!seen[node]) {
            seen[node] = true;
            open.insert(open.end(), capture.nodes[node].after.begin(), capture.nodes[node].after.end());
        }
    }
    return std::all_of(seen.begin(), seen.end(), [](bool s) { return s; });
}

cudaError_t end_capture(Machine& m, CUstream_st& stream, cudaGraph_t* graph) {
    *graph = nullptr;
    const std::shared_ptr<Capture> capture = stream.capture;
    if (!capture || capture->origin != &stream) {
        return capture ? cudaErrorStreamCaptureUnmatched : cudaErrorIllegalState;
    }
    const bool joined = is_joined(*capture);
    capture->origin = nullptr;
    for (const auto& [other, behind] : capture->streams) {
        if (m.streams.contains(other)) {
            other->capture = nullptr;
        }
    }
    stream.capture = nullptr;
    if (capture->invalid) {
        return cudaErrorStreamCaptureInvalidated;
    }
    if (!joined) {
        return cudaErrorStreamCaptureUnjoined;
    }
    *graph = new CUgraph_st{std::move(capture->nodes)};
    m.graphs.insert(*graph);
    return cudaSuccess;
}

cudaError_t instantiate(Machine& m, cudaGraphExec_t* program, cudaGraph_t graph) {
    if (!m.graphs.contains(graph)) {
        return cudaErrorInvalidValue;
    }
    *program = new CUgraphExec_st{graph->nodes, current_device()};
    m.graph_programs.insert(*program);
    return cudaSuccess;
}

cudaError_t update(Machine& m, CUgraphExec_st* program, CUgraph_st* graph,
                   cudaGraphExecUpdateResultInfo* info) {
    if (!m.graph_programs.contains(program) || !m.graphs.contains(graph)) {
        return cudaErrorInvalidValue;
    }
    const Nodes &old = program->nodes, &now = graph->nodes;
    bool same = old.size() == now.size();
    for (size_t i = 0; same && i < now.size(); ++i) {
        same = old[i].is_kernel == now[i].is_kernel && old[i].after == now[i].after;
    }
    if (info != nullptr) {
        *info = {};
        info->result = same ? cudaGraphExecUpdateSuccess : cudaGraphExecUpdateErrorTopologyChanged;
    }
    if (!same) {
        return cudaErrorGraphExecUpdateFailure;
    }
    program->nodes = now;
    return cudaSuccess;
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
    return api_call("cudaStreamBeginCapture", [=](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        if (stream->is_default) {
            return cudaErrorStreamCaptureUnsupported;
        }
        if (stream->capture) {
            return cudaErrorIllegalState;
        }
        stream->capture = std::make_shared<Capture>();
        stream->capture->origin = stream;
        stream->capture->mode = mode;
        stream->capture->thread = std::this_thread::get_id();
        stream->capture->streams[stream] = {};
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
    return api_call("cudaStreamEndCapture", [=](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        return stream == nullptr ? cudaErrorInvalidResourceHandle : end_capture(m, *stream, graph);
    });
}
cudaError_t CUDARTAPI cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
    return api_call("cudaStreamIsCapturing", [=](Machine& m) {
        const CUstream_st* stream = m.stream(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        *status = !stream->capture           ? cudaStreamCaptureStatusNone
                  : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                             : cudaStreamCaptureStatusActive;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
    return api_call("cudaThreadExchangeStreamCaptureMode", [=](Machine&) {
        *mode = cudaStreamCaptureModeGlobal;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaGraphInstantiate(cudaGraphExec_t* program, cudaGraph_t graph, unsigned long long) {
    return api_call("cudaGraphInstantiate", [=](Machine& m) { return instantiate(m, program, graph); });
}
cudaError_t CUDARTAPI cudaGraphInstantiateWithFlags(cudaGraphExec_t* program, cudaGraph_t graph,
                                                    unsigned long long) {
    return api_call("cudaGraphInstantiateWithFlags",
                    [=](Machine& m) { return instantiate(m, program, graph); });
}
cudaError_t CUDARTAPI cudaGraphExecUpdate(cudaGraphExec_t program, cudaGraph_t graph,
                                          cudaGraphExecUpdateResultInfo* info) {
    return api_call("cudaGraphExecUpdate", [=](Machine& m) { return update(m, program, graph, info); });
}
cudaError_t CUDARTAPI cudaGraphUpload(cudaGraphExec_t program, cudaStream_t) {
    return api_call("cudaGraphUpload", [=](Machine& m) {
        return m.graph_programs.contains(program) ? cudaSuccess : cudaErrorInvalidValue;
    });
}
cudaError_t CUDARTAPI cudaGraphLaunch(cudaGraphExec_t program, cudaStream_t handle) {
    return api_call("cudaGraphLaunch", [=](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        if (stream == nullptr || !m.graph_programs.contains(program)) {
            return stream == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorInvalidValue;
        }
        if (stream->capture) {
            return cudaErrorStreamCaptureUnsupported;  // a graph within a graph: real, and not emulated
        }
        count(&Counters::graph_launches);
        return enqueue(m, *stream, [nodes = program->nodes] { run_nodes(nodes); });
    });
}
// Handles of single nodes are not emulated: only their number is told.
cudaError_t CUDARTAPI cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* number) {
    return api_call("cudaGraphGetNodes", [=](Machine& m) {
        if (!m.graphs.contains(graph) || nodes != nullptr) {
            return cudaErrorInvalidValue;
        }
        *number = graph->nodes.size();
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaGraphDestroy(cudaGraph_t graph) {
    return api_call("cudaGraphDestroy", [=](Machine& m) {
        if (m.graphs.erase(graph) == 0) {
            return cudaErrorInvalidValue;
        }
        delete graph;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaGraphExecDestroy(cudaGraphExec_t program) {
    return api_call("cudaGraphExecDestroy", [=](Machine& m) {
        if (m.graph_programs.erase(program) == 0) {
            return cudaErrorInvalidValue;
        }
        delete program;
        return cudaSuccess;
    });
}

}  // extern "C"
#pragma GCC visibility pop
