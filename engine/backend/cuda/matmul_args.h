// SPDX-License-Identifier: Apache-2.0
// Arguments of the products, and of what stands before and behind those of few rows; see kernels.h. Plain
// data.
#pragma once

#include <cstdint>

#include "engine/backend/cuda/kv_args.h"
#include "engine/backend/cuda/weight_planes.h"

namespace tendril::cuda {

inline constexpr int kMostProducts = 4;  ///< of one launch
struct ProductPlanes {
    WeightPlanes weight;
    const float* bias = nullptr;
    float* out = nullptr;  ///< [rows][weight.rows]
};

struct QuantiseArgs {
    const float* in = nullptr;
    QuantisedRows out;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
};
/// Products of quantised weights; all have the same number of blocks a row.
struct MatmulArgs {
    QuantisedRows in;
    ProductPlanes products[kMostProducts];
    std::uint32_t count = 0;
    std::uint32_t rows = 0;
    std::uint32_t stages = 2;  ///< of the tile kernels' pipeline: 1 where shared memory is short
    std::uint32_t unused = 0;
};
/// Rows that a product takes through a norm and rounds itself.
struct NormInput {
    const float* rows = nullptr;           ///< [rows][width]
    const float* norm = nullptr;           ///< [width]; null: the rows come quantised
    const std::int32_t* tokens = nullptr;  ///< not null: the rows are these tokens' vectors, times scale,
    float* embedded = nullptr;             ///< and are written here
    WeightPlanes table;
    float epsilon = 0.0F;
    float scale = 1.0F;
    std::uint32_t width = 0;
    std::uint32_t unused = 0;
};
/// What becomes of the sums of up to 8 rows: written (capped where there is a cap); added to the stream,
/// through a norm where there is one; two products to one gated row, rounded; queries, keys and values
/// normed, rotated and stored.
enum class Ending : std::uint32_t { write, add, gate, heads };
struct HeadsEnding {
    PagePlanes planes;
    StepTables step;
    const std::int32_t* positions = nullptr;
    const float* query_norm = nullptr;  ///< [head_size], or null
    const float* key_norm = nullptr;
    RopeAngles angles;
    std::uint32_t head_size = 0;
    std::uint32_t kv_heads = 0;
};
struct VectorArgs {
    MatmulArgs product;
    NormInput norm;
    HeadsEnding heads;
    QuantisedRows gated;               ///< [rows][stride], of the gate
    float* to = nullptr;               ///< the stream
    const float* post_norm = nullptr;  ///< of what is added to it, or null
    std::uint32_t* arrived = nullptr;  ///< one counter a head, or one; zero before and after
    std::uint32_t items = 0;  ///< pieces of work that the launch's blocks share out; set at the launch
    Ending ending = Ending::write;
    float epsilon = 0.0F;
    float softcap = 0.0F;
    std::uint32_t gelu = 0;
    std::uint32_t multiprocessors = 0;
};
/// A product of float weights, on the activations as they are.
struct FloatMatmulArgs {
    const float* in = nullptr;
    ProductPlanes product;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
};

}  // namespace tendril::cuda
