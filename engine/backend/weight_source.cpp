// SPDX-License-Identifier: Apache-2.0
// Checks on weights; see weight_source.h. Pure; any thread.
#include "engine/backend/weight_source.h"

#include <string>

namespace tendril::engine {

Status check_source(const WeightSource& source) {
    const DataTypeTraits t = traits(source.type);
    if (source.rows == 0 || source.columns == 0) {
        return fail(ErrorCode::malformed, "A weight of the model is empty.");
    }
    if (source.columns % t.block_elements != 0) {
        return fail(ErrorCode::malformed, std::string("A ") + t.name + " weight of the model has rows of " +
                                              std::to_string(source.columns) +
                                              " values, which is not a whole number of blocks.");
    }
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(source.columns / t.block_elements, t.block_bytes, &bytes) ||
        __builtin_mul_overflow(bytes, source.rows, &bytes) || bytes != source.bytes.size()) {
        return fail(ErrorCode::malformed,
                    "A weight of the model has more or fewer bytes than its shape says.");
    }
    return {};
}

}  // namespace tendril::engine
