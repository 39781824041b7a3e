// SPDX-License-Identifier: Apache-2.0
// Memory of the device, and pinned memory of the host, as owned values. Engine thread.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>

#include "engine/backend/cuda/cuda_error.h"

namespace tendril::cuda {

/// Bytes taken by Take and given back by Give; empty: null.
template <cudaError_t (*Take)(void**, std::size_t), cudaError_t (*Give)(void*)>
class Memory {
  public:
    Memory() = default;
    ~Memory() { reset(); }
    Memory(Memory&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Memory& operator=(Memory&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }

    static Result<Memory> take(std::size_t bytes, const char* what) {
        Memory memory;
        if (Status status = check(Take(&memory.data_, bytes == 0 ? 1 : bytes), what); !status) {
            memory.data_ = nullptr;
            [[maybe_unused]] const cudaError_t cleared = cudaGetLastError();  // it is told once, here
            return fail(std::move(status.error()));
        }
        memory.size_ = bytes;
        return memory;
    }

    void reset() {
        if (data_ != nullptr) {
            [[maybe_unused]] const cudaError_t ignored = Give(data_);  // a lost device gives nothing back
        }
        data_ = nullptr;
        size_ = 0;
    }

    template <typename T = std::byte>
    T* data() const {
        return static_cast<T*>(data_);
    }
    std::size_t size() const { return size_; }  ///< bytes

  private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

inline cudaError_t take_device(void** to, std::size_t bytes) {
    return cudaMalloc(to, bytes);
}
inline cudaError_t give_device(void* memory) {
    return cudaFree(memory);
}
inline cudaError_t take_pinned(void** to, std::size_t bytes) {
    return cudaMallocHost(to, bytes);
}
inline cudaError_t give_pinned(void* memory) {
    return cudaFreeHost(memory);
}
using DeviceMemory = Memory<take_device, give_device>;
using PinnedMemory = Memory<take_pinned, give_pinned>;

}  // namespace tendril::cuda
