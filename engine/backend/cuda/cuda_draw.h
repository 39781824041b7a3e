// SPDX-License-Identifier: Apache-2.0
// Draws tokens on the device (draw.cu): what comes back of a row is one number. Engine thread.
#pragma once

#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/launcher.h"
#include "engine/backend/cuda/step_tables.h"

namespace tendril::cuda {

class CudaDraw {
  public:
    CudaDraw(Launcher& launcher, StepUploads& uploads) : launcher_(launcher), uploads_(uploads) {}

    bool run(engine::Rows logits, std::span<const engine::Draw> how, std::span<engine::TokenId> tokens);

  private:
    bool reserve(std::size_t rows);

    Launcher& launcher_;
    StepUploads& uploads_;
    DeviceMemory rows_, drawn_;
    PinnedMemory host_;  ///< what goes up and what comes down
};

}  // namespace tendril::cuda
