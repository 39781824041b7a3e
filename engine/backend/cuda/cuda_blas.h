// SPDX-License-Identifier: Apache-2.0
// Products of many rows by cuBLAS, when a person asks for it (TENDRIL_CUBLAS=1, or a library's path) and it
// is installed: weights and activations as halves, sums in float. Not the default: a row's bits then depend
// on how many rows a step has, so that what was read in a long step differs in the last bits from what is
// read in a short one. The library is loaded at run time and never linked. Engine thread.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

class CudaBlas {
  public:
    static constexpr std::size_t kLeastRows = 64;  ///< fewer are faster by our own tiles

    /// Null when nobody asked for it, or it cannot be used; then `note` says why, or is empty.
    static std::unique_ptr<CudaBlas> open(Launcher& launcher, std::string& note);
    ~CudaBlas();
    CudaBlas(const CudaBlas&) = delete;
    CudaBlas& operator=(const CudaBlas&) = delete;

    Status reserve(std::size_t max_rows, std::size_t max_width);
    /// out = in · weightᵀ + bias, of any type of weight. Not within a step that is held back.
    void run(engine::Rows in, const ProductPlanes& product);

  private:
    struct Library;
    CudaBlas(Launcher& launcher, std::unique_ptr<Library> library);

    Launcher& launcher_;
    std::unique_ptr<Library> library_;
    DeviceMemory weight_, rows_;  // as halves: some outputs of a weight at a time; all rows
};

}  // namespace tendril::cuda
