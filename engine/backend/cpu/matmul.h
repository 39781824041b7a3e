// SPDX-License-Identifier: Apache-2.0
// A group of products over the pool: quantises the shared input once, then cuts the outputs into pieces.
// Engine thread.
#pragma once

#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/huge_memory.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine {

class CpuMatmul {
  public:
    CpuMatmul(ThreadPool& pool, const MatmulKernels& kernels, const VectorKernels& vectors)
        : pool_(pool), kernels_(kernels), vectors_(vectors) {}

    Status reserve(std::size_t max_rows, std::size_t max_width);
    void run(Rows in, std::span<const Product> products);

  private:
    void quantise(Rows in);
    void multiply(Rows in, std::span<const Product> products);

    ThreadPool& pool_;
    const MatmulKernels& kernels_;
    const VectorKernels& vectors_;
    std::unique_ptr<HugeMemory> activations_;
};

}  // namespace tendril::engine
