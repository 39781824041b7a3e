// SPDX-License-Identifier: Apache-2.0
// The meaning of every tensor type, as plain scalar code: blocks of bytes to floats. The single source of
// truth for the reference backend and for tests of the fast kernels. Pure, any thread.
#pragma once

#include <cstddef>
#include <span>

#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

/// invalid_argument unless `elements` is a whole number of blocks and `bytes` is their exact size.
Status check_block_bytes(DataType type, std::size_t bytes, std::size_t elements);

/// `to.size()` must be a whole number of blocks of the type and `from` exactly their bytes (see
/// check_block_bytes); otherwise only the whole blocks that both hold are converted.
void dequantize(DataType type, std::span<const std::byte> from, std::span<float> to);

}  // namespace tendril::engine
