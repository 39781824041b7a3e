// SPDX-License-Identifier: Apache-2.0
// The backend's stream; see launcher.h.
#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

Launcher::~Launcher() {
    if (stream_ != nullptr) {
        [[maybe_unused]] const cudaError_t ignored = cudaStreamDestroy(stream_);
    }
}

Status Launcher::open() {
    return check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "starting");
}

void Launcher::copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, const char* doing) {
    if (status_ && bytes > 0) {
        ++work_;
        note(cudaMemcpyAsync(to, from, bytes, kind, stream_), doing);
    }
}

Result<DeviceMemory> Launcher::zeroed_counters(std::size_t count) {
    constexpr const char* kDoing = "taking memory for steps";
    Result<DeviceMemory> memory = DeviceMemory::take(count * sizeof(std::uint32_t), kDoing);
    if (memory) {
        note(cudaMemsetAsync(memory->data(), 0, memory->size(), stream_), kDoing);
    }
    return memory;
}

void Launcher::begin_queue() {
    queue_.drop();
    queueing_ = true;
    flushed_ = false;
}

void Launcher::flush_queue() {
    if (queueing_ && !queue_.empty() && status_) {
        flushed_ = true;
        note(queue_.run(stream_), "computing a step");
    }
}

void Launcher::end_queue(bool whole) {
    queueing_ = false;
    if (!whole || !status_) {
        queue_.drop();
    } else if (!queue_.empty()) {
        note(flushed_ ? queue_.run(stream_) : queue_.run_as_graph(stream_), "computing a step");
    }
}

void Launcher::synchronize(const char* doing) {
    if (status_) {
        note(cudaStreamSynchronize(stream_), doing);
    }
}

void Launcher::note(cudaError_t code, const char* doing) {
    if (code != cudaSuccess && status_) {
        status_ = fail(error_of(code, doing));
    }
}

void Launcher::fail_with(Error error) {
    if (status_) {
        status_ = fail(std::move(error));
    }
}

}  // namespace tendril::cuda
