// SPDX-License-Identifier: Apache-2.0
// Ops on rows and on single values: embedding, norms, addition, gates, caps.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/embedding.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/norms.cuh"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(size_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}
TENDRIL_DEVICE size_t thread_number() {
    return static_cast<size_t>(blockIdx.x) * kThreads + threadIdx.x;
}

TENDRIL_KERNEL __launch_bounds__(kThreads) embed_kernel(EmbedArgs a) {
    const size_t row = thread_number() / a.width;
    if (row >= a.rows) {
        return;
    }
    const auto column = static_cast<unsigned>(thread_number() - row * a.width);
    a.out[row * a.width + column] =
        a.scale * table_element(a.table, static_cast<size_t>(a.tokens[row]), column);
}

TENDRIL_KERNEL __launch_bounds__(kThreads) narrow_norm_kernel(NormArgs a) {
    const size_t row = thread_number() / 32;
    if (row >= a.rows) {
        return;
    }
    const unsigned lane = threadIdx.x % 32;
    const float* in = a.in + row * a.width;
    const float squares = squares_of(lane, 32, a.width, [&](unsigned i) { return in[i]; });
    const float scale = norm_scale(squares, a.width, a.epsilon);
    for (unsigned i = lane; i < a.width; i += 32) {
        a.out[row * a.width + i] = in[i] * scale * a.weight[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) wide_norm_kernel(NormArgs a) {
    TENDRIL_SHARED(float, parts, [1][kNormParts]);
    const size_t row = blockIdx.x;
    const float* in = a.in + row * a.width;
    square_parts(
        1, a.width, [&](unsigned, unsigned column) { return in[column]; }, parts);
    __syncthreads();
    const float scale = norm_scale_of(parts[0], a.width, a.epsilon);
    for (unsigned i = threadIdx.x; i < a.width; i += kThreads) {
        a.out[row * a.width + i] = in[i] * scale * a.weight[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) add_kernel(AddArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        a.to[i] += a.from[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) gate_kernel(GateArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        const float x = a.gate[i];
        a.out[i] = (a.gelu != 0 ? gelu_tanh(x) : silu(x)) * a.up[i];
    }
}

TENDRIL_KERNEL __launch_bounds__(kThreads) soft_cap_kernel(SoftCapArgs a) {
    const size_t i = thread_number();
    if (i < a.count) {
        a.x[i] = a.cap * tanhf(a.x[i] / a.cap);
    }
}

}  // namespace

cudaError_t embed(const EmbedArgs& args, cudaStream_t stream) {
    const unsigned blocks = blocks_for(static_cast<size_t>(args.rows) * args.width);
    return launch(embed_kernel, dim3(blocks), dim3(kThreads), 0, stream, args);
}

cudaError_t rms_norm(const NormArgs& args, cudaStream_t stream) {
    if (args.width <= kNarrow) {
        return launch(narrow_norm_kernel, dim3(blocks_for(static_cast<size_t>(args.rows) * 32)),
                      dim3(kThreads), 0, stream, args);
    }
    return launch(wide_norm_kernel, dim3(args.rows), dim3(kThreads), 0, stream, args);
}

cudaError_t add(const AddArgs& args, cudaStream_t stream) {
    return launch(add_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

cudaError_t gate(const GateArgs& args, cudaStream_t stream) {
    return launch(gate_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

cudaError_t soft_cap(const SoftCapArgs& args, cudaStream_t stream) {
    return launch(soft_cap_kernel, dim3(blocks_for(args.count)), dim3(kThreads), 0, stream, args);
}

}  // namespace tendril::cuda
