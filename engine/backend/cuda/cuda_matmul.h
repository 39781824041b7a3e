// SPDX-License-Identifier: Apache-2.0
// Products of a group: rounds the input once, then one launch for each four quantised products, by the number
// of rows. Engine thread.
#pragma once

#include <optional>
#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/cuda_blas.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

class CudaMatmul {
  public:
    CudaMatmul(Launcher& launcher, std::uint32_t stages) : launcher_(launcher), stages_(stages) {}

    /// For products of many rows; null: our own kernels. Must outlive this.
    void use(CudaBlas* blas) { blas_ = blas; }
    Status reserve(std::size_t rows, std::size_t width);
    void run(engine::Rows in, std::span<const engine::Product> products);

    // Up to 8 rows that another kernel has rounded for the next product, or is to.
    /// Where the rounded rows go; nothing when there is no memory.
    std::optional<QuantisedRows> place_for(engine::Rows rows);
    /// The launch before this call has rounded these rows to their place.
    void note_quantised(engine::Rows rows) { quantised_ = {rows, launcher_.work()}; }
    /// The rows as they were rounded by the launch before, or now.
    std::optional<QuantisedRows> quantised(engine::Rows rows);

  private:
    void run_quantised(engine::Rows in, std::span<const engine::Product> products);

    Launcher& launcher_;
    std::uint32_t stages_;
    CudaBlas* blas_ = nullptr;
    DeviceMemory values_, records_;
    struct Quantised {
        engine::Rows rows;
        std::uint64_t work = 0;  ///< of the launcher, behind it: anything that is done later ends it
    };
    Quantised quantised_;
};

ProductPlanes planes_of(const engine::Product& product);

}  // namespace tendril::cuda
