// SPDX-License-Identifier: Apache-2.0
// The launches of a step, held back until the step is whole and then enqueued as one CUDA graph: that of an
// earlier step whose launches were the same, byte for byte of their arguments, or a new one. What changes
// with every token lies in device memory (step_tables.h), so that steps of one number of rows are the same; a
// value that found its way into an argument costs a new graph, never a wrong result. Engine thread.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace tendril::cuda {

class LaunchQueue {
  public:
    LaunchQueue() = default;
    ~LaunchQueue();
    LaunchQueue(const LaunchQueue&) = delete;
    LaunchQueue& operator=(const LaunchQueue&) = delete;

    static constexpr std::size_t kMostGraphs = 32;  ///< the one that was used longest ago goes

    template <typename Args>
    void add(cudaError_t (*kernel)(const Args&, cudaStream_t), const Args& args) {
        static_assert(std::is_trivially_copyable_v<Args>);
        static_assert(alignof(Args) <= 8 && sizeof(Args) % 8 == 0, "arguments are compared as bytes");
        const Entry entry{&launch_one<Args>, reinterpret_cast<void (*)()>(kernel), sizeof(Args)};
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof entry + sizeof args);
        std::memcpy(bytes_.data() + at, &entry, sizeof entry);
        std::memcpy(bytes_.data() + at + sizeof entry, &args, sizeof args);
        ++count_;
    }
    bool empty() const { return count_ == 0; }
    void drop();
    /// Enqueues all, one by one, and is empty.
    cudaError_t run(cudaStream_t stream);
    /// Enqueues all as one graph, and is empty.
    cudaError_t run_as_graph(cudaStream_t stream);

    std::uint64_t captures() const { return captures_; }
    std::uint64_t replays() const { return replays_; }

  private:
    using Launch = cudaError_t (*)(void (*kernel)(), const std::byte* args, cudaStream_t stream);
    struct Entry {
        Launch launch;
        void (*kernel)();
        std::size_t size;  ///< of the arguments behind it
    };
    struct Graph {
        std::vector<std::byte> bytes;
        cudaGraphExec_t program = nullptr;
        std::uint64_t used = 0;
    };
    template <typename Args>
    static cudaError_t launch_one(void (*kernel)(), const std::byte* bytes, cudaStream_t stream) {
        Args args;
        std::memcpy(&args, bytes, sizeof args);
        return reinterpret_cast<cudaError_t (*)(const Args&, cudaStream_t)>(kernel)(args, stream);
    }
    cudaError_t enqueue(cudaStream_t stream) const;
    cudaError_t capture(cudaStream_t stream, Graph& graph);
    Graph* find();

    std::vector<std::byte> bytes_;  ///< entries, each with its arguments behind it
    std::size_t count_ = 0;
    std::vector<Graph> graphs_;
    std::uint64_t now_ = 0;
    std::uint64_t captures_ = 0;
    std::uint64_t replays_ = 0;
};

}  // namespace tendril::cuda
