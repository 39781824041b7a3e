// SPDX-License-Identifier: Apache-2.0
// The kernels of conformance.h that are more than a function of words.
#include "engine/backend/cuda/port.h"
#include "tests/cuda/conformance/conformance.h"

#if defined(TENDRIL_CUDA_EMULATED)
#define CALLED_FUNCTION __attribute__((noinline))
#else
#define CALLED_FUNCTION __device__ __noinline__
#endif

namespace tendril::conformance {

using namespace tendril::cuda;

template <bool kFour, bool kTransposed>
TENDRIL_KERNEL load_matrices_kernel(const __half* tile, uint32_t* out) {
    TENDRIL_SHARED(__half, shared, [16][16]);
    for (int i = static_cast<int>(threadIdx.x); i < 256; i += 32) {
        shared[i / 16][i % 16] = tile[i];
    }
    __syncwarp();
    const int lane = static_cast<int>(threadIdx.x);
    const __half* row = &shared[lane % 16][lane / 16 * 8];
    if constexpr (kFour) {
        uint32_t r[4];
        if constexpr (kTransposed) {
            load_matrix_x4_transposed(r, row);
        } else {
            load_matrix_x4(r, row);
        }
        for (int i = 0; i < 4; ++i) {
            out[i * 32 + lane] = r[i];
        }
    } else {
        uint32_t r[2];
        if constexpr (kTransposed) {
            load_matrix_x2_transposed(r, row);
        } else {
            load_matrix_x2(r, row);
        }
        for (int i = 0; i < 2; ++i) {
            out[i * 32 + lane] = r[i];
        }
    }
}

cudaError_t load_matrices(bool four, bool transposed, const __half* tile, uint32_t* out) {
    const auto run = [&](auto* kernel) { return launch(kernel, dim3(1), dim3(32), 0, nullptr, tile, out); };
    if (four) {
        return transposed ? run(load_matrices_kernel<true, true>) : run(load_matrices_kernel<true, false>);
    }
    return transposed ? run(load_matrices_kernel<false, true>) : run(load_matrices_kernel<false, false>);
}

// The fragments by the PTX ISA's formulas: lane = 4 * group + quad.
TENDRIL_KERNEL multiply_f16_kernel(const __half* a, const __half* b, float* c) {
    const int group = static_cast<int>(threadIdx.x) / 4, quad = static_cast<int>(threadIdx.x) % 4;
    const auto pair = [](const __half* p) { return *reinterpret_cast<const uint32_t*>(p); };
    const uint32_t left[4] = {pair(a + group * 16 + 2 * quad), pair(a + (group + 8) * 16 + 2 * quad),
                              pair(a + group * 16 + 2 * quad + 8), pair(a + (group + 8) * 16 + 2 * quad + 8)};
    const uint32_t right[2] = {pair(b + group * 16 + 2 * quad), pair(b + group * 16 + 2 * quad + 8)};
    float d[4];
    for (int i = 0; i < 4; ++i) {
        d[i] = c[(group + i / 2 * 8) * 8 + 2 * quad + i % 2];
    }
    mma_f16_16x8x16(d, left, right);
    for (int i = 0; i < 4; ++i) {
        c[(group + i / 2 * 8) * 8 + 2 * quad + i % 2] = d[i];
    }
}
cudaError_t multiply_f16(const __half* a, const __half* b, float* c) {
    return launch(multiply_f16_kernel, dim3(1), dim3(32), 0, nullptr, a, b, c);
}

TENDRIL_KERNEL multiply_s8_kernel(const int8_t* a, const int8_t* b, int* c) {
    const int group = static_cast<int>(threadIdx.x) / 4, quad = static_cast<int>(threadIdx.x) % 4;
    const auto four = [](const int8_t* p) { return *reinterpret_cast<const uint32_t*>(p); };
    const uint32_t left[4] = {four(a + group * 32 + 4 * quad), four(a + (group + 8) * 32 + 4 * quad),
                              four(a + group * 32 + 4 * quad + 16),
                              four(a + (group + 8) * 32 + 4 * quad + 16)};
    const uint32_t right[2] = {four(b + group * 32 + 4 * quad), four(b + group * 32 + 4 * quad + 16)};
    int d[4];
    for (int i = 0; i < 4; ++i) {
        d[i] = c[(group + i / 2 * 8) * 8 + 2 * quad + i % 2];
    }
    mma_s8_16x8x32(d, left, right);
    for (int i = 0; i < 4; ++i) {
        c[(group + i / 2 * 8) * 8 + 2 * quad + i % 2] = d[i];
    }
}
cudaError_t multiply_s8(const int8_t* a, const int8_t* b, int* c) {
    return launch(multiply_s8_kernel, dim3(1), dim3(32), 0, nullptr, a, b, c);
}

TENDRIL_KERNEL copy_pieces_kernel(const uint4* from, uint4* to, int bytes) {
    TENDRIL_SHARED(uint4, pieces, [64]);
    const unsigned thread = threadIdx.x;
    copy_async_16(&pieces[thread], from + thread, bytes);
    copy_async_commit();
    copy_async_16(&pieces[32 + thread], from + 32 + thread, bytes);
    copy_async_commit();
    copy_async_wait<1>();
    __syncwarp();
    to[thread] = pieces[31 - thread];
    copy_async_wait<0>();
    __syncwarp();
    to[32 + thread] = pieces[32 + 31 - thread];
}
cudaError_t copy_pieces(const uint4* from, uint4* to, int bytes) {
    return launch(copy_pieces_kernel, dim3(1), dim3(32), 0, nullptr, from, to, bytes);
}

TENDRIL_KERNEL count_atomically_kernel(unsigned* words, float* sum, unsigned long long* wide) {
    const unsigned number = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&words[0], number);
    atomicMax(&words[1], number);
    atomicMin(&words[2], number);
    atomicOr(&words[3], 1u << number % 32);
    atomicAnd(&words[4], ~(1u << number % 32));
    atomicXor(&words[5], number);
    atomicInc(&words[6], 9);
    atomicDec(&words[7], 9);
    atomicSub(&words[8], number);
    atomicAdd(reinterpret_cast<int*>(&words[9]), -static_cast<int>(number));
    atomicMax(reinterpret_cast<int*>(&words[10]), 5 - static_cast<int>(number));
    atomicExch(&words[11], 77u);
    for (unsigned seen = 0, expected = 1; seen != expected;) {  // a sum by compare and swap
        expected = atomicAdd(&words[12], 0u);
        seen = atomicCAS(&words[12], expected, expected + number);
    }
    atomicAdd(sum, static_cast<float>(number));
    atomicAdd(wide, 0x100000000ull + number);
}
cudaError_t count_atomically(unsigned* words, float* sum, unsigned long long* wide, dim3 grid,
                             unsigned threads) {
    return launch(count_atomically_kernel, grid, dim3(threads), 0, nullptr, words, sum, wide);
}

namespace {  // kernels in unnamed namespaces are found as PTX as well
TENDRIL_KERNEL number_threads_kernel(unsigned* out) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    const unsigned number = block * blockDim.x * blockDim.y * blockDim.z + thread;
    out[number] = number;
}
}  // namespace
cudaError_t number_threads(unsigned* out, dim3 grid, dim3 block) {
    return launch(number_threads_kernel, grid, block, 0, nullptr, out);
}

TENDRIL_KERNEL reverse_by_grid_kernel(const float* in, float* sums, float* out, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    out[n - 1 - i] = in[i];
    grid_sync();
    sums[i] = out[i] + out[n - 1 - i];
    grid_sync();
    out[i] = sums[n - 1 - i] - in[i];
}
cudaError_t reverse_by_grid(const float* in, float* sums, float* out, int n) {
    constexpr unsigned kBlock = 64;
    return launch_cooperative(reverse_by_grid_kernel, dim3(static_cast<unsigned>(n) / kBlock), dim3(kBlock),
                              0, nullptr, in, sums, out, n);
}

TENDRIL_DEVICE float2 with_double(float v) {
    return make_float2(v, 2 * v);
}

TENDRIL_KERNEL store_returned_kernel(const float* in, __half* halves, float2* pairs) {
    halves[threadIdx.x] = __float2half_rn(in[threadIdx.x]);
    halves[kThreads + threadIdx.x] =
        __float2half_rn(2 * in[threadIdx.x]);  // called twice: not inlined without need
    pairs[threadIdx.x] = with_double(in[threadIdx.x]);
}
TENDRIL_KERNEL sum_stored_kernel(const __half* halves, const float2* pairs, float* out) {
    const auto* bits = reinterpret_cast<const unsigned short*>(halves);  // loads that are seen in any case
    const __half first = __ushort_as_half(bits[threadIdx.x]);
    const __half second = __ushort_as_half(bits[kThreads + threadIdx.x]);
    const float sum = __half2float(first) + __half2float(second);
    out[threadIdx.x] = sum + pairs[threadIdx.x].x + pairs[threadIdx.x].y;
}
cudaError_t store_returned(const float* in, __half* halves, float2* pairs, float* out) {
    const cudaError_t error =
        launch(store_returned_kernel, dim3(1), dim3(kThreads), 0, nullptr, in, halves, pairs);
    return error == cudaSuccess
               ? launch(sum_stored_kernel, dim3(1), dim3(kThreads), 0, nullptr, halves, pairs, out)
               : error;
}

namespace {
TENDRIL_CONSTANT int kTable[8] = {3, -1, 4, 1, -5, 9, 2, 6};

CALLED_FUNCTION int called(int v, int times) {
    for (int i = 0; i < times; ++i) {
        v = v * 3 + i;
    }
    return v;
}
}  // namespace

TENDRIL_KERNEL use_compiled_forms_kernel(const int* in, int* out) {
    const int v = in[threadIdx.x];
    int local[8];
    for (int i = 0; i < 8; ++i) {
        local[i] = v * i + 1;
    }
    local[v & 7] += kTable[v & 7];
    int chosen = 0;
    switch (v & 7) {
        case 0:
            chosen = called(v, 2);
            break;
        case 1:
            chosen = v * 11;
            break;
        case 2:
            chosen = v - 100;
            break;
        case 3:
            chosen = called(v, v & 3);
            break;
        case 4:
            chosen = -v;
            break;
        case 5:
            chosen = v ^ 0x55;
            break;
        default:
            chosen = local[v & 3];
            break;
    }
    out[threadIdx.x] = chosen + local[(v >> 3) & 7];
}
cudaError_t use_compiled_forms(const int* in, int* out) {
    return launch(use_compiled_forms_kernel, dim3(1), dim3(kThreads), 0, nullptr, in, out);
}

}  // namespace tendril::conformance
