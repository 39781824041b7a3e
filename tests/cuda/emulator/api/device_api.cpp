// SPDX-License-Identifier: Apache-2.0
// Devices and their properties, versions, peers.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests/cuda/emulator/api/machine.h"

namespace tendril::emulator {

namespace {

bool is_device(const Machine& m, int device) {
    return device >= 0 && static_cast<size_t>(device) < m.devices.size();
}

cudaError_t with_device(const char* function, int device,
                        const std::function<cudaError_t(Machine&, Device&)>& body) {
    return api_query(function, [&](Machine& m) {
        if (m.driver_version < CUDART_VERSION / 1000 * 1000) {
            return cudaErrorInsufficientDriver;
        }
        if (m.devices.empty()) {
            return cudaErrorNoDevice;
        }
        return is_device(m, device) ? body(m, *m.devices[static_cast<size_t>(device)])
                                    : cudaErrorInvalidDevice;
    });
}

void describe(const DeviceDescription& device, int number, cudaDeviceProp& p) {
    const ArchLimits& limits = limits_of(device.arch);
    p = {};
    std::snprintf(p.name, sizeof p.name, "%s", device.name.c_str());
    p.totalGlobalMem = device.memory;
    p.sharedMemPerBlock = 48 * 1024;
    p.sharedMemPerBlockOptin = limits.shared_per_block;
    p.sharedMemPerMultiprocessor = limits.shared_per_processor;
    p.reservedSharedMemPerBlock = device.arch >= 800 ? 1024 : 0;
    p.regsPerBlock = p.regsPerMultiprocessor = 65536;
    p.warpSize = static_cast<int>(kWarpLanes);
    p.memPitch = 0x7fffffff;
    p.maxThreadsPerBlock = static_cast<int>(kMaxThreads);
    p.maxThreadsPerMultiProcessor = limits.threads_per_processor;
    p.maxBlocksPerMultiProcessor = limits.blocks_per_processor;
    p.maxThreadsDim[0] = p.maxThreadsDim[1] = static_cast<int>(kMaxThreads);
    p.maxThreadsDim[2] = 64;
    p.maxGridSize[0] = 0x7fffffff;
    p.maxGridSize[1] = p.maxGridSize[2] = 65535;
    p.totalConstMem = 64 * 1024;
    p.major = device.arch / 100;
    p.minor = device.arch / 10 % 10;
    p.multiProcessorCount = device.processors;
    p.textureAlignment = 512;
    p.pciBusID = number + 1;
    p.l2CacheSize = 4 * 1024 * 1024;
    p.memoryBusWidth = 256;
    p.asyncEngineCount = 2;
    p.canMapHostMemory = p.concurrentKernels = p.unifiedAddressing = p.cooperativeLaunch = 1;
    p.streamPrioritiesSupported = p.hostRegisterSupported = p.memoryPoolsSupported =
        p.unifiedFunctionPointers = 1;
    p.uuid.bytes[15] = static_cast<char>(number + 1);
}

// The attributes that are a field of the properties.
bool attribute_of(const cudaDeviceProp& p, cudaDeviceAttr attribute, int& value) {
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock:
            value = p.maxThreadsPerBlock;
            return true;
        case cudaDevAttrMaxSharedMemoryPerBlock:
            value = static_cast<int>(p.sharedMemPerBlock);
            return true;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin:
            value = static_cast<int>(p.sharedMemPerBlockOptin);
            return true;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
            value = static_cast<int>(p.sharedMemPerMultiprocessor);
            return true;
        case cudaDevAttrReservedSharedMemoryPerBlock:
            value = static_cast<int>(p.reservedSharedMemPerBlock);
            return true;
        case cudaDevAttrWarpSize:
            value = p.warpSize;
            return true;
        case cudaDevAttrMaxRegistersPerBlock:
            value = p.regsPerBlock;
            return true;
        case cudaDevAttrMaxRegistersPerMultiprocessor:
            value = p.regsPerMultiprocessor;
            return true;
        case cudaDevAttrMultiProcessorCount:
            value = p.multiProcessorCount;
            return true;
        case cudaDevAttrMaxThreadsPerMultiProcessor:
            value = p.maxThreadsPerMultiProcessor;
            return true;
        case cudaDevAttrMaxBlocksPerMultiprocessor:
            value = p.maxBlocksPerMultiProcessor;
            return true;
        case cudaDevAttrComputeCapabilityMajor:
            value = p.major;
            return true;
        case cudaDevAttrComputeCapabilityMinor:
            value = p.minor;
            return true;
        case cudaDevAttrCooperativeLaunch:
            value = p.cooperativeLaunch;
            return true;
        case cudaDevAttrL2CacheSize:
            value = p.l2CacheSize;
            return true;
        case cudaDevAttrGlobalMemoryBusWidth:
            value = p.memoryBusWidth;
            return true;
        case cudaDevAttrMemoryClockRate:
            value = 1000000;
            return true;  // kHz
        case cudaDevAttrClockRate:
            value = 1000000;
            return true;
        case cudaDevAttrAsyncEngineCount:
            value = p.asyncEngineCount;
            return true;
        case cudaDevAttrUnifiedAddressing:
            value = p.unifiedAddressing;
            return true;
        case cudaDevAttrCanMapHostMemory:
            value = p.canMapHostMemory;
            return true;
        case cudaDevAttrHostRegisterSupported:
            value = p.hostRegisterSupported;
            return true;
        case cudaDevAttrMemoryPoolsSupported:
            value = p.memoryPoolsSupported;
            return true;
        case cudaDevAttrPciBusId:
            value = p.pciBusID;
            return true;
        case cudaDevAttrMaxGridDimX:
            value = p.maxGridSize[0];
            return true;
        case cudaDevAttrMaxGridDimY:
            value = p.maxGridSize[1];
            return true;
        case cudaDevAttrMaxGridDimZ:
            value = p.maxGridSize[2];
            return true;
        case cudaDevAttrIntegrated:
            value = 0;
            return true;
        case cudaDevAttrManagedMemory:
            value = 0;
            return true;
        default:
            return false;
    }
}

}  // namespace

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaGetDeviceCount(int* count) {
    return api_query("cudaGetDeviceCount", [=](Machine& m) {
        *count = 0;
        if (m.driver_version < CUDART_VERSION / 1000 * 1000) {
            return cudaErrorInsufficientDriver;
        }
        *count = static_cast<int>(m.devices.size());
        return m.devices.empty() ? cudaErrorNoDevice : cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaDriverGetVersion(int* version) {
    return api_query("cudaDriverGetVersion", [=](Machine& m) {
        *version = m.driver_version;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaRuntimeGetVersion(int* version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}
cudaError_t CUDARTAPI cudaSetDevice(int device) {
    return with_device("cudaSetDevice", device, [=](Machine&, Device&) {
        current_device() = device;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaInitDevice(int device, unsigned, unsigned) {
    return with_device("cudaInitDevice", device, [](Machine&, Device& d) { return d.error; });
}
cudaError_t CUDARTAPI cudaGetDevice(int* device) {
    return with_device("cudaGetDevice", current_device(), [=](Machine&, Device&) {
        *device = current_device();
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    return with_device("cudaGetDeviceProperties", device, [=](Machine&, Device& d) {
        describe(d.description, device, *properties);
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    return with_device("cudaDeviceGetAttribute", device, [=](Machine&, Device& d) {
        cudaDeviceProp properties;
        describe(d.description, device, properties);
        return attribute_of(properties, attribute, *value) ? cudaSuccess : cudaErrorInvalidValue;
    });
}
cudaError_t CUDARTAPI cudaDeviceGetPCIBusId(char* text, int bytes, int device) {
    return with_device("cudaDeviceGetPCIBusId", device, [=](Machine&, Device&) {
        const int written = std::snprintf(text, static_cast<size_t>(bytes), "0000:%02x:00.0", device + 1);
        return written < bytes ? cudaSuccess : cudaErrorInvalidValue;
    });
}
cudaError_t CUDARTAPI cudaDeviceSynchronize() {
    return api_call("cudaDeviceSynchronize", [](Machine& m) {
        const cudaError_t refused = refuse_in_capture(m);
        run_all(m, current_device());
        return refused == cudaSuccess ? m.current().error : refused;
    });
}
cudaError_t CUDARTAPI cudaDeviceReset() {
    return with_device("cudaDeviceReset", current_device(), [](Machine& m, Device& d) {
        if (d.lost) {
            return d.error;
        }
        run_all(m, current_device());
        d.error = cudaSuccess;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaSetDeviceFlags(unsigned) {
    return api_call("cudaSetDeviceFlags", [](Machine&) { return cudaSuccess; });
}
cudaError_t CUDARTAPI cudaDeviceSetLimit(cudaLimit, size_t) {
    return api_call("cudaDeviceSetLimit", [](Machine&) { return cudaSuccess; });
}
cudaError_t CUDARTAPI cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
    return api_call("cudaDeviceGetStreamPriorityRange", [=](Machine&) {
        *least = 0;
        *greatest = -5;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaDeviceCanAccessPeer(int* can, int device, int peer) {
    return with_device("cudaDeviceCanAccessPeer", device, [=](Machine& m, Device& d) {
        if (!is_device(m, peer)) {
            return cudaErrorInvalidDevice;
        }
        *can =
            device != peer && d.description.peers && m.devices[static_cast<size_t>(peer)]->description.peers;
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaDeviceEnablePeerAccess(int peer, unsigned flags) {
    return api_call("cudaDeviceEnablePeerAccess", [=](Machine& m) {
        if (!is_device(m, peer) || peer == current_device() || flags != 0) {
            return cudaErrorInvalidDevice;
        }
        Device& d = m.current();
        if (!d.description.peers || !m.devices[static_cast<size_t>(peer)]->description.peers) {
            return cudaErrorPeerAccessUnsupported;
        }
        return d.peers.insert(peer).second ? cudaSuccess : cudaErrorPeerAccessAlreadyEnabled;
    });
}
cudaError_t CUDARTAPI cudaDeviceDisablePeerAccess(int peer) {
    return api_call("cudaDeviceDisablePeerAccess", [=](Machine& m) {
        return m.current().peers.erase(peer) == 1 ? cudaSuccess : cudaErrorPeerAccessNotEnabled;
    });
}

}  // extern "C"
#pragma GCC visibility pop
