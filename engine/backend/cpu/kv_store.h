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

  private:
    struct Run;  // some positions of one head that lie in one page

    void store_halves(const Run& run) const;
    void store_quantised(const Run& run) const;

    ThreadPool& pool_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
};

}  // namespace tendril::engine
