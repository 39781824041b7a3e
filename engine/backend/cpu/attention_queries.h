// SPDX-License-Identifier: Apache-2.0
// Queries as the attention kernels take them: scaled, turned back to where a page's keys were rotated, and in
// the shape of its values. For one turn, on any thread; borrows what it is made of.
#pragma once

#include <algorithm>
#include <cassert>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/kv_pages.h"
#include "engine/backend/cpu/rope.h"

namespace tendril::engine {

class AttentionQueries {
  public:
    /// For keys that were rotated for positions `delta` lower.
    AttentionQueries(const CpuKvPages& pages, const AttentionSettings& settings, std::int32_t delta,
                     const AttentionKernels& kernels, const VectorKernels& vectors)
        : pages_(pages),
          kernels_(kernels),
          vectors_(vectors),
          rope_(delta != 0 ? static_cast<const CpuRope*>(settings.rope) : nullptr),
          scale_(settings.scale * (settings.softcap > 0.0F ? 1.0F : kLog2E)) {
        if (delta != 0) {
            assert(rope_ != nullptr);
            rope_->turn_back(delta, cosine_, sine_);
        }
    }

    /// from: [head size]; to: [padded]; whole: [blocks], for kernels that multiply integers.
    void make(const float* from, float* to, QueryBlock* whole) const {
        const std::size_t size = pages_.layout().head_size;
        for (std::size_t i = 0; i < size; ++i) {
            to[i] = from[i] * scale_;
        }
        std::fill(to + size, to + pages_.padded(), 0.0F);
        if (rope_ != nullptr) {
            vectors_.rope(to, 1, size, cosine_, sine_, rope_->halves());
        }
        if (pages_.quantised()) {
            kernels_.hadamard(to, size);
            if (kernels_.whole_query != nullptr) {
                kernels_.whole_query(to, pages_.blocks(), whole);
            }
        }
    }

  private:
    static constexpr float kLog2E = 1.44269504F;  // the kernels take powers of two

    const CpuKvPages& pages_;
    const AttentionKernels& kernels_;
    const VectorKernels& vectors_;
    const CpuRope* rope_;  ///< null: as they are
    float scale_;
    float cosine_[CpuRope::kMaxPairs];
    float sine_[CpuRope::kMaxPairs];
};

}  // namespace tendril::engine
