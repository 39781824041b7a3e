// SPDX-License-Identifier: Apache-2.0
// Attention over the pool. A unit is a cluster of rows (attention_plan.h) times query heads that share a
// key/value head: a page is loaded once for all of them. Each row merges the pages of a chunk (8 ordinals) in
// order, then the chunks in order, whatever is shared and however the work is split: not a bit depends on
// that. Engine thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/attention_plan.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/rope.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class CpuAttention {
  public:
    CpuAttention(ThreadPool& pool, const AttentionKernels& kernels, const VectorKernels& vectors)
        : pool_(pool), kernels_(kernels), vectors_(vectors) {}

    Status reserve_heads(const KvLayout& layout);
    void reserve_rows(std::size_t max_rows) { max_rows_ = std::max(max_rows_, max_rows); }

    void run(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
             Rows out);

    /// Memory of the calling thread for run_rows() of so many rows; before the step.
    void reserve_part(std::size_t rows);
    /// The same, on the calling thread alone, for rows [first, first + count) of the step; several threads at
    /// once, each with its number. out: of these rows, [count][heads * head_size].
    void run_rows(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
                  std::size_t first, std::size_t count, float* out, unsigned thread);

  private:
    struct Unit {
        const RowCluster* cluster;
        std::size_t kv_head;
        std::size_t head;  // first query head
        std::size_t heads;
        std::size_t pieces_before;  // of the units in front, when pages are split over threads
        std::size_t part;           // where its parts lie, in floats
        std::size_t count() const { return cluster->rows * heads; }
        std::size_t first_chunk() const;
        std::size_t chunks() const;
    };
    struct Step;     // the arguments of run()
    struct Scratch;  // memory of one thread
    struct Group {   // queries of a unit that see the same page
        PageId page;
        std::size_t first;
        std::size_t count;
        std::size_t next;  // block behind it
    };
    struct Part {  // of a step, on one thread
        AttentionPlan plan;
        std::vector<Unit> units;
        std::vector<StepView> views;
    };
    enum class Split : std::uint8_t { none, chunks, pages };

    void reserve_units(std::size_t count);
    static void make_units(const Step& step, std::span<const StepView> views, AttentionPlan& plan,
                           std::vector<Unit>& units);
    Split choose_split(const Step& step);
    bool lay_out_parts(const Step& step, Split split);
    void gather(const Step& step, const Unit& unit, const RowBlock& block, std::int32_t delta,
                const Scratch& s) const;
    void begin_unit(const Step& step, const Unit& unit, const Scratch& s) const;
    Group next_group(const Step& step, const Unit& unit, std::size_t ordinal, std::size_t block,
                     const Scratch& s) const;
    void attend_page(const Step& step, const Unit& unit, std::size_t ordinal, const Scratch& s,
                     const AttentionState& part, const AttentionState* into) const;
    void attend_chunk(const Step& step, const Unit& unit, std::size_t chunk, const Scratch& s,
                      const AttentionState& to) const;
    void whole_unit(const Step& step, const Unit& unit, const Scratch& s) const;
    void merge_chunks(const Step& step, const Unit& unit, Split split, const Scratch& s) const;
    void run_split(const Step& step, Split split);
    void write_out(const Step& step, const Unit& unit, const Scratch& s) const;
    AttentionState part_of(const Unit& unit, std::size_t index, std::size_t padded) const;
    Scratch scratch(unsigned thread, std::size_t padded) const;

    ThreadPool& pool_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
    std::size_t padded_ = 0;  // largest head size so far
    std::size_t max_rows_ = 1;
    std::size_t run_ = 1;  // pages of a piece
    AttentionPlan plan_;
    std::vector<Unit> units_;
    std::vector<Part> parts_;                             // [thread]
    std::unique_ptr<std::atomic<std::uint32_t>[]> left_;  // [unit] pieces not done yet
    std::size_t left_size_ = 0;
    std::unique_ptr<HugeMemory> memory_;  // scratch of all threads, then the parts of split units
};

}  // namespace tendril::engine
