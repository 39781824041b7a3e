// SPDX-License-Identifier: Apache-2.0
// The sub-layers of a transformer (fused_ops.h) as one launch each, for steps of 1 to 8 rows of quantised
// weights; the same bits as their parts. Engine thread.
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/cuda_matmul.h"
#include "engine/backend/cuda/cuda_pages.h"
#include "engine/backend/cuda/step_tables.h"

namespace tendril::cuda {

/// Each is false, and has done nothing, where the parts have to be called.
class CudaSublayers {
  public:
    CudaSublayers(Launcher& launcher, StepUploads& uploads, CudaMatmul& matmul, std::uint32_t multiprocessors)
        : launcher_(launcher), uploads_(uploads), matmul_(matmul), multiprocessors_(multiprocessors) {}

    Status reserve();
    bool project_heads(const CudaPages& pages, const engine::HeadProjection& heads,
                       const engine::StepPlan& plan);
    bool project_residual(const engine::Residual& residual);
    bool project_gated(const engine::GatedProjection& gated);
    bool project_logits(const engine::LogitProjection& logits);

  private:
    bool take(VectorArgs& args, const engine::NormedRows& in, std::span<const engine::Product> products);
    bool run(const VectorArgs& args, const char* doing);

    Launcher& launcher_;
    StepUploads& uploads_;
    CudaMatmul& matmul_;
    std::uint32_t multiprocessors_;
    DeviceMemory arrived_;
};

}  // namespace tendril::cuda
