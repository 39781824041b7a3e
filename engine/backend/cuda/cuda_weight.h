// SPDX-License-Identifier: Apache-2.0
// A weight matrix in device memory, packed anew from the file's blocks (weight_planes.h). Engine thread.
#pragma once

#include <cstddef>
#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/weight_planes.h"

namespace tendril::cuda {

/// Where each plane begins in the weight's memory, and how large all are.
struct PlaneOffsets {
    std::size_t quants = 0;
    std::size_t high = 0;
    std::size_t scales = 0;
    std::size_t supers = 0;
    std::size_t total = 0;
};
PlaneOffsets plane_offsets(DataType type, std::size_t rows, std::size_t columns);

class CudaWeight final : public engine::Weight {
  public:
    /// Packs and uploads a checked source, a few megabytes at a time, on `stream`; done when it returns.
    static Result<std::unique_ptr<CudaWeight>> make(const engine::WeightSource& source, cudaStream_t stream);

    std::size_t rows() const override { return planes_.rows; }
    std::size_t columns() const override { return columns_; }
    std::size_t bytes() const override { return memory_.size(); }
    bool borrows_source() const override { return false; }
    const WeightPlanes& planes() const { return planes_; }

  private:
    CudaWeight() = default;
    DeviceMemory memory_;
    WeightPlanes planes_;
    std::size_t columns_ = 0;
};

}  // namespace tendril::cuda
