// SPDX-License-Identifier: Apache-2.0
// Steps of many rows: the sub-layers of all layers are noted as they are called, and run at the step's end as
// one fork-join in which blocks of rows go through the layers (block_order.h, layer_rows.h). Engine thread.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/cpu/block_order.h"
#include "engine/backend/cpu/huge_memory.h"
#include "engine/backend/cpu/layer_rows.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class StepFlow {
  public:
    StepFlow(ThreadPool& pool, const LayerRows& rows, CpuAttention& attention)
        : pool_(pool), rows_(rows), attention_(attention) {}

    /// Memory for steps of up to so many rows and widths; none of it is touched before it is used.
    Status reserve(std::size_t max_rows, std::size_t max_width);

    /// Whether the step's sub-layers are to be noted: it has a block of rows for each thread.
    bool begin(const StepPlan& plan);
    bool noting() const { return plan_ != nullptr; }

    // Each notes a call; false: it does not follow the calls before as in a layer, and settle() has to come
    // first.
    bool note(KvPages& pages, const HeadProjection& heads);
    bool note(const AttentionSettings& settings, Rows q, Rows out);
    bool note(const Residual& residual);
    bool note(const GatedProjection& gated);

    struct Rest {
        LayerCalls layer;
        std::size_t calls = 0;  // of the layer: heads, attention, output, gated
        const StepPlan* plan = nullptr;
    };
    /// Runs the noted layers that are whole, and returns what was noted of one more, to be run by its parts.
    Rest settle();
    void end() { plan_ = nullptr; }

  private:
    struct Block {  // of rows
        std::size_t first;
        std::size_t rows;
    };
    Block block(std::size_t index) const;
    std::size_t block_of(std::size_t row) const { return (row + shift_) / each_; }
    std::size_t needed(std::size_t index) const;
    Status take(std::size_t bytes);
    bool run();
    void stage(const BlockOrder::Turn& turn, unsigned thread) const;

    ThreadPool& pool_;
    const LayerRows& rows_;
    CpuAttention& attention_;
    const StepPlan* plan_ = nullptr;
    std::size_t each_ = 1;   // rows of a block
    std::size_t shift_ = 0;  // by which the first is shorter
    std::size_t calls_ = 0;  // noted of the last layer
    std::vector<LayerCalls> layers_;
    BlockWidths widths_;
    BlockOrder order_;
    std::unique_ptr<HugeMemory> memory_;
};

}  // namespace tendril::engine
