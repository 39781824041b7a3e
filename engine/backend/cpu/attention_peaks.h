// SPDX-License-Identifier: Apache-2.0
// How much of the attention of some rows each key gets (Backend::attention_peaks). A piece is a block of rows
// times the query heads of one key/value head: scores of all keys that share a row's attention, then the
// measured ones against their sum. Peaks do not depend on how the work is split; sums are added in one order.
// Engine thread.
#pragma once

#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/attention_plan.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class CpuPeaks {
  public:
    CpuPeaks(ThreadPool& pool, const AttentionKernels& kernels, const VectorKernels& vectors)
        : pool_(pool), kernels_(kernels), vectors_(vectors) {}

    /// Memory for up to `keys` measured keys of pages of these layouts.
    Status prepare(std::size_t keys, std::span<const KvLayout> layouts);
    void run(const CpuKvPages& pages, const AttentionSettings& settings, const StepView& view, Rows q,
             const PeakRange& range, std::span<float> peaks);

  private:
    struct Step;     // the arguments of run()
    struct Scratch;  // memory of one thread
    struct Block {   // rows of the view, and of the query heads that share a key
        std::size_t first;
        std::size_t rows;
        std::size_t head;
        std::size_t heads;
        std::size_t count() const { return rows * heads; }
    };

    Scratch scratch(unsigned thread);
    void gather(const Step& step, std::size_t kv_head, Block block, std::int32_t delta, Scratch& s) const;
    void score_page(const Step& step, std::size_t kv_head, Block block, std::size_t ordinal,
                    std::size_t first_place, std::size_t end_place, float* scores, Scratch& s) const;
    void piece(const Step& step, std::size_t kv_head, Block block, Scratch& s) const;

    ThreadPool& pool_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
    std::size_t padded_ = 0;
    std::size_t pages_ = 0;     // that measured keys lie in, at most
    std::size_t kv_heads_ = 0;  // at most
    std::vector<float> memory_;
    std::size_t floats_ = 0;  // of one thread
};

}  // namespace tendril::engine
