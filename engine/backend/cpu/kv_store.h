// SPDX-License-Identifier: Apache-2.0
// Writes a step's keys and values to the pages, in the layouts of kv_pages.h. Engine thread.
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class CpuKvStore {
  public:
    CpuKvStore(ThreadPool& pool, const AttentionKernels& kernels, const VectorKernels& vectors)
        : pool_(pool), kernels_(kernels), vectors_(vectors) {}

    void run(CpuKvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) const;
    /// The same on the calling thread alone, for the keys.rows rows of the step from `first` on.
    void run_rows(const CpuKvPages& pages, std::size_t layer, const StepPlan& plan, std::size_t first,
                  Rows keys, Rows values) const;

  private:
    struct Run;      // some positions of one head that lie in one page
    struct Source {  // keys and values of the step's rows from `first` on
        Rows keys, values;
        std::size_t first;
    };

    void store_rows(const CpuKvPages& pages, std::size_t layer, const StepView& view, const Source& from,
                    std::size_t head, std::size_t begin, std::size_t end) const;
    void store_halves(const Run& run) const;
    void store_quantised(const Run& run) const;

    ThreadPool& pool_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
};

}  // namespace tendril::engine
