// SPDX-License-Identifier: Apache-2.0
// Packs rows of a weight as they lie in a GGUF file into planes (weight_planes.h). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/weight_planes.h"

namespace tendril::cuda {

/// Planes of some rows in host memory; sizes as weight_planes.h says, all bytes are written.
struct HostPlanes {
    std::uint8_t* quants = nullptr;
    std::uint8_t* high = nullptr;
    std::uint8_t* scales = nullptr;
    std::uint8_t* supers = nullptr;
};

/// Rows [first, first + count) of a checked source.
void pack_rows(const engine::WeightSource& source, std::size_t first, std::size_t count,
               const HostPlanes& to);

}  // namespace tendril::cuda
