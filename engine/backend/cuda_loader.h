// SPDX-License-Identifier: Apache-2.0
// Finds and loads the CUDA plugin, and says in words why a graphics card cannot be used. Engine thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

/// Why there is no CUDA backend.
struct CudaRefusal {
    std::string note;  ///< for the status line, in brackets behind the CPU: "CUDA: no NVIDIA driver"
    Error error;       ///< for a person who asked for CUDA
};

struct CudaSearch {
    /// Where the plugin may be, the first that is there counts.
    std::vector<std::filesystem::path> places;
    /// Memory that has to be free for a device to be of use at all.
    std::uint64_t least_bytes = std::uint64_t{512} << 20;
    std::vector<int> without = {};  ///< numbers of devices that are not to be taken
};
/// $TENDRIL_CUDA_PLUGIN alone where it is set (a file; empty: none); else beside the program and where it is
/// installed.
CudaSearch default_cuda_search();

/// The backend on the device with the most free memory. The plugin stays loaded until the process ends.
tl::expected<std::unique_ptr<Backend>, CudaRefusal> load_cuda_backend(const CudaSearch& search);

/// What has to be the same in program and plugin.
const char* cuda_build_name();

}  // namespace tendril::engine
