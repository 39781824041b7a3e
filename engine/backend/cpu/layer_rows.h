// SPDX-License-Identifier: Apache-2.0
// The sub-layers of a transformer for some consecutive rows, one part after the other on the calling thread:
// what a part makes is still in the core's own caches when the next takes it, and most of it is never written
// to the step's buffers. The bits are those of the ops by themselves. The threads of the pool.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/attention.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_store.h"

namespace tendril::engine {

/// One layer of a step, as the sub-layers were called.
struct LayerCalls {
    HeadProjection heads;
    Embedding embedding;  // heads.embedding is null or this
    CpuKvPages* pages = nullptr;
    AttentionSettings attention;
    Rows attended;
    Residual output, down;
    GatedProjection gated;
};

/// Widths that the memory of a thread depends on.
struct BlockWidths {
    std::size_t floats = 0;  ///< of rows that are kept as floats
    std::size_t normed = 0;  ///< the widest input of a product behind a norm or attention
    std::size_t gated = 0;
    void cover(const LayerCalls& layer);
    std::size_t bytes(std::size_t rows) const;  ///< of one thread
};

class LayerRows {
  public:
    LayerRows(const MatmulKernels& matmul, const VectorKernels& vectors, CpuAttention& attention,
              const CpuKvStore& store)
        : matmul_(matmul), vectors_(vectors), attention_(attention), store_(store) {}

    /// Rows [first, first + count) of the step, and the memory of the thread that computes them.
    struct Work {
        const StepPlan& plan;
        std::size_t first;
        std::size_t count;
        unsigned thread;
        std::uint8_t* memory;
        const BlockWidths& widths;
    };
    /// Embedding where it is asked for, queries to their buffer, keys and values to the pages.
    void project_heads(const LayerCalls& layer, const Work& work) const;
    /// Attention and feed-forward, added to the stream.
    void attend_and_feed(const LayerCalls& layer, const Work& work) const;

  private:
    struct Memory;  // of a thread, cut up
    struct Input {  // of products: rows as floats, as whole numbers, or both
        const float* floats;
        std::size_t stride;
        const std::uint8_t* tiles;
    };
    void embed(const Embedding& embedding, const Work& work, Rows rows) const;
    void quantise(const float* from, std::size_t stride, std::size_t rows, std::size_t width,
                  std::uint8_t* tiles, std::size_t blocks, std::size_t first_block) const;
    Input norm(const NormedRows& in, std::span<const Product* const> products, const Work& work,
               const Memory& memory) const;
    void multiply(const Input& in, const Product& product, std::size_t rows, std::size_t first_group,
                  std::size_t groups, float* out, std::size_t stride) const;
    void multiply(const Input& in, const Product& product, std::size_t rows, float* out) const;
    void turn(const HeadProjection& heads, const Work& work, float* query, float* key) const;
    void add(const Residual& residual, const Input& in, const Work& work, const Memory& memory) const;
    Input gate(const LayerCalls& layer, const Work& work, const Memory& memory) const;

    const MatmulKernels& matmul_;
    const VectorKernels& vectors_;
    CpuAttention& attention_;
    const CpuKvStore& store_;
};

}  // namespace tendril::engine
