// SPDX-License-Identifier: Apache-2.0
// The gemma3 architecture: five layers that look a short way back for each that looks all the way (arXiv
// 2503.19786). Any thread.
#include <cmath>

#include "engine/limits.h"
#include "engine/model/architecture.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kLayersOf27B = 62;
constexpr std::size_t kDefaultPattern = 6;

/// Which layers have a window: an explicit list, or all but each n-th (n = 0: all).
std::vector<bool> windowed_layers(ConfigReader& reader, std::size_t layers) {
    static constexpr std::string_view kKey = "attention.sliding_window_pattern";
    const GgufValue* const value = reader.find(kKey);
    std::vector<bool> windowed(layers, true);
    if (value != nullptr && value->type == GgufType::array) {
        if (value->count != layers) {
            reader.refuse(ErrorCode::malformed, "The metadata key " + reader.key(kKey) + " has " +
                                                    std::to_string(value->count) + " elements for " +
                                                    std::to_string(layers) + " layers.");
        } else if (const auto bools = value->as_bools()) {
            windowed = *bools;
        } else if (const auto integers = value->as_integers()) {
            for (std::size_t i = 0; i < layers; ++i) {
                windowed[i] = (*integers)[i] != 0;
            }
        } else {
            reader.refuse(ErrorCode::malformed,
                          "The metadata key " + reader.key(kKey) + " is not a list of truth values.");
        }
        return windowed;
    }
    const std::size_t pattern = reader.size(kKey, 0, kMaxLayers, kDefaultPattern);
    for (std::size_t i = 0; pattern > 0 && i < layers; ++i) {
        windowed[i] = i % pattern + 1 < pattern;
    }
    return windowed;
}

void adapt(ConfigReader& reader, ModelConfig& config) {
    // transformers rounds this factor to bfloat16 in models that run in it; llama.cpp and we keep the float.
    config.embedding_scale = std::sqrt(static_cast<float>(config.width));
    config.activation = Activation::gelu_tanh;
    config.logit_softcap = static_cast<float>(reader.number("final_logit_softcapping", 0.0, 1e6, 0.0));
    if (config.layers == kLayersOf27B) {
        // The 27B model alone scales by width / heads (168), not by the size of a head (128):
        // query_pre_attn_scalar in its published configuration. GGUF has no key for it.
        config.attention_scale = 1.0F / std::sqrt(static_cast<float>(config.width / config.heads));
    }
    const std::size_t window = reader.size("attention.sliding_window", 0, kMaxContext, 0);
    const double local_base = reader.number("rope.freq_base_swa", 1.0, 1e12, 10000.0);
    if (window == 0) {
        return;
    }
    // Layers with a window keep the short base that Gemma 2 had; scaling for long contexts is for the others
    // alone.
    RopeSettings local;
    local.pairing = config.rope.front().pairing;
    local.base = static_cast<float>(local_base);
    config.rope.push_back(local);
    const std::vector<bool> windowed = windowed_layers(reader, config.layers);
    for (std::size_t i = 0; i < config.layers; ++i) {
        if (windowed[i]) {
            config.layer[i] = {.window = window, .rope_index = 1};
        }
    }
}

}  // namespace

const Architecture& gemma3_architecture() {
    static constexpr Architecture kArchitecture = {.name = "gemma3",
                                                   .query_key_norms = Presence::required,
                                                   .post_norms = Presence::required,
                                                   .adapt = adapt};
    return kArchitecture;
}

}  // namespace tendril::engine
