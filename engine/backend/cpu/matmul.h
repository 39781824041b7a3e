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

    using Activate = void (*)(const float* gate, const float* up, float* out, std::size_t count);
    /// gate.out = activate(gate, up), a piece of the columns at a time, for few rows; and kept as whole
    /// numbers for the product that comes next. False: nothing was done (many rows, or a width that is not of
    /// whole blocks).
    bool gate(Rows in, const Product& gate, const Product& up, Activate activate);
    /// Whether these rows are what gate() kept, and were not changed since.
    bool keeps(Rows in) const { return in.data == kept_.data && in.rows == kept_.rows; }
    /// Told by ops that may change them.
    void forget() { kept_ = {}; }

  private:
    Status take(std::unique_ptr<HugeMemory>& memory, std::size_t rows, std::size_t width) const;
    void multiply_groups(Rows in, const Product& product, std::size_t group, std::size_t groups) const;
    void quantise(Rows in);
    void multiply(Rows in, const std::uint8_t* tiles, std::span<const Product> products);

    ThreadPool& pool_;
    const MatmulKernels& kernels_;
    const VectorKernels& vectors_;
    std::unique_ptr<HugeMemory> activations_;
    std::unique_ptr<HugeMemory> gated_;  // of what gate() keeps
    Rows kept_;
};

}  // namespace tendril::engine
