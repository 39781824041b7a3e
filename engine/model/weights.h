// SPDX-License-Identifier: Apache-2.0
// The weights of a model on a backend, named by their place in the forward pass. Owned by the engine thread.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

/// Absent parts are null: a llama has no QK norms, a qwen2 has biases, a gemma3 has norms behind attention and feed-forward.
struct LayerWeights {
    std::unique_ptr<Buffer> attention_norm;       // [width]
    std::unique_ptr<Weight> query;                // [heads * head_size][width]
    std::unique_ptr<Weight> key;                  // [kv_heads * head_size][width]
    std::unique_ptr<Weight> value;                // [kv_heads * head_size][width]
    std::unique_ptr<Weight> output;               // [width][heads * head_size]
    std::unique_ptr<Buffer> query_bias;           // [heads * head_size]
    std::unique_ptr<Buffer> key_bias;             // [kv_heads * head_size]
    std::unique_ptr<Buffer> value_bias;           // [kv_heads * head_size]
    std::unique_ptr<Buffer> output_bias;          // [width]
    std::unique_ptr<Buffer> query_norm;           // [head_size]
    std::unique_ptr<Buffer> key_norm;             // [head_size]
    std::unique_ptr<Buffer> post_attention_norm;  // [width]
    std::unique_ptr<Buffer> feed_forward_norm;    // [width]
    std::unique_ptr<Weight> gate;                 // [feed_forward_width][width]
    std::unique_ptr<Weight> up;                   // [feed_forward_width][width]
    std::unique_ptr<Weight> down;                 // [width][feed_forward_width]
    std::unique_ptr<Buffer> post_feed_forward_norm;  // [width]
};

struct ModelWeights {
    std::unique_ptr<Weight> embedding;  // [vocabulary][width]
    std::vector<LayerWeights> layers;
    std::unique_ptr<Buffer> output_norm;  // [width]
    std::unique_ptr<Weight> head;         // [vocabulary][width]; null: tied to the embedding
    const Weight& output_head() const { return head ? *head : *embedding; }
};

}  // namespace tendril::engine
