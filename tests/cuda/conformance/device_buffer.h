// SPDX-License-Identifier: Apache-2.0
// Device memory for tests: filled from a vector, read back into one.
#pragma once

#include <cuda_runtime_api.h>

#include <vector>

namespace tendril::conformance {

template <class T>
class DeviceBuffer {
  public:
    explicit DeviceBuffer(size_t count) : count_(count) {
        cudaMalloc(reinterpret_cast<void**>(&p_), count * sizeof(T));
    }
    explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(values.size()) {
        cudaMemcpy(p_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
    }
    ~DeviceBuffer() { cudaFree(p_); }
    DeviceBuffer(const DeviceBuffer&) = delete;
    DeviceBuffer& operator=(const DeviceBuffer&) = delete;

    T* get() const { return p_; }
    void clear() {
        cudaMemset(p_, 0, count_ * sizeof(T));
        cudaStreamSynchronize(nullptr);  // other streams do not wait for the default stream
    }
    void set(const std::vector<T>& values) {
        cudaMemcpy(p_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
    }
    std::vector<T> values() const {
        std::vector<T> values(count_);
        cudaMemcpy(values.data(), p_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
        return values;
    }

  private:
    T* p_ = nullptr;
    size_t count_;
};

}  // namespace tendril::conformance
