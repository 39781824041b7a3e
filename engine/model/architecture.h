// SPDX-License-Identifier: Apache-2.0
// What an architecture's file declares: how its configuration differs from the common one and which tensors
// its layers have. Constants, any thread. To add an architecture, write one such file and add it to the list
// in read_config.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/model/config_reader.h"
#include "engine/model/model_config.h"

namespace tendril::engine {

enum class Presence : std::uint8_t { absent, optional, required };

struct Architecture {
    std::string_view name;  ///< of general.architecture, and the prefix of the keys
    RopeSettings::Pairing pairing = RopeSettings::Pairing::halves;
    Presence attention_bias = Presence::absent;  ///< of query, key and value
    Presence output_bias = Presence::absent;     ///< of the attention's output
    Presence query_key_norms = Presence::absent;
    Presence post_norms = Presence::absent;  ///< behind attention and feed-forward
    /// Changes the configuration, which is filled as for a llama, to this architecture's own.
    void (*adapt)(ConfigReader& reader, ModelConfig& config) = nullptr;
};

const Architecture& llama_architecture();
const Architecture& qwen2_architecture();
const Architecture& qwen3_architecture();
const Architecture& gemma3_architecture();

/// Null when unknown.
const Architecture* find_architecture(std::string_view name);

}  // namespace tendril::engine
