// SPDX-License-Identifier: Apache-2.0
// Who does what of a step of many rows: blocks of rows go through the layers, each on its own, and threads
// take the one that is furthest behind its place. A block waits only for those whose keys and values it
// reads, so a thread that lost its core delays its own block, and there is no end of an op for all to wait
// for. Called by the threads of the pool; owned by the engine thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace tendril::engine {

class BlockOrder {
  public:
    /// A stage of a block, to be computed by who took it.
    struct Turn {
        std::size_t block;
        std::uint32_t stage;
    };

    void reserve(std::size_t blocks);
    /// Before a step, by one thread. A stage other than the first begins when the first `needed(block)`
    /// blocks are through the stage before; needed(block) > block.
    template <typename Needed>
    void begin(std::size_t blocks, std::uint32_t stages, Needed&& needed) {
        reserve(blocks);
        count_ = blocks;
        stages_ = stages;
        given_up_.store(false, std::memory_order_relaxed);
        for (std::size_t b = 0; b < blocks; ++b) {
            blocks_[b].state.store(0, std::memory_order_relaxed);
            blocks_[b].needed = needed(b);
        }
    }
    /// The next turn; waits (spins shortly, then sleeps) while all that is left waits for others' turns.
    /// None: nothing is left to take, or given up.
    std::optional<Turn> take();
    /// The same without waiting: none also where all that is left waits.
    std::optional<Turn> try_take();
    void done(const Turn& turn);
    /// Lets every take() return none from now on.
    void give_up();

  private:
    struct alignas(64) Block {
        std::atomic<std::uint32_t> state{0};  // 2 * stages done + 1 while taken
        std::size_t needed = 0;
    };
    struct Look {
        std::optional<Turn> ready;
        bool left = false;  // turns that nobody may take yet
    };
    Look look() const;
    bool claim(const Turn& turn);
    void tell();
    void wait(std::uint32_t seen);

    std::unique_ptr<Block[]> blocks_;
    std::size_t size_ = 0;
    std::size_t count_ = 0;
    std::uint32_t stages_ = 0;
    alignas(64) std::atomic<std::uint32_t> news_{0};  // turns done so far, roughly
    std::atomic<std::uint32_t> sleepers_{0};
    std::atomic<bool> given_up_{false};
};

}  // namespace tendril::engine
