// SPDX-License-Identifier: Apache-2.0
// Brings the weights of a checked file onto a backend. Called at load on the engine thread.
#pragma once

#include <functional>
#include <span>

#include "engine/backend/backend.h"
#include "engine/model/gguf.h"
#include "engine/model/model_config.h"
#include "engine/model/weights.h"
#include "engine/result.h"

namespace tendril::engine {

/// Told the share done so far (0 to 1, by bytes, ends with 1); false cancels the load.
using WeightProgress = std::function<bool(double share)>;

/// Told the bytes of each tensor that the backend has copied and the file is no longer needed for; give it
/// MappedFile::release_pages, or the file stays in memory beside its copy.
using SourceDone = std::function<void(std::span<const std::byte> bytes)>;

/// All tensors are checked (see check_tensors) before the first is touched. The functions may be empty.
/// Weights that say borrows_source() need the file's bytes for as long as they live. After it the caller asks
/// MappedFile::damaged(): a file that shrank meanwhile reads as zeros. Errors: malformed or unsupported
/// (names the tensor), cancelled, what the backend gives.
Result<ModelWeights> load_weights(const GgufFile& file, const ModelConfig& config, Backend& backend,
                                  const WeightProgress& progress, const SourceDone& source_done = {});

/// WeightSource::layer of the embedding: behind the layers where it is the head as well.
std::size_t place_of_embedding(const GgufFile& file);

/// The source of a tensor as backends take it.
WeightSource weight_source(const GgufTensor& tensor);

}  // namespace tendril::engine
