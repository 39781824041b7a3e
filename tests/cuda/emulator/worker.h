// SPDX-License-Identifier: Apache-2.0
// A worker: one thread of this machine that runs blocks, switching between the fibers of their threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

class Worker {
  public:
    Worker();
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    static Worker& here();            // the calling thread's; made at first use
    static Thread* running();         // null outside a kernel
    static Thread& running_thread();  // inside one

    void begin(LaunchState&, unsigned worker_number);
    // Runs these blocks, interleaved, to their end (or reports a deadlock and aborts the launch).
    void run(std::span<const unsigned> blocks);

    // The running thread waits in this state until somebody makes it ready; others go on.
    void wait(State, const char* what, Location);
    void ready(Thread&);                         // behind those that are ready
    void ready_first(std::span<Thread* const>);  // before them, which keeps the working set small
    void give_way();                             // the running thread stays ready, another goes on
    uint32_t draw();                             // a pseudorandom number

    std::span<Block> blocks() { return {blocks_.data(), blocks_.size()}; }
    LaunchState& launch() { return *launch_; }
    void end_thread(Thread&);

  private:
    static void entry();
    void set_up(Block&, size_t slot, unsigned linear);
    Thread& fiber(size_t number);
    void go_to(Thread* to, bool ends);
    Thread* take();
    void report_deadlock();

    Context main_;
    Thread* running_ = nullptr;
    LaunchState* launch_ = nullptr;
    std::vector<Block> blocks_;
    unsigned live_blocks_ = 0;
    std::vector<Thread*> queue_;  // ready threads from head_ on
    size_t head_ = 0;
    uint64_t random_ = 1;
    std::vector<std::unique_ptr<Thread>> fibers_;
    std::vector<char*> stacks_;  // mappings of kStacksPerMapping stacks
    std::vector<char*> arenas_;
};

}  // namespace tendril::emulator
