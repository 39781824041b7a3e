// SPDX-License-Identifier: Apache-2.0
// Kernels of the kinds that a whole step is made of: step_samples.h. kBug is the mistake that is compiled in;
// 0 is correct code.
#include "engine/backend/cuda/port.h"
#include "tests/cuda/planted/step_samples.h"

namespace tendril::planted {

using namespace tendril::cuda;

namespace {

constexpr int kRowThreads = 64;

}  // namespace

TENDRIL_KERNEL write_at_kernel(const float* x, float* y, const int* place, int given, int n) {
    const int i = static_cast<int>(threadIdx.x);
    if (i < n) {
        y[(place != nullptr ? *place : given) + i] = x[i];
    }
}

cudaError_t write_at(const float* x, float* y, const int* place, int given, int n, cudaStream_t stream) {
    return launch(write_at_kernel, dim3(1), dim3(kRowThreads), 0, stream, x, y, place, given, n);
}

template <int kBug>
TENDRIL_KERNEL norm_product_kernel(const float* x, const float* w, float* y, int n) {
    TENDRIL_SHARED(float, row, [kRowThreads]);
    const int i = static_cast<int>(threadIdx.x);
    float largest = 0;
    for (int k = 0; k < n; ++k) {
        largest = fmaxf(largest, fabsf(x[k]));
    }
    row[i] = x[i] / largest;
    if constexpr (kBug != 33) {  // 33: the product begins before all warps have brought their part of the row
        __syncthreads();
    }
    const int output = static_cast<int>(blockIdx.x) * n + i;
    float sum = 0;
    for (int k = 0; k < n; ++k) {
        sum += row[k] * w[output * n + k];
    }
    y[output] = sum;
}

template <int kBug>
TENDRIL_KERNEL norm_add_kernel(const float* x, float* y, int n) {
    const int i = static_cast<int>(blockIdx.x) * kRowThreads + static_cast<int>(threadIdx.x);
    float largest = 0;
    for (int k = 0; k < n; ++k) {
        largest = fmaxf(largest, fabsf(x[k]));
    }
    float* const to =
        kBug == 36 ? const_cast<float*>(x) : y;  // 36: into the row that other blocks still norm
    to[i] = x[i] + x[i] / largest;
}

cudaError_t norm_product(int bug, const float* x, const float* w, float* y, int blocks, cudaStream_t stream) {
    return launch(bug == 33 ? norm_product_kernel<33> : norm_product_kernel<0>,
                  dim3(static_cast<unsigned>(blocks)), dim3(kRowThreads), 0, stream, x, w, y, kRowThreads);
}

cudaError_t norm_add(int bug, const float* x, float* y, int blocks, cudaStream_t stream) {
    return launch(bug == 36 ? norm_add_kernel<36> : norm_add_kernel<0>, dim3(static_cast<unsigned>(blocks)),
                  dim3(kRowThreads), 0, stream, x, y, blocks * kRowThreads);
}

template <int kBug>
TENDRIL_KERNEL total_kernel(const float* x, float* parts, unsigned* counter, float* total) {
    if (threadIdx.x != 0) {
        return;
    }
    parts[blockIdx.x] = x[blockIdx.x];
    __threadfence();
    if (atomicAdd(counter, 1u) != gridDim.x - 1) {
        return;
    }
    __threadfence();
    float sum = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) {
        sum += parts[i];
    }
    *total = sum;
    if constexpr (kBug != 32) {  // 32: in the next launch no block is the last
        *counter = 0;
    }
}

cudaError_t total(int bug, const float* x, float* parts, unsigned* counter, float* to, int blocks,
                  cudaStream_t stream) {
    return launch(bug == 32 ? total_kernel<32> : total_kernel<0>, dim3(static_cast<unsigned>(blocks)),
                  dim3(32), 0, stream, x, parts, counter, to);
}

template <int kBug>
TENDRIL_KERNEL store_rows_kernel(const float* x, const int* places, float* y) {
    const int place = places[blockIdx.x];
    if (kBug != 34 && place < 0) {  // 34: a row that only fills up the launch is stored as well
        return;
    }
    y[place * kRowThreads + static_cast<int>(threadIdx.x)] =
        x[static_cast<int>(blockIdx.x) * kRowThreads + static_cast<int>(threadIdx.x)];
}

cudaError_t store_rows(int bug, const float* x, const int* places, float* y, int rows, cudaStream_t stream) {
    return launch(bug == 34 ? store_rows_kernel<34> : store_rows_kernel<0>, dim3(static_cast<unsigned>(rows)),
                  dim3(kRowThreads), 0, stream, x, places, y);
}

template <int kBug>
TENDRIL_KERNEL first_best_kernel(const float* x, int* best, int n) {
    TENDRIL_SHARED(unsigned, found, [1]);
    TENDRIL_SHARED(int, chosen, [1]);
    const int thread = static_cast<int>(threadIdx.x);
    float largest = 0;
    for (int i = 0; i < n; ++i) {
        largest = fmaxf(largest, x[i]);
    }
    if (thread == 0) {
        found[0] = 0;
        chosen[0] = n;
    }
    __syncthreads();
    if (thread < n && x[thread] == largest) {
        if constexpr (kBug == 35) {  // of equals the one that comes first, in place of the lowest
            if (atomicAdd(&found[0], 1u) == 0) {
                chosen[0] = thread;
            }
        } else {
            atomicMin(&chosen[0], thread);
        }
    }
    __syncthreads();
    if (thread == 0) {
        *best = chosen[0];
    }
}

cudaError_t first_best(int bug, const float* x, int* best, int n, cudaStream_t stream) {
    return launch(bug == 35 ? first_best_kernel<35> : first_best_kernel<0>, dim3(1), dim3(kRowThreads), 0,
                  stream, x, best, n);
}

}  // namespace tendril::planted
