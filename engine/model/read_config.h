// SPDX-License-Identifier: Apache-2.0
// From a parsed GGUF file to a model's configuration, every value checked against its range and against the
// others. Pure, any thread.
#pragma once

#include "engine/model/gguf.h"
#include "engine/model/model_config.h"
#include "engine/result.h"

namespace tendril::engine {

/// Errors: malformed (missing or senseless values, the key is named), unsupported (architecture, rope
/// scaling, experts, parts of a split model, ...). Files with a vocabulary only have a configuration as well,
/// if they carry its keys.
Result<ModelConfig> read_model_config(const GgufFile& file);

}  // namespace tendril::engine
