// SPDX-License-Identifier: Apache-2.0
// Products of a group: rounds the input once, then one launch for each four quantised products, by the number
// of rows. Engine thread.
#pragma once

#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

class CudaMatmul {
  public:
    CudaMatmul(Launcher& launcher, std::uint32_t stages) : launcher_(launcher), stages_(stages) {}

    Status reserve(std::size_t rows, std::size_t width);
    void run(engine::Rows in, std::span<const engine::Product> products);

  private:
    void run_quantised(engine::Rows in, std::span<const engine::Product> products);

    Launcher& launcher_;
    std::uint32_t stages_;
    DeviceMemory values_, records_;
};

}  // namespace tendril::cuda
