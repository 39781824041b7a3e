// SPDX-License-Identifier: Apache-2.0
// Large zeroed memory from the system, weights in huge pages where it gives them; taken lazily, returned
// whole. Owned by who holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/result.h"

namespace tendril::engine {

class HugeMemory {
  public:
    /// Address space now, pages when they are touched. Aligned to 2 MiB. out_of_memory when the system
    /// refuses.
    static Result<std::unique_ptr<HugeMemory>> take(std::size_t bytes);
    /// The same in pages of the usual size, for what a step writes: that is reserved for the largest step,
    /// and nearly all steps touch only the front of each buffer, which a huge page for each would be far from
    /// filling. Aligned to 64 KiB.
    static Result<std::unique_ptr<HugeMemory>> take_scratch(std::size_t bytes);
    ~HugeMemory();
    HugeMemory(const HugeMemory&) = delete;
    HugeMemory& operator=(const HugeMemory&) = delete;

    std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }

  private:
    HugeMemory(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    std::uint8_t* data_;
    std::size_t size_;
};

/// Weights come in hundreds of small pieces: they are laid one after the other into chunks, and a chunk goes
/// back with its last piece. Zeroed. Engine thread only.
class WeightArena {
  public:
    struct Piece {
        std::shared_ptr<HugeMemory> chunk;
        std::uint8_t* data = nullptr;
    };
    Result<Piece> take(std::size_t bytes);

  private:
    std::weak_ptr<HugeMemory> chunk_;
    std::size_t used_ = 0;
};

}  // namespace tendril::engine
