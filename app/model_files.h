// SPDX-License-Identifier: Apache-2.0
// Model files on the disk: finding them in folders, describing them, and the memory that is there for them.
// Background thread; no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "app/engine_port.h"
#include "app/worker_events.h"

namespace tendril::app {

struct ScanLimits {
    std::size_t depth = 6;         ///< folders below each given one
    std::size_t entries = 50'000;  ///< looked at in all
    std::size_t models = 1'000;
};

/// Every *.gguf in the folders and below, by path, each file once. Links to files are followed; links to
/// folders only at the top, so that no loop is possible. Later parts of split models ("-00002-of-…") are left
/// out.
std::vector<std::filesystem::path> find_models(const std::vector<std::filesystem::path>& folders,
                                               ScanLimits limits = {});

/// Weights, scratch and KV cache at `context` tokens (0 = the default).
std::uint64_t needed_memory(const engine::ModelDescription& description, std::uint32_t context);

DescribedModel describe_model(EnginePort& engine, const std::filesystem::path& path, std::uint32_t context);

}  // namespace tendril::app
