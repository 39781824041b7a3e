// SPDX-License-Identifier: Apache-2.0
// Streams and events. A query also does one operation of the stream, so that a program that polls gets on.
#include <algorithm>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {

void merge(Behind& into, const Behind& from) {
    for (const auto& [stream, node] : from) {
        auto& latest = into.try_emplace(stream, node).first->second;
        latest = std::max(latest, node);
    }
}

cudaError_t wait_event(Machine& m, CUstream_st& stream, CUevent_st& event) {
    if (event.capture) {
        if (event.capture->origin == nullptr) {
            return cudaErrorCapturedEvent;
        }
        if (!stream.capture) {
            stream.capture = event.capture;
        }
        merge(stream.capture->streams[&stream], event.behind);
        return cudaSuccess;
    }
    if (stream.capture) {
        return cudaErrorStreamCaptureIsolation;
    }
    if (event.stream == nullptr) {
        return cudaSuccess;  // never recorded: done
    }
    note_wait(stream, event);
    return enqueue(m, stream, [&m, other = event.stream, after = event.after] {
        const bool is_default = std::any_of(m.devices.begin(), m.devices.end(), [&](const auto& device) {
            return &device->default_stream == other;
        });
        if (is_default || m.streams.contains(other)) {
            run_until(m, *other, after);
        }
    });
}

cudaError_t make_stream(Machine& m, cudaStream_t* stream, unsigned flags, int priority) {
    if ((flags & ~unsigned{cudaStreamNonBlocking}) != 0) {
        return cudaErrorInvalidValue;
    }
    *stream = new CUstream_st;
    (*stream)->device = current_device();
    (*stream)->blocking = (flags & cudaStreamNonBlocking) == 0;
    (*stream)->priority = priority;
    m.streams.insert(*stream);
    return cudaSuccess;
}

bool is_done(const CUevent_st& event) {
    return event.stream == nullptr || event.stream->done >= event.after;
}

cudaError_t elapsed(Machine& m, float* ms, CUevent_st* start, CUevent_st* end) {
    if (!m.events.contains(start) || !m.events.contains(end) || !start->timed || !end->timed ||
        !start->stream || !end->stream) {
        return cudaErrorInvalidResourceHandle;
    }
    if (!is_done(*start) || !is_done(*end)) {
        return cudaErrorNotReady;
    }
    *ms = std::chrono::duration<float, std::milli>(*end->time - *start->time).count();
    return cudaSuccess;
}

// Runs body with the stream, or says that there is none such.
cudaError_t with_stream(const char* function, cudaStream_t handle,
                        const std::function<cudaError_t(Machine&, CUstream_st&)>& body) {
    return api_call(function, [&](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        return stream == nullptr ? cudaErrorInvalidResourceHandle : body(m, *stream);
    });
}
cudaError_t with_event(const char* function, cudaEvent_t event,
                       const std::function<cudaError_t(Machine&, CUevent_st&)>& body) {
    return api_call(function, [&](Machine& m) {
        return m.events.contains(event) ? body(m, *event) : cudaErrorInvalidResourceHandle;
    });
}

cudaError_t refuse_captured(CUstream_st& stream) {
    if (!stream.capture) {
        return cudaSuccess;
    }
    stream.capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
}

cudaError_t record(Machine& m, CUevent_st& event, CUstream_st& stream) {
    if (stream.capture) {
        event.capture = stream.capture;
        event.behind = stream.capture->streams[&stream];
        return cudaSuccess;
    }
    if (event.device != stream.device) {
        return cudaErrorInvalidResourceHandle;
    }
    event.capture = nullptr;
    event.stream = &stream;
    event.time = std::make_shared<std::chrono::steady_clock::time_point>();
    event.after = stream.issued + 1;
    const cudaError_t error =
        enqueue(m, stream, [time = event.time] { *time = std::chrono::steady_clock::now(); });
    note_record(event, stream);
    return error;
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaStreamCreate(cudaStream_t* stream) {
    return api_call("cudaStreamCreate", [=](Machine& m) { return make_stream(m, stream, 0, 0); });
}
cudaError_t CUDARTAPI cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return api_call("cudaStreamCreateWithFlags",
                    [=](Machine& m) { return make_stream(m, stream, flags, 0); });
}
cudaError_t CUDARTAPI cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int priority) {
    return api_call("cudaStreamCreateWithPriority",
                    [=](Machine& m) { return make_stream(m, stream, flags, std::clamp(priority, -5, 0)); });
}
cudaError_t CUDARTAPI cudaStreamDestroy(cudaStream_t stream) {
    return api_call("cudaStreamDestroy", [=](Machine& m) {
        if (!m.streams.contains(stream)) {
            report("host", "cudaStreamDestroy of what is no stream");
            return cudaErrorInvalidResourceHandle;
        }
        run_until(m, *stream, stream->issued);
        note_host_waited(*stream);
        for (cudaEvent_t event : m.events) {
            event->stream = event->stream == stream ? nullptr : event->stream;
        }
        m.streams.erase(stream);
        delete stream;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaStreamSynchronize(cudaStream_t handle) {
    return with_stream("cudaStreamSynchronize", handle, [](Machine& m, CUstream_st& stream) {
        const cudaError_t refused = refuse_captured(stream);
        if (stream.is_default) {
            wait_for_default_order(m, stream);
        }
        run_until(m, stream, stream.issued);
        note_host_waited(stream);
        return refused == cudaSuccess ? m.current().error : refused;
    });
}
cudaError_t CUDARTAPI cudaStreamQuery(cudaStream_t handle) {
    return with_stream("cudaStreamQuery", handle, [](Machine& m, CUstream_st& stream) {
        const cudaError_t refused = refuse_captured(stream);
        if (refused != cudaSuccess) {
            return refused;
        }
        const bool busy = stream.done < stream.issued;
        if (!busy) {
            note_host_waited(stream);
        }
        run_until(m, stream, stream.done + 1);
        return busy ? cudaErrorNotReady : m.current().error;
    });
}
cudaError_t CUDARTAPI cudaStreamGetPriority(cudaStream_t handle, int* priority) {
    return with_stream("cudaStreamGetPriority", handle, [=](Machine&, CUstream_st& stream) {
        *priority = stream.priority;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
    return with_stream("cudaStreamGetFlags", handle, [=](Machine&, CUstream_st& stream) {
        *flags = stream.blocking ? cudaStreamDefault : cudaStreamNonBlocking;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
    return with_stream("cudaStreamWaitEvent", handle, [=](Machine& m, CUstream_st& stream) {
        return m.events.contains(event) ? wait_event(m, stream, *event) : cudaErrorInvalidResourceHandle;
    });
}
cudaError_t CUDARTAPI cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
    return with_stream("cudaLaunchHostFunc", handle, [=](Machine& m, CUstream_st& stream) {
        return enqueue(m, stream, [=] { function(data); });
    });
}

cudaError_t CUDARTAPI cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return api_call("cudaEventCreateWithFlags", [=](Machine& m) {
        *event = new CUevent_st;
        (*event)->device = current_device();
        (*event)->timed = (flags & cudaEventDisableTiming) == 0;
        m.events.insert(*event);
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaEventCreate(cudaEvent_t* event) {
    return cudaEventCreateWithFlags(event, 0);
}
cudaError_t CUDARTAPI cudaEventDestroy(cudaEvent_t handle) {
    return with_event("cudaEventDestroy", handle, [](Machine& m, CUevent_st& event) {
        m.events.erase(&event);
        delete &event;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
    return with_event("cudaEventRecord", handle, [=](Machine& m, CUevent_st& event) {
        CUstream_st* stream = m.stream(stream_handle);
        return stream == nullptr ? cudaErrorInvalidResourceHandle : record(m, event, *stream);
    });
}
cudaError_t CUDARTAPI cudaEventSynchronize(cudaEvent_t handle) {
    return with_event("cudaEventSynchronize", handle, [](Machine& m, CUevent_st& event) {
        if (event.stream != nullptr) {
            run_until(m, *event.stream, event.after);
            note_host_waited(event);
        }
        return m.current().error;
    });
}
cudaError_t CUDARTAPI cudaEventQuery(cudaEvent_t handle) {
    return with_event("cudaEventQuery", handle, [](Machine& m, CUevent_st& event) {
        if (is_done(event)) {
            note_host_waited(event);
            return m.current().error;
        }
        run_until(m, *event.stream, event.stream->done + 1);
        return cudaErrorNotReady;
    });
}
cudaError_t CUDARTAPI cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
    return api_call("cudaEventElapsedTime", [=](Machine& m) { return elapsed(m, ms, start, end); });
}

}  // extern "C"
#pragma GCC visibility pop
