// SPDX-License-Identifier: Apache-2.0
// Brings the weights of a checked file onto a backend. Called at load on the engine thread.
#pragma once

#include <functional>

#include "engine/backend/backend.h"
#include "engine/model/gguf.h"
#include "engine/model/model_config.h"
#include "engine/model/weights.h"
#include "engine/result.h"

namespace tendril::engine {

/// Told the share done so far (0 to 1, by bytes, ends with 1); false cancels the load.
using WeightProgress = std::function<bool(double share)>;

/// All tensors are checked (see check_tensors) before the first is touched. `progress` may be empty. Weights
/// that say borrows_source() need the file's bytes for as long as they live. After it the caller asks
/// MappedFile::damaged(): a file that shrank meanwhile reads as zeros. Errors: malformed or unsupported
/// (names the tensor), cancelled, what the backend gives.
Result<ModelWeights> load_weights(const GgufFile& file, const ModelConfig& config, Backend& backend,
                                  const WeightProgress& progress);

/// The source of a tensor as backends take it.
WeightSource weight_source(const GgufTensor& tensor);

}  // namespace tendril::engine
