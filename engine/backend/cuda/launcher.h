// SPDX-License-Identifier: Apache-2.0
// The one stream of a backend, and what went wrong on it: after the first error nothing more is enqueued, so
// that a lost device costs one sentence and no crash. Engine thread.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "engine/backend/cuda/cuda_error.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/launch_queue.h"

namespace tendril::cuda {

class Launcher {
  public:
    Launcher() = default;
    ~Launcher();
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;

    Status open();
    cudaStream_t stream() const { return stream_; }
    const Status& status() const { return status_; }
    std::uint64_t launches() const { return launches_; }
    /// Launches and copies: equal numbers mean that nothing was done in between.
    std::uint64_t work() const { return work_; }

    /// Enqueues one of the kernels of kernels.h.
    template <typename Args>
    void run(cudaError_t (*kernel)(const Args&, cudaStream_t), const Args& args, const char* doing) {
        if (status_) {
            ++launches_;
            ++work_;
            if (queueing_) {
                queue_.add(kernel, args);
            } else {
                note(kernel(args, stream_), doing);
            }
        }
    }
    /// From here on launches are held back, copies are not.
    void begin_queue();
    /// What is held back is enqueued now, in its order, because a copy changes what it reads.
    void flush_queue();
    /// What is held back becomes one graph; not `whole`: it is dropped.
    void end_queue(bool whole);
    const LaunchQueue& queue() const { return queue_; }
    /// From host to device, device to host or within the device; the host's side must stay as it is until
    /// synchronize().
    void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, const char* doing);
    void synchronize(const char* doing);
    /// Counters that launches leave at zero, and find so.
    Result<DeviceMemory> zeroed_counters(std::size_t count);
    void note(cudaError_t code, const char* doing);
    /// The first error stays.
    void fail_with(Error error);

  private:
    cudaStream_t stream_ = nullptr;
    Status status_;
    std::uint64_t launches_ = 0;
    std::uint64_t work_ = 1;
    LaunchQueue queue_;
    bool queueing_ = false;
    bool flushed_ = false;
};

}  // namespace tendril::cuda
