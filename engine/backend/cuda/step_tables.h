// SPDX-License-Identifier: Apache-2.0
// What kernels read of a step, kept in device memory at fixed places: tokens, positions, views with their
// segments and page ids, and the blocks of attention. Each is uploaded only when it differs from what is
// there, so that the layers of a step share one upload. In a step that becomes a graph, tables are filled up
// to the rows of the graph: with token 0 at position 0, in no view. Engine thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

class CudaPages;

class StepUploads {
  public:
    explicit StepUploads(Launcher& launcher) : launcher_(launcher) {}

    /// For steps of up to `rows` rows; more is taken when a step needs it.
    Status reserve(std::size_t rows);

    /// Until end_step() all tables are of this plan, for `rows` rows or more than it has.
    void begin_step(const engine::StepPlan& plan, std::size_t rows);
    void end_step();

    const std::int32_t* tokens(std::span<const engine::TokenId> tokens);
    const std::int32_t* positions(std::span<const std::int32_t> positions);
    StepTables tables(const engine::StepPlan& plan, const CudaPages& pages);
    struct AttentionBlocks {
        const std::int32_t* list = nullptr;  ///< [count][2]: view, first query of it
        std::uint32_t count = 0;
        std::uint32_t most_chunks = 1;  ///< of kChunk positions that the rows of a block see
    };
    AttentionBlocks blocks(const engine::StepPlan& plan, std::size_t shared_heads, std::size_t window);
    /// The stream has been waited for: staging memory may be used anew.
    void synchronized() { staged_ = 0; }

  private:
    struct Table {
        std::vector<std::int32_t> next;  ///< what a step wants there
        std::vector<std::int32_t> there;
        DeviceMemory memory;
        bool given = false;  ///< launches of this step that are held back may read it
    };
    struct BlockTable {
        std::size_t shared_heads = 0, window = 0;
        Table table;
    };
    void fill_tables(const engine::StepPlan& plan, const CudaPages& pages);
    BlockTable& block_table(std::size_t shared_heads, std::size_t window);
    /// Uploads `next` where it differs; the place in device memory.
    const std::int32_t* update(Table& table);
    Status grow(Table& table, std::size_t words);

    Launcher& launcher_;
    Table tokens_, positions_, views_, segments_, view_of_row_, page_ids_;
    std::vector<BlockTable> blocks_;  ///< one for each kind of layer
    std::size_t reserved_rows_ = 0;
    std::size_t step_rows_ = 0;  ///< 0: no step
    bool filled_ = false;        ///< the step's tables are there
    PinnedMemory staging_;
    std::size_t staged_ = 0;  ///< bytes of staging that copies under way may still read
};

}  // namespace tendril::cuda
