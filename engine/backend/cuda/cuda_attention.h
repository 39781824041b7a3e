// SPDX-License-Identifier: Apache-2.0
// Attention of a step: which blocks there are, and whether the chunks of a row are split over several. Engine
// thread.
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/cuda_pages.h"
#include "engine/backend/cuda/step_tables.h"

namespace tendril::cuda {

/// What one position turns each pair by, in device memory.
class CudaRope final : public engine::RopeTable {
  public:
    static Result<std::unique_ptr<CudaRope>> make(const engine::RopeSettings& settings, std::size_t head_size,
                                                  Launcher& launcher);
    RopeAngles angles() const { return {turns_.data<double>(), magnitude_, adjacent_}; }

  private:
    CudaRope() = default;
    DeviceMemory turns_;
    float magnitude_ = 1.0F;
    std::uint32_t adjacent_ = 0;
};

class CudaAttention {
  public:
    CudaAttention(Launcher& launcher, StepUploads& uploads, std::uint32_t multiprocessors)
        : launcher_(launcher), uploads_(uploads), enough_blocks_(2 * multiprocessors) {}

    Status reserve();
    /// `quantised`: where `out` also goes rounded; heads are whole blocks of 32 then.
    void run(const CudaPages& pages, const engine::AttentionSettings& settings, const engine::StepPlan& plan,
             engine::Rows q, engine::Rows out, const QuantisedRows& quantised);

  private:
    Launcher& launcher_;
    StepUploads& uploads_;
    std::uint32_t enough_blocks_;  ///< with as many the chunks of a row are not split
    DeviceMemory partials_, arrived_;
};

}  // namespace tendril::cuda
