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
        note(cudaMemcpyAsync(to, from, bytes, kind, stream_), doing);
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
