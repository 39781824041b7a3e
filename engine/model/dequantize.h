// SPDX-License-Identifier: Apache-2.0
// Blocks of the GGUF tensor types to floats, in plain C++: the meaning of the formats in one place. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <span>

#include "engine/types.h"

namespace tendril::engine {

/// `from` holds exactly the blocks of `to.size()` values (a whole number of blocks; the caller has checked
/// it).
void dequantize(DataType type, std::span<const std::byte> from, std::span<float> to);

}  // namespace tendril::engine
