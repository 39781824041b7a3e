// SPDX-License-Identifier: Apache-2.0
// Decides before a weight is touched whether a model fits into memory, and how much context with it. Pure
// apart from available_memory(), any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/backend/backend.h"
#include "engine/model/gguf.h"
#include "engine/model/model_config.h"
#include "engine/result.h"

namespace tendril::engine {

/// What a model needs, in bytes; sums that do not fit are the largest number.
struct MemoryNeeds {
    std::uint64_t weights = 0;
    std::uint64_t tokenizer = 0;
    std::uint64_t scratch = 0;       ///< activations, logits, the backend's work space
    std::uint64_t kv_per_token = 0;  ///< keys and values of all layers, f16
    std::uint64_t trained_context = 0;
    std::uint64_t total(std::uint64_t context) const;
};

struct MemoryPlan {
    std::uint32_t context = 0;  ///< tokens
    std::uint64_t kv_bytes = 0;
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    std::string note;  ///< a sentence when the context is not what was asked for or usual; else empty
};

/// Bytes that a weight takes on the device: Backend::prepared_bytes, or nothing for the size in the file.
/// Weights that stay in the mapped file count as well: they have to be in memory to be read at every token.
using PreparedBytes = std::function<std::size_t(const WeightSource&)>;

MemoryNeeds memory_needs(const GgufFile& file, const ModelConfig& config, const PreparedBytes& prepared = {});
/// Of a step of `rows` rows of which `logit_rows` get logits.
std::uint64_t scratch_bytes(const ModelConfig& config, std::size_t rows = 512, std::size_t logit_rows = 32);

/// `wanted_context` 0: min(trained, kDefaultContext), less if memory is short, down to kMinimumContext. More
/// than the model was trained for is lowered to that, with a note. Error: out_of_memory, with need, have and
/// three ways out.
Result<MemoryPlan> plan_memory(const MemoryNeeds& needs, std::uint32_t wanted_context,
                               std::uint64_t available);

/// Where available_memory() looks; tests point it elsewhere.
struct MemorySources {
    std::filesystem::path proc = "/proc";
    std::filesystem::path cgroup = "/sys/fs/cgroup";
};

/// The least of: what the system could give without swapping, the address space left under RLIMIT_AS, and the
/// room left in the process's control groups (v2 and v1; file pages that can be dropped count as room). The
/// largest number when none is known.
std::uint64_t available_memory(const MemorySources& sources = {});

/// "4.2 GB", "530 MB".
std::string size_text(std::uint64_t bytes);

}  // namespace tendril::engine
