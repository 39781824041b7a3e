// SPDX-License-Identifier: Apache-2.0
// Checks that every backend makes on a weight before it reads its bytes. Pure; any thread.
#pragma once

#include "engine/backend/backend.h"

namespace tendril::engine {

/// Rows are whole blocks, and the bytes are exactly those of rows x columns; an error in words otherwise.
Status check_source(const WeightSource& source);

/// Bytes of one row of a checked source.
inline std::size_t row_bytes(const WeightSource& source) {
    const DataTypeTraits t = traits(source.type);
    return source.columns / t.block_elements * t.block_bytes;
}

}  // namespace tendril::engine
