// SPDX-License-Identifier: Apache-2.0
// cudaMemcpy, cudaMemset and their kin. Copies from ordinary host memory read it at the call, as the driver
// does by staging; copies to it are waited for; with pinned memory both really happen later.
#include <cstring>
#include <string>
#include <vector>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {

struct Rectangle {
    void* to;
    size_t to_pitch;
    const void* from;
    size_t from_pitch;
    size_t width, height;
    size_t to_span() const { return height == 0 ? 0 : (height - 1) * to_pitch + width; }
    size_t from_span() const { return height == 0 ? 0 : (height - 1) * from_pitch + width; }
};

bool in_bounds(const Machine& m, const void* p, size_t bytes, const char* what) {
    if (bytes == 0 || !m.memory.is_device_address(p)) {
        return true;
    }
    const Allocation* allocation = m.memory.find(p);
    if (allocation != nullptr && allocation->live && allocation->contains(p, bytes)) {
        return true;
    }
    const bool freed = allocation != nullptr && !allocation->live;
    report("bounds", std::string(what) + " of " + std::to_string(bytes) + " bytes outside an allocation" +
                         (freed ? " (it was freed)" : ""));
    return false;
}

cudaError_t verify(const Machine& m, const Rectangle& r, cudaMemcpyKind kind) {
    const bool to_device = m.memory.is_device_address(r.to), from_device = m.memory.is_device_address(r.from);
    const bool wants_to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool wants_from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (kind != cudaMemcpyDefault && (to_device != wants_to || from_device != wants_from)) {
        report("host", "a copy whose direction is not that of its pointers");
        return cudaErrorInvalidValue;
    }
    if (r.to == nullptr || r.from == nullptr || r.width > r.to_pitch || r.width > r.from_pitch) {
        return r.width == 0 || r.height == 0 ? cudaSuccess : cudaErrorInvalidValue;
    }
    return in_bounds(m, r.to, r.to_span(), "a copy to device memory") &&
                   in_bounds(m, r.from, r.from_span(), "a copy from device memory")
               ? cudaSuccess
               : cudaErrorInvalidValue;
}

bool is_pageable(const Machine& m, const void* p) {
    const Allocation* allocation = m.memory.find(p);
    return allocation == nullptr || !allocation->live;
}

void copy_rectangle(Machine& m, const Rectangle& r) {
    const OpenMemory open(m);
    for (size_t row = 0; row < r.height; ++row) {
        void* to = static_cast<char*>(r.to) + row * r.to_pitch;
        const void* from = static_cast<const char*>(r.from) + row * r.from_pitch;
        check_copy_reads(from, r.width);
        check_copy_writes(to, r.width);
        std::memmove(to, from, r.width);
        if (m.memory.is_device_address(to)) {
            m.memory.is_device_address(from) ? check_copied(to, from, r.width)
                                             : check_host_wrote(to, r.width);
        }
    }
}

cudaError_t enqueue_copy(Machine& m, Rectangle r, cudaMemcpyKind kind, cudaStream_t handle) {
    CUstream_st* stream = m.stream(handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    m.expect_own(*stream, r.to);
    m.expect_own(*stream, r.from);
    const cudaError_t error = verify(m, r, kind);
    if (error != cudaSuccess || r.width == 0 || r.height == 0) {
        return error;
    }
    if (!stream->capture && is_pageable(m, r.from)) {
        auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(r.from),
                                                          static_cast<const char*>(r.from) + r.from_span());
        r.from = staged->data();
        return enqueue(m, *stream, [&m, r, staged] { copy_rectangle(m, r); });
    }
    const cudaError_t result = enqueue(m, *stream, [&m, r] { copy_rectangle(m, r); });
    if (!stream->capture && is_pageable(m, r.to)) {
        run_until(m, *stream, stream->issued);
        note_host_waited(*stream);
    }
    return result;
}

// The synchronous forms: on the default stream, done on return.
cudaError_t copy_and_wait(Machine& m, const Rectangle& r, cudaMemcpyKind kind) {
    const cudaError_t refused = refuse_in_capture(m);
    if (refused != cudaSuccess) {
        return refused;
    }
    const cudaError_t error = enqueue_copy(m, r, kind, nullptr);
    CUstream_st& stream = m.current().default_stream;
    run_until(m, stream, stream.issued);
    note_host_waited(stream);
    return error == cudaSuccess ? m.current().error : error;
}

Rectangle line(void* to, const void* from, size_t bytes) {
    return {to, bytes, from, bytes, bytes, 1};
}

cudaError_t enqueue_fill(Machine& m, void* p, int value, size_t bytes, cudaStream_t handle) {
    CUstream_st* stream = m.stream(handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (bytes == 0) {
        return cudaSuccess;
    }
    m.expect_own(*stream, p);
    if (is_pageable(m, p)) {
        report("host", "cudaMemset of memory that is not the device's");
        return cudaErrorInvalidValue;
    }
    if (!in_bounds(m, p, bytes, "cudaMemset")) {
        return cudaErrorInvalidValue;
    }
    return enqueue(m, *stream, [&m, p, value, bytes] {
        const OpenMemory open(m);
        check_copy_writes(p, bytes);
        std::memset(p, value, bytes);
        if (m.memory.is_device_address(p)) {
            check_host_wrote(p, bytes);
        }
    });
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    return api_call("cudaMemcpy", [=](Machine& m) { return copy_and_wait(m, line(to, from, bytes), kind); });
}

cudaError_t CUDARTAPI cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                      cudaStream_t stream) {
    return api_call("cudaMemcpyAsync",
                    [=](Machine& m) { return enqueue_copy(m, line(to, from, bytes), kind, stream); });
}

cudaError_t CUDARTAPI cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                   size_t width, size_t height, cudaMemcpyKind kind) {
    return api_call("cudaMemcpy2D", [=](Machine& m) {
        return copy_and_wait(m, {to, to_pitch, from, from_pitch, width, height}, kind);
    });
}

cudaError_t CUDARTAPI cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                                        size_t width, size_t height, cudaMemcpyKind kind,
                                        cudaStream_t stream) {
    return api_call("cudaMemcpy2DAsync", [=](Machine& m) {
        return enqueue_copy(m, {to, to_pitch, from, from_pitch, width, height}, kind, stream);
    });
}

cudaError_t CUDARTAPI cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device,
                                     size_t bytes) {
    return api_call("cudaMemcpyPeer", [=](Machine& m) {
        const auto count = static_cast<int>(m.devices.size());
        if (to_device < 0 || to_device >= count || from_device < 0 || from_device >= count) {
            return cudaErrorInvalidDevice;
        }
        run_all(m, to_device);
        run_all(m, from_device);
        return copy_and_wait(m, line(to, from, bytes), cudaMemcpyDeviceToDevice);
    });
}

cudaError_t CUDARTAPI cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device,
                                          size_t bytes, cudaStream_t stream) {
    return api_call("cudaMemcpyPeerAsync", [=](Machine& m) {
        const auto count = static_cast<int>(m.devices.size());
        if (to_device < 0 || to_device >= count || from_device < 0 || from_device >= count) {
            return cudaErrorInvalidDevice;
        }
        return enqueue_copy(m, line(to, from, bytes), cudaMemcpyDeviceToDevice, stream);
    });
}

cudaError_t CUDARTAPI cudaMemset(void* p, int value, size_t bytes) {
    return api_call("cudaMemset", [=](Machine& m) {
        const cudaError_t refused = refuse_in_capture(m);
        return refused == cudaSuccess ? enqueue_fill(m, p, value, bytes, nullptr) : refused;
    });
}

cudaError_t CUDARTAPI cudaMemsetAsync(void* p, int value, size_t bytes, cudaStream_t stream) {
    return api_call("cudaMemsetAsync", [=](Machine& m) { return enqueue_fill(m, p, value, bytes, stream); });
}

}  // extern "C"
#pragma GCC visibility pop
