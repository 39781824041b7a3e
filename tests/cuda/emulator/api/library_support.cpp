// SPDX-License-Identifier: Apache-2.0
// Work of stand-in libraries.
#include "tests/cuda/emulator/library_support.h"

#include <string>
#include <utility>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

cudaError_t enqueue_library_work(cudaStream_t handle, std::function<void()> work) {
    return api_call("a library's work", [&](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        const Device* device = m.devices[static_cast<size_t>(stream->device)].get();
        const auto run = [&m, device, work = std::move(work)] {
            if (device->error == cudaSuccess) {
                const OpenMemory open(m);
                work();
            }
        };
        return enqueue(m, *stream, run, true);
    });
}

bool is_device_memory(const void* p, size_t bytes) {
    const Allocation* allocation = machine().memory.find(p);
    return bytes == 0 || (allocation != nullptr && allocation->live && allocation->place == Place::kDevice &&
                          allocation->contains(p, bytes));
}

void library_reads(const void* p, size_t bytes, const char* what) {
    if (!check_has_value(p, bytes)) {
        report("uninitialised", std::string(what) + " has bytes that nothing was written to");
    }
}

void library_writes(const void* p, size_t bytes) {
    check_host_wrote(p, bytes);
}

}  // namespace tendril::emulator
