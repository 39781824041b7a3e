// SPDX-License-Identifier: Apache-2.0
// Launches: their limits are checked as the driver does, then they go to their stream.
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "tests/cuda/emulator/api/machine.h"
#include "tests/cuda/emulator/ptx_entries.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/run_launch.h"

namespace tendril::emulator {

namespace {

constexpr size_t kDefaultShared = 48 * 1024;
constexpr int kAssumedRegisters = 64;  // per thread: nvcc's numbers are a test of their own
constexpr int kRegistersPerProcessor = 65536;

struct LaunchRequest {
    const void* kernel;
    dim3 grid, block;
    size_t shared_bytes;
    cudaStream_t stream;
    bool cooperative;
};

int blocks_per_processor(const Device& device, int threads, size_t shared_bytes) {
    const ArchLimits& limits = limits_of(device.description.arch);
    const int rounded = std::max(1, (threads + 31) / 32 * 32);
    int blocks = std::min(limits.blocks_per_processor, limits.threads_per_processor / rounded);
    blocks = std::min(blocks, kRegistersPerProcessor / (rounded * kAssumedRegisters));
    const size_t per_block = shared_bytes + (limits.arch >= 800 ? 1024 : 0);
    return per_block == 0 ? blocks
                          : std::min(blocks, static_cast<int>(limits.shared_per_processor / per_block));
}

cudaError_t verify(const Machine& m, const Device& device, const LaunchRequest& r) {
    const uint64_t threads = uint64_t{r.block.x} * r.block.y * r.block.z;
    constexpr unsigned kMaxYz = 65535, kMaxX = 0x7fffffff;
    const bool grid_fits = r.grid.x - 1 < kMaxX && r.grid.y - 1 < kMaxYz && r.grid.z - 1 < kMaxYz;
    if (threads == 0 || threads > kMaxThreads || r.block.z > 64 || !grid_fits) {
        return cudaErrorInvalidConfiguration;
    }
    const auto allowed = m.dynamic_shared_allowed.find(r.kernel);
    if (r.shared_bytes > (allowed == m.dynamic_shared_allowed.end() ? kDefaultShared : allowed->second)) {
        return cudaErrorInvalidValue;
    }
    if (threads % kWarpLanes != 0) {
        report("launch",
               "a block of " + std::to_string(threads) + " threads, which is no whole number of warps");
    }
    const int blocks = blocks_per_processor(device, static_cast<int>(threads), r.shared_bytes);
    const auto resident =
        static_cast<uint64_t>(blocks) * static_cast<uint64_t>(device.description.processors);
    if (r.cooperative && uint64_t{r.grid.x} * r.grid.y * r.grid.z > resident) {
        return cudaErrorCooperativeLaunchTooLarge;
    }
    return cudaSuccess;
}

void execute(Machine& m, Device& device, const KernelLaunch& launch) {
    if (device.error != cudaSuccess) {
        return;
    }
    if (device.launches_until_lost > 0 && --device.launches_until_lost == 0) {
        device.error = device.lost_error;
        device.lost = true;
        return;
    }
    const OpenMemory open(m);
    if (!run_launch(launch)) {
        device.error = cudaErrorLaunchFailure;
    }
}

void copy_arguments(KernelLaunch& launch, const KernelSignature& signature, const void* const* arguments) {
    std::vector<size_t> offsets(signature.argument_count);
    size_t bytes = 0;
    for (size_t i = 0; i < signature.argument_count; ++i) {
        offsets[i] = bytes;
        bytes += (signature.argument_bytes[i] + 15) / 16 * 16;
    }
    launch.argument_bytes.resize(bytes);
    for (size_t i = 0; i < signature.argument_count; ++i) {
        std::memcpy(launch.argument_bytes.data() + offsets[i], arguments[i], signature.argument_bytes[i]);
        launch.arguments.push_back(launch.argument_bytes.data() + offsets[i]);
    }
}

cudaError_t launch_kernel(Machine& m, const LaunchRequest& r, const KernelSignature& signature,
                          const void* const* arguments) {
    CUstream_st* stream = m.stream(r.stream);
    if (stream == nullptr || stream->device != current_device()) {
        return cudaErrorInvalidResourceHandle;
    }
    Device& device = m.current();
    const cudaError_t error = verify(m, device, r);
    if (error != cudaSuccess) {
        return error;
    }
    const auto launch = std::make_shared<KernelLaunch>();
    launch->kernel = r.kernel;
    launch->call = signature.call;
    if (settings().tier == Tier::kPtx) {
        const PtxEntry entry = find_ptx_entry(r.kernel, settings().ptx_arch);
        if (entry == nullptr) {
            return cudaErrorNoKernelImageForDevice;
        }
        launch->kernel = reinterpret_cast<const void*>(entry);
        launch->call = [](const void* kernel, const void* const* values) {
            reinterpret_cast<PtxEntry>(const_cast<void*>(kernel))(values);
        };
    }
    launch->grid = r.grid;
    launch->block = r.block;
    launch->shared_bytes = r.shared_bytes;
    launch->cooperative = r.cooperative;
    launch->device = stream->device;
    copy_arguments(*launch, signature, arguments);
    return enqueue(
        m, *stream, [&m, &device, launch] { execute(m, device, *launch); }, true);
}

// Launches by name of the function alone need to know its arguments: from an earlier launch through port.h.
cudaError_t launch_known(const char* function, const LaunchRequest& r, void** arguments) {
    return api_call(function, [&](Machine& m) {
        const auto known = m.kernels.find(r.kernel);
        if (known == m.kernels.end()) {
            report("emulator", std::string(function) + " of a kernel that port.h has not launched before");
            return cudaErrorInvalidDeviceFunction;
        }
        return launch_kernel(m, r, known->second, arguments);
    });
}

}  // namespace

cudaError_t enqueue_kernel(const void* kernel, const KernelSignature& signature, dim3 grid, dim3 block,
                           size_t shared_bytes, cudaStream_t stream, bool cooperative,
                           const void* const* arguments) {
    return api_call("cudaLaunchKernelExC", [&](Machine& m) {
        m.kernels.insert_or_assign(kernel, signature);
        return launch_kernel(m, {kernel, grid, block, shared_bytes, stream, cooperative}, signature,
                             arguments);
    });
}

}  // namespace tendril::emulator

using namespace tendril::emulator;

#pragma GCC visibility push(default)
extern "C" {

cudaError_t CUDARTAPI cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                                       size_t shared_bytes, cudaStream_t stream) {
    return launch_known("cudaLaunchKernel", {kernel, grid, block, shared_bytes, stream, false}, arguments);
}
cudaError_t CUDARTAPI cudaLaunchCooperativeKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                                                  size_t shared_bytes, cudaStream_t stream) {
    return launch_known("cudaLaunchCooperativeKernel", {kernel, grid, block, shared_bytes, stream, true},
                        arguments);
}
cudaError_t CUDARTAPI cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* kernel,
                                          void** arguments) {
    bool cooperative = false;
    for (unsigned i = 0; i < config->numAttrs; ++i) {
        const cudaLaunchAttribute& attribute = config->attrs[i];
        cooperative |= attribute.id == cudaLaunchAttributeCooperative && attribute.val.cooperative != 0;
    }
    return launch_known(
        "cudaLaunchKernelExC",
        {kernel, config->gridDim, config->blockDim, config->dynamicSmemBytes, config->stream, cooperative},
        arguments);
}

cudaError_t CUDARTAPI cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    return api_call("cudaFuncSetAttribute", [=](Machine& m) {
        if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) {
            return cudaSuccess;
        }
        if (value < 0 ||
            static_cast<size_t>(value) > limits_of(m.current().description.arch).shared_per_block) {
            return cudaErrorInvalidValue;
        }
        m.dynamic_shared_allowed[kernel] = static_cast<size_t>(value);
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
    return api_call("cudaFuncGetAttributes", [=](Machine& m) {
        const auto allowed = m.dynamic_shared_allowed.find(kernel);
        *attributes = {};
        attributes->maxThreadsPerBlock = kMaxThreads;
        attributes->numRegs = kAssumedRegisters;
        attributes->binaryVersion = attributes->ptxVersion = m.current().description.arch / 10;
        attributes->maxDynamicSharedSizeBytes =
            static_cast<int>(allowed == m.dynamic_shared_allowed.end() ? kDefaultShared : allowed->second);
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*,
                                                                             int threads, size_t shared_bytes,
                                                                             unsigned) {
    return api_call("cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags", [=](Machine& m) {
        if (threads <= 0) {
            return cudaErrorInvalidValue;
        }
        *blocks = threads > static_cast<int>(kMaxThreads)
                      ? 0
                      : blocks_per_processor(m.current(), threads, shared_bytes);
        return cudaSuccess;
    });
}
cudaError_t CUDARTAPI cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                                    int threads, size_t shared_bytes) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, kernel, threads, shared_bytes, 0);
}

}  // extern "C"
#pragma GCC visibility pop
