// SPDX-License-Identifier: Apache-2.0
// What a model is, apart from its weights: sizes and the choices in which architectures differ. Plain values,
// no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

struct LayerConfig {
    std::size_t window = 0;      ///< sliding window in tokens; 0 = full attention
    std::size_t rope_index = 0;  ///< into ModelConfig::rope
};

struct ModelConfig {
    std::string architecture;  ///< "llama", "qwen2", "qwen3", "gemma3"
    std::string name;
    std::size_t layers = 0;
    std::size_t width = 0;  ///< of the residual stream
    std::size_t heads = 0;
    std::size_t kv_heads = 0;
    std::size_t head_size = 0;
    std::size_t feed_forward_width = 0;
    std::size_t vocabulary = 0;
    std::size_t context_tokens = 0;  ///< that the model was trained for
    std::optional<Pooling> pooling =
        Pooling::mean;  ///< of a text's vector; none: a way that is not supported
    float norm_epsilon = 1e-5F;
    float embedding_scale = 1.0F;  ///< gemma: sqrt(width)
    float attention_scale = 1.0F;  ///< usually 1/sqrt(head_size)
    float attention_softcap = 0.0F;
    float logit_softcap = 0.0F;
    Activation activation = Activation::silu;
    std::vector<RopeSettings> rope;  ///< one per kind of layer
    /// What RopeSettings::factors point at: [head_size/2], or null. Shared, so that copies of a config stay
    /// valid.
    std::shared_ptr<const std::vector<float>> rope_factors;
    std::vector<LayerConfig> layer;  // [layers]
};

}  // namespace tendril::engine
