// SPDX-License-Identifier: Apache-2.0
// The kernels of samples.h. kBug is the mistake that is compiled in; 0 is correct code.
#include "engine/backend/cuda/port.h"
#include "tests/cuda/planted/samples.h"

namespace tendril::planted {

using namespace tendril::cuda;

constexpr int kThreads = 128, kWarps = kThreads / 32;

namespace {

// Launches the instance of a kernel for this bug: `launch_bug` is called with the bug as a constant.
template <int kBug>
struct Constant {
    static constexpr int kValue = kBug;
};
template <int... kBugs, class F>
cudaError_t choose(int bug, F&& launch_bug) {
    cudaError_t result = cudaErrorInvalidValue;
    (void)((bug == kBugs && (result = launch_bug(Constant<kBugs>{}), true)) || ...);
    return result;
}

}  // namespace

template <int kBug>
TENDRIL_DEVICE float sum_of_warp(float v) {
    if constexpr (kBug == 2) {  // a mask that leaves out half of the lanes that come
        for (int offset = 16; offset > 0; offset /= 2) {
            v += __shfl_xor_sync(0x0000ffffu, v, offset);
        }
        return v;
    } else {
        return warp_sum(v);
    }
}

template <int kBug>
TENDRIL_DEVICE float sum_of_block(float v) {
    TENDRIL_SHARED(float, parts, [kWarps]);
    const int warp = static_cast<int>(threadIdx.x) / 32;
    v = sum_of_warp<kBug>(v);
    if (threadIdx.x % 32 == 0 &&
        (kBug != 6 || warp != kWarps - 1)) {     // 6: the last warp's part is never written
        parts[kBug == 3 ? warp + 1 : warp] = v;  // 3: one place too far
    }
    if constexpr (kBug == 7) {  // a barrier that one warp does not come to
        if (warp != 0) {
            __syncthreads();
        }
    } else if constexpr (kBug != 1) {  // 1: no barrier between the writes and the reads
        __syncthreads();
    }
    float sum = 0;
    for (int i = 0; i < kWarps; ++i) {
        sum += parts[i];
    }
    if constexpr (kBug != 5) {  // 5: the next call writes while others still read
        __syncthreads();
    }
    return sum;
}

template <int kBug>
TENDRIL_KERNEL normalise_kernel(const float* x, float* y, int n) {
    x += static_cast<size_t>(blockIdx.x) * static_cast<size_t>(n);
    y += static_cast<size_t>(blockIdx.x) * static_cast<size_t>(n);
    if (kBug == 20 && threadIdx.x >= kThreads - 32) {  // a warp ends before a barrier
        return;
    }
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < (kBug == 4 ? n + 1 : n);
         i += kThreads) {  // 4: one value too many
        sum += x[i];
    }
    const float mean = sum_of_block<kBug>(sum) / static_cast<float>(n);
    float squares = 0;
    for (int i = static_cast<int>(threadIdx.x); i < n; i += kThreads) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    const float scale = rsqrtf(sum_of_block<kBug>(squares) / static_cast<float>(n));
    for (int i = static_cast<int>(threadIdx.x); i < n; i += kThreads) {
        y[i] = (x[i] - mean) * scale;
    }
}

cudaError_t normalise(int bug, const float* x, float* y, int rows, int n, cudaStream_t stream) {
    return choose<0, 1, 2, 3, 4, 5, 6, 7, 20>(bug, [&](auto chosen) {
        return launch(normalise_kernel<decltype(chosen)::kValue>, dim3(static_cast<unsigned>(rows)),
                      dim3(kThreads), 0, stream, x, y, n);
    });
}

constexpr int kRows = 16, kStep = 64;  // a tile of a: 16 rows of 64 halves

template <int kBug>
TENDRIL_DEVICE void multiply_tiles(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if !defined(TENDRIL_CUDA_EMULATED)
    if constexpr (kBug == 22) {  // in what only nvcc sees
        const uint32_t swapped[4] = {a[0], a[2], a[1], a[3]};
        mma_f16_16x8x16(d, swapped, b);
        return;
    }
#endif
    mma_f16_16x8x16(d, a, b);
}

template <int kBug>
TENDRIL_KERNEL multiply_kernel(const __half* a, const __half* b, float* c, int depth) {
    TENDRIL_SHARED(__half, tiles, [2][kRows][kStep]);
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, group = lane / 4, quad = lane % 4;
    const int column = thread / 32 * 8 + group;
    const auto fetch = [&](int step) {
        const int row = thread / 8, piece = thread % 8 * 8;
        copy_async_16(&tiles[step % 2][row][piece], a + row * depth + step * kStep + piece);
    };
    float d[4] = {0, 0, 0, 0};
    const int steps = depth / kStep;
    fetch(0);
    copy_async_commit();
    for (int step = 0; step < steps; ++step) {
        if (step + 1 < steps) {
            fetch(step + 1);
        }
        copy_async_commit();
        copy_async_wait<kBug == 11 ? 2 : 1>();  // 11: does not wait for the tile that is used next
        __syncthreads();
        for (int k = 0; k < kStep; k += 16) {
            uint32_t left[4];
            load_matrix_x4(left, &tiles[step % 2][lane % 16][k + lane / 16 * 8]);
            const __half* right = b + column * depth + step * kStep + k + 2 * quad;
            const uint32_t halves[2] = {*reinterpret_cast<const uint32_t*>(right),
                                        *reinterpret_cast<const uint32_t*>(right + 8)};
            multiply_tiles<kBug>(d, left, halves);
        }
        if constexpr (kBug != 12) {  // 12: the next copy overwrites a tile that other warps still read
            __syncthreads();
        }
    }
    for (int i = 0; i < 4; ++i) {
        const int row =
            kBug == 8 ? group + i % 2 * 8 : group + i / 2 * 8;  // 8: the layout of another fragment
        const int at = kBug == 8 ? 2 * quad + i / 2 : 2 * quad + i % 2;
        c[row * 32 + thread / 32 * 8 + at] = d[i];
    }
    copy_async_wait<0>();
}

cudaError_t multiply(int bug, const __half* a, const __half* b, float* c, int depth, cudaStream_t stream) {
    return choose<0, 8, 11, 12, 22>(bug, [&](auto chosen) {
        return launch(multiply_kernel<decltype(chosen)::kValue>, dim3(1), dim3(kThreads), 0, stream, a, b, c,
                      depth);
    });
}

template <int kBug>
TENDRIL_KERNEL sum_split_kernel(const float* x, float* parts, unsigned* counter, float* total, int n) {
    TENDRIL_SHARED(float, warps, [kWarps]);
    TENDRIL_SHARED(unsigned, last, [1]);
    const int thread = static_cast<int>(threadIdx.x), blocks = static_cast<int>(gridDim.x);
    float sum = 0;
    for (int i = static_cast<int>(blockIdx.x) * kThreads + thread; i < n; i += blocks * kThreads) {
        sum += x[i];
    }
    sum = warp_sum(sum);
    if (thread % 32 == 0) {
        warps[thread / 32] = sum;
    }
    if constexpr (kBug != 9) {  // 9: no barrier between the warps' writes and thread 0's reads
        __syncthreads();
    }
    if (thread == 0) {
        float part = 0;
        for (int i = 0; i < kWarps; ++i) {
            part += warps[i];
        }
        parts[blockIdx.x] = part;
        if constexpr (kBug != 10) {  // 10: the count may be seen before the part
            __threadfence();
        }
        last[0] = atomicAdd(counter, 1u) == gridDim.x - 1 ? 1u : 0u;
    }
    __syncthreads();
    if (last[0] != 0 && thread == 0) {
        __threadfence();
        float all = 0;
        for (int i = 0; i < blocks; ++i) {
            all += parts[i];
        }
        *total = all;
        *counter = 0;
    }
}

cudaError_t sum_split(int bug, const float* x, float* parts, unsigned* counter, float* total, int n,
                      int blocks, cudaStream_t stream) {
    return choose<0, 9, 10>(bug, [&](auto chosen) {
        return launch(sum_split_kernel<decltype(chosen)::kValue>, dim3(static_cast<unsigned>(blocks)),
                      dim3(kThreads), 0, stream, x, parts, counter, total, n);
    });
}

template <int kBug>
TENDRIL_KERNEL share_of_sum_kernel(const float* x, float* parts, float* y, int n) {
    const int thread = static_cast<int>(threadIdx.x), stride = static_cast<int>(gridDim.x) * kThreads;
    const int first = static_cast<int>(blockIdx.x) * kThreads + thread;
    float sum = 0;
    for (int i = first; i < n; i += stride) {
        sum += x[i];
    }
    sum = sum_of_block<0>(sum);
    if (thread == 0) {
        parts[blockIdx.x] = sum;
    }
    if constexpr (kBug != 13) {  // 13: other blocks' parts are read before they are written
        grid_sync();
    }
    float total = 0;
    for (unsigned block = 0; block < gridDim.x; ++block) {
        total += parts[block];
    }
    for (int i = first; i < n; i += stride) {
        y[i] = x[i] / total;
    }
}

cudaError_t share_of_sum(int bug, const float* x, float* parts, float* y, int n, int blocks,
                         cudaStream_t stream) {
    return choose<0, 13>(bug, [&](auto chosen) {
        return launch_cooperative(share_of_sum_kernel<decltype(chosen)::kValue>,
                                  dim3(static_cast<unsigned>(blocks)), dim3(kThreads), 0, stream, x, parts, y,
                                  n);
    });
}

template <int kBug>
TENDRIL_KERNEL quantise_pairs_kernel(const float* x, int* y, int n) {
    TENDRIL_SHARED(int, exchange, [kThreads]);
    const int thread = static_cast<int>(threadIdx.x), i = static_cast<int>(blockIdx.x) * kThreads + thread;
    if (i >= n) {
        return;
    }
    float v = x[i];
    if constexpr (kBug == 14) {  // 8 bytes from an address that is a multiple of 4
        const float2 pair = *reinterpret_cast<const float2*>(x + i);
        v = pair.x + (pair.y - x[i + 1]);
    }
    float largest = fabsf(v);
    if constexpr (kBug == 19) {  // half of the warp in an operation of the whole
        if (thread % 32 < 16) {
            largest = warp_max(largest);
        }
    } else {
        largest = warp_max(largest);
    }
    if constexpr (kBug == 29) {  // reads a lane that its mask does not name
        if (thread % 32 < 16) {
            largest = fmaxf(largest, __shfl_sync(0x0000ffffu, largest, thread % 32 + 16));
        }
    }
    exchange[thread] = __float2int_rn(v / largest * 127.0f);
    if constexpr (kBug != 18) {  // 18: a lane's value is read before it is surely there
        __syncwarp();
    }
    y[i] = exchange[thread] + exchange[thread ^ 1];
}

cudaError_t quantise_pairs(int bug, const float* x, int* y, int n, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((n + kThreads - 1) / kThreads);
    return choose<0, 14, 18, 19, 29>(bug, [&](auto chosen) {
        return launch(quantise_pairs_kernel<decltype(chosen)::kValue>, dim3(blocks), dim3(kThreads), 0,
                      stream, x, y, n);
    });
}

template <int kBug>
TENDRIL_KERNEL reverse_blocks_kernel(const float* x, float* y) {
    TENDRIL_DYNAMIC_SHARED(float, values);
    const unsigned first = blockIdx.x * blockDim.x, last = blockDim.x - 1;
    values[threadIdx.x] = x[first + threadIdx.x];
    __syncthreads();
    y[first + threadIdx.x] = values[last - threadIdx.x];
}

cudaError_t reverse_blocks(int bug, const float* x, float* y, int n, cudaStream_t stream) {
    constexpr unsigned kBlock = 64;
    const size_t bytes = (bug == 28 ? kBlock - 4 : kBlock) * sizeof(float);  // 28: asks for less than it uses
    return launch(reverse_blocks_kernel<0>, dim3(static_cast<unsigned>(n) / kBlock), dim3(kBlock), bytes,
                  stream, x, y);
}

TENDRIL_KERNEL add_to_kernel(const float* x, float* y, float add, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        y[i] = x[i] + add;
    }
}

cudaError_t add_to(const float* x, float* y, float add, int n, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((n + kThreads - 1) / kThreads);
    return launch(add_to_kernel, dim3(blocks), dim3(kThreads), 0, stream, x, y, add, n);
}

}  // namespace tendril::planted
