// SPDX-License-Identifier: Apache-2.0
// The CUDA backend: every op of backend.h as kernels on one stream of one device; download() waits for them.
// Engine thread. Linked into the plugin (plugin.cpp), and into the tests with the emulator in place of the
// CUDA runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/backend/backend.h"

namespace tendril::cuda {

struct CudaOptions {
    int device = 0;
    /// By which attention decides whether to split a row's chunks over blocks; 0: as many as the device has.
    std::uint32_t multiprocessors = 0;
};

/// A device that the backend can run on, or why not.
struct DeviceReport {
    std::string name;
    int device = 0;
    int major = 0, minor = 0;
    std::size_t free_bytes = 0, total_bytes = 0;
};
/// Looks at the driver and at a device; errors are sentences for the status line.
Result<DeviceReport> probe_device(int device);

Result<std::unique_ptr<engine::Backend>> make_cuda_backend(const CudaOptions& options = {});

}  // namespace tendril::cuda
