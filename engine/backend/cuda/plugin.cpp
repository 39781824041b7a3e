// SPDX-License-Identifier: Apache-2.0
// The plugin's side of engine/backend/cuda_plugin.h. Engine thread.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>

#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/cuda_error.h"
#include "engine/backend/cuda_plugin.h"

namespace tendril::cuda {
namespace {

constexpr std::int32_t kDriverNeeded =
    CUDART_VERSION / 1000 * 1000;  // drivers serve all runtimes of their major version

template <std::size_t N>
void put(char (&to)[N], const std::string& text) {
    const std::size_t count = std::min(text.size(), N - 1);
    std::memcpy(to, text.data(), count);
    to[count] = '\0';
}

std::int32_t tell(const Error& from, TendrilCudaError* to) {
    to->code = static_cast<std::int32_t>(from.code);
    put(to->message, from.message);
    put(to->detail, from.detail);
    return -1;
}

std::int32_t driver_version() {
    int version = 0;
    return cudaDriverGetVersion(&version) == cudaSuccess ? version : 0;
}

std::int32_t count(std::int32_t* devices, TendrilCudaError* error) {
    const Status status = check(cudaGetDeviceCount(devices), "looking for graphics cards");
    return status ? 0 : tell(status.error(), error);
}

std::int32_t probe(std::int32_t device, TendrilCudaDevice* to, TendrilCudaError* error) {
    const Result<DeviceReport> report = probe_device(device);
    if (!report) {
        return tell(report.error(), error);
    }
    put(to->name, report->name);
    to->free_bytes = report->free_bytes;
    to->total_bytes = report->total_bytes;
    to->major = report->major;
    to->minor = report->minor;
    return 0;
}

void* create(std::int32_t device, TendrilCudaError* error) {
    Result<std::unique_ptr<engine::Backend>> backend =
        make_cuda_backend({.device = device, .multiprocessors = 0});
    if (!backend) {
        tell(backend.error(), error);
        return nullptr;
    }
    return backend->release();
}

constexpr TendrilCudaPlugin kPlugin = {
    TENDRIL_CUDA_PLUGIN_ABI, TENDRIL_CUDA_BUILD, driver_version, kDriverNeeded, count, probe, create};

}  // namespace
}  // namespace tendril::cuda

extern "C" __attribute__((visibility("default"))) const TendrilCudaPlugin* tendril_cuda_plugin() {
    return &tendril::cuda::kPlugin;
}
