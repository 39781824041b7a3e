// SPDX-License-Identifier: Apache-2.0
// The kernels as the host sees them: for each a struct of arguments, plain data without stray bytes, and a
// function that enqueues it. Whatever changes with every token is read from device memory, so that equal
// arguments mean an equal launch (launch_queue.h). Engine thread.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

#include "engine/backend/cuda/kv_args.h"
#include "engine/backend/cuda/matmul_args.h"
#include "engine/backend/cuda/weight_planes.h"

namespace tendril::cuda {

struct EmbedArgs {
    WeightPlanes table;
    const std::int32_t* tokens = nullptr;
    float* out = nullptr;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
    float scale = 1.0F;
    std::uint32_t unused = 0;
};
struct NormArgs {
    const float* in = nullptr;
    const float* weight = nullptr;
    float* out = nullptr;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
    float epsilon = 0.0F;
    std::uint32_t unused = 0;
};
struct AddArgs {
    const float* from = nullptr;
    float* to = nullptr;
    std::uint64_t count = 0;
};
struct GateArgs {
    const float* gate = nullptr;
    const float* up = nullptr;
    float* out = nullptr;
    std::uint64_t count = 0;
    std::uint32_t gelu = 0;
    std::uint32_t unused = 0;
};
struct SoftCapArgs {
    float* x = nullptr;
    std::uint64_t count = 0;
    float cap = 0.0F;
    std::uint32_t unused = 0;
};

/// How a row's token is drawn (engine::Draw).
struct DrawRow {
    double random = 0;
    float temperature = 0.0F;
    float top_p = 1.0F;
    float min_p = 0.0F;
    float reach = 0.0F;  ///< without top-k: how far below the best logit min_p lets a token be
    std::int32_t top_k = 0;
    std::int32_t unused = 0;
};
struct DrawArgs {
    const float* logits = nullptr;   ///< [count][vocabulary]
    const DrawRow* rows = nullptr;   ///< [count]
    std::int32_t* tokens = nullptr;  ///< [count]; -1: left to the host
    std::uint32_t vocabulary = 0;
    std::uint32_t count = 0;
};
/// For cuBLAS (cuda_blas.h): rows, and `rows` outputs of a weight from `first` on, as halves.
struct HalveRowsArgs {
    const float* in = nullptr;
    std::uint16_t* out = nullptr;
    std::uint64_t count = 0;
};
struct HalveWeightArgs {
    WeightPlanes weight;
    std::uint16_t* out = nullptr;
    std::uint32_t first = 0;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
    std::uint32_t unused = 0;
};
struct BiasArgs {
    const float* bias = nullptr;
    float* to = nullptr;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
};

cudaError_t quantise(const QuantiseArgs& args, cudaStream_t stream);
cudaError_t matmul_vectors(const VectorArgs& args, cudaStream_t stream);  ///< 1 to 8 rows
cudaError_t matmul_tiles(const MatmulArgs& args, cudaStream_t stream);    ///< any number of rows
cudaError_t matmul_floats(const FloatMatmulArgs& args, cudaStream_t stream);
cudaError_t halve_rows(const HalveRowsArgs& args, cudaStream_t stream);
cudaError_t halve_weight(const HalveWeightArgs& args, cudaStream_t stream);
cudaError_t add_bias(const BiasArgs& args, cudaStream_t stream);
cudaError_t embed(const EmbedArgs& args, cudaStream_t stream);
cudaError_t rms_norm(const NormArgs& args, cudaStream_t stream);
cudaError_t add(const AddArgs& args, cudaStream_t stream);
cudaError_t gate(const GateArgs& args, cudaStream_t stream);
cudaError_t soft_cap(const SoftCapArgs& args, cudaStream_t stream);
cudaError_t draw(const DrawArgs& args, cudaStream_t stream);
cudaError_t rope(const RopeArgs& args, cudaStream_t stream);
cudaError_t store_kv(const StoreArgs& args, cudaStream_t stream);
cudaError_t copy_page(const CopyPageArgs& args, cudaStream_t stream);
cudaError_t attention(const AttentionArgs& args, cudaStream_t stream);

/// Shared memory that a tile launch with two stages takes, at most.
std::size_t most_tile_shared_bytes(std::uint32_t stages);
/// Shared memory that a launch of matmul_vectors takes; at most kVectorShared is allowed.
std::size_t vector_shared_bytes(const VectorArgs& args);
inline constexpr std::size_t kVectorShared = std::size_t{60} << 10;
inline constexpr std::uint32_t kVectorRows = 8;
/// Tells the driver how much shared memory the kernels want, once for each device.
cudaError_t allow_vectors();
cudaError_t allow_shared_memory(std::uint32_t stages);

}  // namespace tendril::cuda
