// SPDX-License-Identifier: Apache-2.0
// What the scenes share: device memory and streams as owned values, data, the comparison. Streams do not wait
// for the default stream, so that a forgotten wait can show.
#pragma once

#include <cuda_runtime_api.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/cuda/conformance/device_buffer.h"

namespace tendril::planted {

template <class T>
using Device = conformance::DeviceBuffer<T>;

class Stream {
  public:
    Stream() { cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking); }
    ~Stream() { cudaStreamDestroy(stream_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    operator cudaStream_t() const { return stream_; }
    void wait() const { cudaStreamSynchronize(stream_); }

  private:
    cudaStream_t stream_ = nullptr;
};

inline std::vector<float> sample(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) {
        values[i] = std::sin(static_cast<float>(i) * 0.7f) + 0.3f;
    }
    return values;
}

inline bool close(const std::vector<float>& got, const std::vector<double>& expected) {
    for (size_t i = 0; i < expected.size(); ++i) {
        if (!(std::fabs(got[i] - expected[i]) <= 1e-4 * (1 + std::fabs(expected[i])))) {
            return false;
        }
    }
    return true;
}

}  // namespace tendril::planted
