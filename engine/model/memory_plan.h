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

/// How the model's keys and values lie in pages: layers with a window have pages of their own.
KvLayout kv_layout(const ModelConfig& config, KvType type);
/// The longest window of the model's layers, in positions; 0: every layer sees all.
std::size_t longest_window(const ModelConfig& config);

/// What a model needs, in bytes; sums that do not fit are the largest number.
struct MemoryNeeds {
    std::uint64_t weights = 0;
    std::uint64_t tokenizer = 0;
    std::uint64_t scratch = 0;       ///< activations, logits, the backend's work space
    std::uint64_t kv_per_token = 0;  ///< keys and values of the layers that see all positions
    std::uint64_t trained_context = 0;
    std::uint64_t angles_per_token = 0;  ///< of the rotary tables
    std::uint64_t window_per_token = 0;  ///< keys and values of the layers with a window
    std::uint64_t window = 0;            ///< positions that they see; 0: there are none
    /// Pages for one conversation that fills the context, and one more to copy a shared one to.
    KvPageCounts pages(std::uint64_t context) const;
    std::uint64_t bytes(KvPageCounts pages) const;
    /// With pages(context), to which more are added where there is room (MemoryPlan).
    std::uint64_t total(std::uint64_t context) const;
};

struct MemoryPlan {
    std::uint32_t context = 0;      ///< tokens
    std::uint64_t kv_bytes = 0;     ///< of one context
    std::uint64_t total_bytes = 0;  ///< with one context
    std::uint64_t available_bytes = 0;
    /// All pages: room for up to kMostContexts conversations, so that going from one to another reads nothing
    /// again, out of at most kSpareShare of what is free beside total_bytes. The system gives a page's memory
    /// when it is used first.
    KvPageCounts pages;
    std::uint64_t spare_bytes = 0;  ///< of the pages beyond one context
    std::string note;  ///< a sentence when the context is not what was asked for or usual; else empty
};
inline constexpr std::uint64_t kMostContexts = 4;
inline constexpr std::uint64_t kSpareShare = 4;  ///< a quarter

/// Bytes that a weight takes on the device: Backend::prepared_bytes, or nothing for the size in the file.
/// Weights that stay in the mapped file count as well: they have to be in memory to be read at every token.
using PreparedBytes = std::function<std::size_t(const WeightSource&)>;

MemoryNeeds memory_needs(const GgufFile& file, const ModelConfig& config, const PreparedBytes& prepared = {},
                         KvType kv = KvType::f16);
/// Of a step of `rows` rows of which `logit_rows` get logits.
inline constexpr std::size_t kStepRows = 512;
std::uint64_t scratch_bytes(const ModelConfig& config, std::size_t rows = kStepRows,
                            std::size_t logit_rows = 32);

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
