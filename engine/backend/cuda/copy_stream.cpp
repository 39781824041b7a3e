// SPDX-License-Identifier: Apache-2.0
// The order between copies and steps; see copy_stream.h.
#include "engine/backend/cuda/copy_stream.h"

namespace tendril::cuda {
namespace {

constexpr const char* kDoing = "moving pages of the context";

}  // namespace

CopyStream::~CopyStream() {
    // Copies under way use memory that goes behind this.
    if (stream_ != nullptr) {
        [[maybe_unused]] const cudaError_t waited = cudaStreamSynchronize(stream_);
        [[maybe_unused]] const cudaError_t gone = cudaStreamDestroy(stream_);
    }
    for (cudaEvent_t event : {computed_, copied_}) {
        if (event != nullptr) {
            [[maybe_unused]] const cudaError_t gone = cudaEventDestroy(event);
        }
    }
}

Status CopyStream::open() {
    cudaError_t error = cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
    for (cudaEvent_t* event : {&computed_, &copied_}) {
        error = error == cudaSuccess ? cudaEventCreateWithFlags(event, cudaEventDisableTiming) : error;
    }
    return check(error, kDoing);
}

void CopyStream::begin() {
    if (launcher_.status()) {
        launcher_.note(cudaEventRecord(computed_, launcher_.stream()), kDoing);
        launcher_.note(cudaStreamWaitEvent(stream_, computed_, 0), kDoing);
    }
}

void CopyStream::copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (launcher_.status()) {
        launcher_.note(cudaMemcpyAsync(to, from, bytes, kind, stream_), kDoing);
    }
}

void CopyStream::hand_over() {
    if (launcher_.status()) {
        launcher_.note(cudaEventRecord(copied_, stream_), kDoing);
        launcher_.note(cudaStreamWaitEvent(launcher_.stream(), copied_, 0), kDoing);
    }
}

void CopyStream::wait() {
    if (launcher_.status()) {
        launcher_.note(cudaStreamSynchronize(stream_), kDoing);
    }
}

void CopyStream::fail() {
    launcher_.note(cudaErrorMemoryAllocation, "bringing the pages of a step");
}

}  // namespace tendril::cuda
