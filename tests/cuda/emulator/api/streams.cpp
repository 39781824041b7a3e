// SPDX-License-Identifier: Apache-2.0
// When work is done. A stream's operations run in order; an operation that waits for another stream runs that
// stream first, so that being late never changes what a correct program sees.
#include "tests/cuda/emulator/api/machine.h"

namespace tendril::emulator {

namespace {

void run_next(CUstream_st& stream) {
    const Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    ++stream.done;
    work();
}

}  // namespace

void wait_for_default_order(Machine& m, CUstream_st& stream) {
    if (!stream.blocking) {
        return;
    }
    if (!stream.is_default) {
        CUstream_st& first = m.devices[static_cast<size_t>(stream.device)]->default_stream;
        run_until(m, first, first.issued);
        return;
    }
    for (cudaStream_t other : m.streams) {
        if (other->blocking && other->device == stream.device) {
            run_until(m, *other, other->issued);
        }
    }
}

namespace {

uint64_t draw(Machine& m) {
    m.random = (m.random + settings().seed * 2u) * 6364136223846793005ull + 1442695040888963407ull;
    return m.random >> 33;
}

// Runs some operation of some stream, or none.
void run_something(Machine& m) {
    std::vector<CUstream_st*> busy;
    for (cudaStream_t stream : m.streams) {
        if (!stream->queue.empty()) {
            busy.push_back(stream);
        }
    }
    for (const auto& device : m.devices) {
        if (!device->default_stream.queue.empty()) {
            busy.push_back(&device->default_stream);
        }
    }
    while (!busy.empty() && draw(m) % 2 == 0) {
        CUstream_st& stream = *busy[draw(m) % busy.size()];
        if (stream.queue.empty()) {
            return;
        }
        run_next(stream);
    }
}

void add_node(CUstream_st& stream, Work work, bool is_kernel) {
    Capture& capture = *stream.capture;
    Behind& behind = capture.streams[&stream];
    GraphNode node{std::move(work), is_kernel, {}};
    for (const auto& [other, number] : behind) {
        node.after.push_back(number);
    }
    behind = {{&stream, capture.nodes.size()}};
    capture.nodes.push_back(std::move(node));
}

}  // namespace

cudaError_t enqueue(Machine& m, CUstream_st& stream, Work work, bool is_kernel) {
    if (stream.capture) {
        if (stream.capture->invalid) {
            return cudaErrorStreamCaptureInvalidated;
        }
        add_node(stream, std::move(work), is_kernel);
        return cudaSuccess;
    }
    ++stream.issued;
    if (const Operation operation = note_operation(m, stream); operation != 0) {
        work = [operation, inner = std::move(work)] {
            const RunningOperation running(operation);
            inner();
        };
    }
    if (settings().streams == Streams::kEager) {
        run_until(m, stream, stream.issued - 1);  // what an earlier setting has left
        ++stream.done;
        work();
        return m.devices[static_cast<size_t>(stream.device)]->error;
    }
    // The order with the default stream is fixed now, when the operation is given, as the counts then stand.
    if (stream.blocking && !m.streams.empty()) {
        wait_for_default_order(m, stream);
    }
    stream.queue.push_back(std::move(work));
    if (settings().streams == Streams::kRandom) {
        run_something(m);
    }
    return cudaSuccess;
}

void run_until(Machine&, CUstream_st& stream, uint64_t operations) {
    while (stream.done < operations && !stream.queue.empty()) {
        run_next(stream);
    }
}

void run_all(Machine& m, int device) {
    for (cudaStream_t stream : std::vector<cudaStream_t>(m.streams.begin(), m.streams.end())) {
        if (stream->device == device) {
            run_until(m, *stream, stream->issued);
            note_host_waited(*stream);
        }
    }
    CUstream_st& first = m.devices[static_cast<size_t>(device)]->default_stream;
    run_until(m, first, first.issued);
    note_host_waited(first);
}

cudaError_t refuse_in_capture(Machine& m) {
    for (cudaStream_t stream : m.streams) {
        if (!stream->capture) {
            continue;
        }
        const Capture& capture = *stream->capture;
        const bool ours = capture.thread == std::this_thread::get_id();
        if (capture.mode == cudaStreamCaptureModeGlobal ||
            (capture.mode == cudaStreamCaptureModeThreadLocal && ours)) {
            stream->capture->invalid = true;
            return cudaErrorStreamCaptureUnsupported;
        }
    }
    return cudaSuccess;
}

}  // namespace tendril::emulator
