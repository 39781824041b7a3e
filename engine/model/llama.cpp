// SPDX-License-Identifier: Apache-2.0
// The llama architecture: Llama 1 to 3, Mistral, SmolLM, TinyLlama and many others converted to it.
// Constants, any thread.
#include "engine/model/architecture.h"

namespace tendril::engine {
namespace {

void adapt(ConfigReader& reader, ModelConfig&) {
    if (reader.size("expert_count", 0, 1U << 20, 0) > 0) {
        reader.refuse(ErrorCode::unsupported,
                      "The model is a mixture of experts, which is not supported; choose a dense model.");
    }
}

}  // namespace

const Architecture& llama_architecture() {
    // Converters reorder the rows of query and key so that the pairs of the rotary embedding are neighbours.
    static constexpr Architecture kArchitecture = {.name = "llama",
                                                   .pairing = RopeSettings::Pairing::adjacent,
                                                   .attention_bias = Presence::optional,
                                                   .output_bias = Presence::optional,
                                                   .adapt = adapt};
    return kArchitecture;
}

}  // namespace tendril::engine
