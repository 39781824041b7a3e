// SPDX-License-Identifier: Apache-2.0
// Which tensors a model of a given configuration consists of, and the check that a file has exactly these.
// Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/architecture.h"
#include "engine/model/gguf.h"
#include "engine/model/model_config.h"
#include "engine/model/weights.h"
#include "engine/result.h"

namespace tendril::engine {

/// One tensor of a layer (or of the model, where the member pointers are null).
struct ExpectedTensor {
    std::string name;  ///< "blk.3.attn_q.weight"
    Presence presence = Presence::required;
    std::size_t rows = 1;
    std::size_t columns = 0;
    bool vector = false;                                       ///< a norm or bias: [columns]
    std::unique_ptr<Weight> LayerWeights::*matrix = nullptr;   ///< where a matrix of a layer goes
    std::unique_ptr<Buffer> LayerWeights::*numbers = nullptr;  ///< where a vector of a layer goes
};

inline constexpr const char* kEmbeddingName = "token_embd.weight";
inline constexpr const char* kOutputNormName = "output_norm.weight";
inline constexpr const char* kHeadName = "output.weight";

/// Embedding, output norm, output head (optional: tied to the embedding when absent).
std::vector<ExpectedTensor> model_tensors(const ModelConfig& config);
std::vector<ExpectedTensor> layer_tensors(const ModelConfig& config, std::size_t layer);

/// All required tensors are there, all have their shape, vectors hold floats, and nothing is left over that
/// would change the result if it were computed with. Reads no weight. The error names the tensor.
Status check_tensors(const GgufFile& file, const ModelConfig& config);

}  // namespace tendril::engine
