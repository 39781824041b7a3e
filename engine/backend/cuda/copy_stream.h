// SPDX-License-Identifier: Apache-2.0
// Copies between device and pinned memory beside the steps, on a stream of their own, and the order between
// the two: a copy starts behind all that the backend's stream has been given, and what the backend's stream
// is given behind hand_over() starts behind the copies. Engine thread.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

class CopyStream {
  public:
    explicit CopyStream(Launcher& launcher) : launcher_(launcher) {}
    ~CopyStream();
    CopyStream(const CopyStream&) = delete;
    CopyStream& operator=(const CopyStream&) = delete;

    Status open();
    /// The copies that follow wait for the steps that were given so far.
    void begin();
    /// One side is pinned memory, the other the device's; both stay as they are until wait().
    void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind);
    /// What the backend's stream is given from now on waits for all copies so far.
    void hand_over();
    /// The host waits for all copies so far.
    void wait();
    /// For want of frames: nothing more is enqueued.
    void fail();

  private:
    Launcher& launcher_;
    cudaStream_t stream_ = nullptr;
    cudaEvent_t computed_ = nullptr;  ///< by the backend's stream, at begin()
    cudaEvent_t copied_ = nullptr;
};

}  // namespace tendril::cuda
