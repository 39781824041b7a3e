// SPDX-License-Identifier: Apache-2.0
// What a model file says about itself, and its checksum. Any thread; reads the header only (describe) or all
// of it (sha256).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "engine/model/gguf.h"
#include "engine/model/memory_plan.h"
#include "engine/model/model_config.h"
#include "engine/result.h"

namespace tendril::engine {

/// Opens, parses, checks (configuration and all tensors' shapes) and describes. Errors are those of these
/// steps.
Result<ModelDescription> describe_model(const std::filesystem::path& path);

/// The same for a file that is open already. `prepared` as in memory_needs().
ModelDescription describe(const GgufFile& file, const ModelConfig& config, const std::filesystem::path& path,
                          std::uint64_t file_bytes, const PreparedBytes& prepared = {},
                          KvType kv = KvType::f16);

/// 64 lower-case hex digits. `progress` (may be empty) hears the share read so far, about every 4 MiB; false
/// cancels.
Result<std::string> file_sha256(const std::filesystem::path& path,
                                const std::function<bool(double share)>& progress = {});

/// 32 bytes, not digits; empty when the library cannot compute it.
std::string text_sha256(std::string_view text);

}  // namespace tendril::engine
