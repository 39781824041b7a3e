// SPDX-License-Identifier: Apache-2.0
// Attention over the pool. A unit is some rows of a view times the query heads that share a key/value head:
// they share each page's load. Pages are always merged one by one in order, so the split over threads does
// not change a bit. Engine thread.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class CpuAttention {
  public:
    CpuAttention(ThreadPool& pool, const AttentionKernels& kernels, const VectorKernels& vectors)
        : pool_(pool), kernels_(kernels), vectors_(vectors) {}

    Status reserve_heads(const KvLayout& layout);
    void reserve_rows(std::size_t max_rows) { max_rows_ = std::max(max_rows_, max_rows); }

    void store(CpuKvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values);
    void run(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan, Rows q,
             Rows out);

  private:
    struct Unit {
        const StepView* view;
        std::size_t first;  // row within the view
        std::size_t rows;
        std::size_t kv_head;
        std::size_t head;  // first query head
        std::size_t heads;
        std::size_t first_page;
        std::size_t pages;
        std::size_t part;  // where its pages' parts lie, in floats, when pages are split over threads
        std::size_t count() const { return rows * heads; }
    };
    struct Step;     // the arguments of run()
    struct Scratch;  // memory of one thread

    void make_units(const Step& step);
    void gather(const Step& step, const Unit& unit, const Scratch& scratch) const;
    void one_page(const Step& step, const Unit& unit, std::size_t page, const Scratch& scratch, float* out,
                  float* maximum, float* sum) const;
    void whole_unit(const Step& step, const Unit& unit, const Scratch& scratch) const;
    void write_out(const Step& step, const Unit& unit, const Scratch& scratch) const;
    bool split_fits(const Step& step);
    void run_split(const Step& step);
    Scratch scratch(unsigned thread) const;

    ThreadPool& pool_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
    std::size_t padded_ = 0;  // largest head size so far
    std::size_t max_rows_ = 1;
    std::vector<Unit> units_;
    std::unique_ptr<HugeMemory> memory_;  // scratch of all threads, then the parts of split units
};

}  // namespace tendril::engine
