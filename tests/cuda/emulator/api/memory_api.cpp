// SPDX-License-Identifier: Apache-2.0
// cudaMalloc and its kin.
#include <algorithm>
#include <cstring>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

namespace {

size_t free_bytes(const Machine& m, const Device& device, int number) {
    const size_t taken = device.description.used_by_others + m.memory.live_bytes(number);
    return device.description.memory - std::min(device.description.memory, taken);
}

cudaError_t allocate(Machine& m, void** p, size_t bytes) {
    if (p == nullptr) {
        return cudaErrorInvalidValue;
    }
    *p = nullptr;
    if (bytes == 0) {
        return cudaSuccess;
    }
    CallFault& fault = m.allocation_fault;
    const bool fails = fault.error != cudaSuccess && --fault.remaining <= 0;
    if (fails && !fault.always) {
        fault.error = cudaSuccess;
    }
    const size_t free = free_bytes(m, m.current(), current_device());
    if (fails || bytes > free - std::min(free, m.current().description.hidden)) {
        return cudaErrorMemoryAllocation;
    }
    const OpenMemory open(m);
    *p = m.memory.allocate(Place::kDevice, current_device(), bytes);
    return *p == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t free_device(Machine& m, void* p) {
    if (p == nullptr) {
        return cudaSuccess;
    }
    const Allocation* allocation = m.memory.find(p);
    if (allocation != nullptr && allocation->place == Place::kDevice) {
        run_all(m, allocation->device);
    }
    if (m.memory.free(p, Place::kDevice) == nullptr) {
        report("host", "cudaFree of what is not allocated device memory, or was freed before");
        return cudaErrorInvalidValue;
    }
    return cudaSuccess;
}

cudaError_t allocate_pinned(Machine& m, void** p, size_t bytes) {
    const bool fits = bytes <= m.pinned - std::min(m.pinned, m.memory.live_pinned());
    *p = bytes == 0 || !fits ? nullptr : m.memory.allocate(Place::kPinned, 0, bytes);
    return *p == nullptr && bytes != 0 ? cudaErrorMemoryAllocation : cudaSuccess;
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaMalloc(void** p, size_t bytes) {
    return api_call("cudaMalloc", [=](Machine& m) {
        const cudaError_t refused = refuse_in_capture(m);
        return refused == cudaSuccess ? allocate(m, p, bytes) : refused;
    });
}

cudaError_t CUDARTAPI cudaFree(void* p) {
    return api_call("cudaFree", [=](Machine& m) {
        const cudaError_t refused = refuse_in_capture(m);
        return refused == cudaSuccess ? free_device(m, p) : refused;
    });
}

cudaError_t CUDARTAPI cudaMallocAsync(void** p, size_t bytes, cudaStream_t stream) {
    return api_call("cudaMallocAsync", [=](Machine& m) {
        return m.stream(stream) == nullptr ? cudaErrorInvalidResourceHandle : allocate(m, p, bytes);
    });
}

cudaError_t CUDARTAPI cudaFreeAsync(void* p, cudaStream_t handle) {
    return api_call("cudaFreeAsync", [=](Machine& m) {
        CUstream_st* stream = m.stream(handle);
        if (stream == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        return enqueue(m, *stream, [&m, p] {
            if (p != nullptr && m.memory.free(p, Place::kDevice) == nullptr) {
                report("host", "cudaFreeAsync of what is not allocated device memory, or was freed before");
            }
        });
    });
}

cudaError_t CUDARTAPI cudaMallocHost(void** p, size_t bytes) {
    return api_call("cudaMallocHost", [=](Machine& m) { return allocate_pinned(m, p, bytes); });
}

cudaError_t CUDARTAPI cudaHostAlloc(void** p, size_t bytes, unsigned) {
    return api_call("cudaHostAlloc", [=](Machine& m) { return allocate_pinned(m, p, bytes); });
}

cudaError_t CUDARTAPI cudaFreeHost(void* p) {
    return api_call("cudaFreeHost", [=](Machine& m) {
        if (p == nullptr) {
            return cudaSuccess;
        }
        for (size_t device = 0; device < m.devices.size(); ++device) {
            run_all(m, static_cast<int>(device));
        }
        if (m.memory.free(p, Place::kPinned) == nullptr) {
            report("host", "cudaFreeHost of what is not allocated pinned memory, or was freed before");
            return cudaErrorInvalidValue;
        }
        return cudaSuccess;
    });
}

cudaError_t CUDARTAPI cudaHostRegister(void* p, size_t bytes, unsigned) {
    return api_call("cudaHostRegister", [=](Machine& m) {
        const Allocation* known = m.memory.find(p);
        if (known != nullptr && known->live) {
            return cudaErrorHostMemoryAlreadyRegistered;
        }
        m.memory.register_host(p, bytes);
        return cudaSuccess;
    });
}

cudaError_t CUDARTAPI cudaHostUnregister(void* p) {
    return api_call("cudaHostUnregister", [=](Machine& m) {
        return m.memory.free(p, Place::kRegistered) == nullptr ? cudaErrorHostMemoryNotRegistered
                                                               : cudaSuccess;
    });
}

cudaError_t CUDARTAPI cudaHostGetDevicePointer(void** device, void* host, unsigned) {
    return api_call("cudaHostGetDevicePointer", [=](Machine& m) {
        const Allocation* allocation = m.memory.find(host);
        if (allocation == nullptr || !allocation->live || allocation->place == Place::kDevice) {
            return cudaErrorInvalidValue;
        }
        *device = host;
        return cudaSuccess;
    });
}

cudaError_t CUDARTAPI cudaMemGetInfo(size_t* free, size_t* total) {
    return api_call("cudaMemGetInfo", [=](Machine& m) {
        *free = free_bytes(m, m.current(), current_device());
        *total = m.current().description.memory;
        return cudaSuccess;
    });
}

cudaError_t CUDARTAPI cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* p) {
    return api_call("cudaPointerGetAttributes", [=](Machine& m) {
        *attributes = {};
        const Allocation* allocation = m.memory.find(p);
        if (allocation == nullptr || !allocation->live) {
            attributes->type = cudaMemoryTypeUnregistered;
            attributes->hostPointer = const_cast<void*>(p);
            attributes->device = -2;  // as the runtime says
            return cudaSuccess;
        }
        const bool device = allocation->place == Place::kDevice;
        attributes->type = device ? cudaMemoryTypeDevice : cudaMemoryTypeHost;
        attributes->device = allocation->device;
        attributes->devicePointer = const_cast<void*>(p);
        attributes->hostPointer = device ? nullptr : const_cast<void*>(p);
        return cudaSuccess;
    });
}

}  // extern "C"
#pragma GCC visibility pop
