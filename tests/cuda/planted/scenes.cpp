// SPDX-License-Identifier: Apache-2.0
// The scenes, and the list of all.
#include "tests/cuda/planted/scenes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/cuda/emulator/machine_control.h"
#include "tests/cuda/planted/samples.h"
#include "tests/cuda/planted/scene_support.h"
#include "tests/cuda/planted/step_scenes.h"

namespace tendril::planted {

namespace {

bool normalise_scene(int bug) {
    constexpr int kRowCount = 3, kCount = 300;
    const std::vector<float> x = sample(kRowCount * kCount);
    const Device<float> in(x), out(x.size());
    const Stream stream;
    normalise(bug, in.get(), out.get(), kRowCount, kCount, stream);
    stream.wait();
    std::vector<double> expected(x.size());
    for (size_t row = 0; row < kRowCount; ++row) {
        const float* from = x.data() + row * kCount;
        const double mean = std::accumulate(from, from + kCount, 0.0) / kCount;
        double squares = 0;
        for (size_t i = 0; i < kCount; ++i) {
            squares += (from[i] - mean) * (from[i] - mean);
        }
        for (size_t i = 0; i < kCount; ++i) {
            expected[row * kCount + i] = (from[i] - mean) / std::sqrt(squares / kCount);
        }
    }
    return close(out.values(), expected);
}

bool multiply_scene(int bug) {
    constexpr int kRowCount = 16, kColumns = 32, kDepth = 256;
    const auto halves = [](int count) {
        std::vector<__half> values(static_cast<size_t>(count));
        const std::vector<float> from = sample(values.size());
        std::transform(from.begin(), from.end(), values.begin(), [](float v) { return __float2half(v); });
        return values;
    };
    const std::vector<__half> a = halves(kRowCount * kDepth), b = halves(kColumns * kDepth);
    const Device<__half> left(a), right(b);
    const Device<float> out(kRowCount * kColumns);
    const Stream stream;
    multiply(bug, left.get(), right.get(), out.get(), kDepth, stream);
    stream.wait();
    std::vector<double> expected(kRowCount * kColumns);
    for (size_t i = 0; i < expected.size(); ++i) {
        for (size_t k = 0; k < kDepth; ++k) {
            expected[i] += static_cast<double>(__half2float(a[i / kColumns * kDepth + k])) *
                           static_cast<double>(__half2float(b[i % kColumns * kDepth + k]));
        }
    }
    return close(out.values(), expected);
}

bool sum_scene(int bug) {
    constexpr int kCount = 3000, kBlocks = 6;
    const std::vector<float> x = sample(kCount);
    const Device<float> in(x), parts(kBlocks), total(1);
    Device<unsigned> counter(1);
    if (bug != 21) {  // 21: nobody sets the counter to zero
        counter.clear();
    }
    const Stream stream;
    const double expected = std::accumulate(x.begin(), x.end(), 0.0);
    bool right = true;
    for (int repeat = 0; repeat < 2; ++repeat) {
        sum_split(bug == 21 ? 0 : bug, in.get(), parts.get(), counter.get(), total.get(), kCount, kBlocks,
                  stream);
        stream.wait();
        right = right && close(total.values(), {expected});
    }
    return right;
}

bool share_scene(int bug) {
    constexpr int kCount = 2000, kBlocks = 4;
    const std::vector<float> x = sample(kCount);
    const Device<float> in(x), parts(kBlocks), out(kCount);
    const Stream stream;
    share_of_sum(bug, in.get(), parts.get(), out.get(), kCount, kBlocks, stream);
    stream.wait();
    const double total = std::accumulate(x.begin(), x.end(), 0.0);
    std::vector<double> expected(x.begin(), x.end());
    for (double& v : expected) {
        v /= total;
    }
    return close(out.values(), expected);
}

bool quantise_scene(int bug) {
    constexpr int kCount = 256;
    const std::vector<float> x = sample(kCount + 1);
    const Device<float> in(x);
    const Device<int> out(kCount);
    const Stream stream;
    const bool host_pointer = bug == 15;  // the kernel gets the vector's own memory
    quantise_pairs(host_pointer ? 0 : bug, host_pointer ? x.data() : in.get(), out.get(), kCount, stream);
    stream.wait();
    std::vector<int> q(kCount), expected(kCount);
    for (size_t group = 0; group < kCount; group += 32) {
        float largest = 0;
        for (size_t i = group; i < group + 32; ++i) {
            largest = std::max(largest, std::fabs(x[i]));
        }
        for (size_t i = group; i < group + 32; ++i) {
            q[i] = static_cast<int>(std::nearbyint(x[i] / largest * 127.0f));
        }
    }
    for (size_t i = 0; i < kCount; ++i) {
        expected[i] = q[i] + q[i ^ 1u];
    }
    const std::vector<int> got = out.values();
    return std::equal(got.begin(), got.end(), expected.begin(),
                      [](int a, int b) { return std::abs(a - b) <= 1; });
}

bool reverse_scene(int bug) {
    constexpr int kCount = 128;
    const std::vector<float> x = sample(kCount);
    const Device<float> in(x), out(kCount);
    const Stream stream;
    reverse_blocks(bug, in.get(), out.get(), kCount, stream);
    stream.wait();
    std::vector<double> expected;
    for (int block = 0; block < kCount; block += 64) {
        expected.insert(expected.end(), x.rend() - block - 64, x.rend() - block);
    }
    return close(out.values(), expected);
}

std::vector<double> plus(const std::vector<float>& x, double add) {
    std::vector<double> values(x.begin(), x.end());
    for (double& v : values) {
        v += add;
    }
    return values;
}

// The host reads what a stream has not surely written yet.
bool unfinished_scene(int bug) {
    const std::vector<float> x = sample(200);
    const Device<float> in(x), out(x.size());
    const Stream stream;
    add_to(in.get(), out.get(), 1, 200, stream);
    if (bug != 17) {
        stream.wait();
    }
    return close(out.values(), plus(x, 1));
}

// Two streams, and the second does not wait for the first's event.
bool two_streams_scene(int bug) {
    const std::vector<float> x = sample(200);
    const Device<float> in(x), between(x), out(x.size());
    const Stream first, second;
    cudaEvent_t event = nullptr;
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    add_to(in.get(), between.get(), 1, 200, first);
    cudaEventRecord(event, first);
    if (bug != 23) {
        cudaStreamWaitEvent(second, event, 0);
    }
    add_to(between.get(), out.get(), 1, 200, second);
    second.wait();
    const std::vector<float> got = out.values();
    first.wait();
    cudaEventDestroy(event);
    return close(got, plus(x, 2));
}

// Pinned memory is written anew while a copy from it may still be under way.
bool pinned_scene(int bug) {
    const std::vector<float> x = sample(200);
    const Device<float> out(x.size());
    const Stream stream;
    float* pinned = nullptr;
    cudaMallocHost(reinterpret_cast<void**>(&pinned), x.size() * sizeof(float));
    std::copy(x.begin(), x.end(), pinned);
    cudaMemcpyAsync(out.get(), pinned, x.size() * sizeof(float), cudaMemcpyHostToDevice, stream);
    if (bug != 24) {
        stream.wait();
    }
    std::fill(pinned, pinned + x.size(), 0.0f);
    stream.wait();
    const bool right = close(out.values(), plus(x, 0));
    cudaFreeHost(pinned);
    return right;
}

// A page is put off to pinned memory, its frame is written anew, and the page comes back into another frame,
// by copies beside the stream that computes: 37 writes the frame too early, 38 reads the other one too early.
bool put_off_scene(int bug) {
    const std::vector<float> x = sample(200);
    const size_t bytes = x.size() * sizeof(float);
    const Device<float> in(x), frame(x), other(x), out(x.size());
    const Stream compute, copies;
    cudaEvent_t computed = nullptr, copied = nullptr;
    cudaEventCreateWithFlags(&computed, cudaEventDisableTiming);
    cudaEventCreateWithFlags(&copied, cudaEventDisableTiming);
    float* slot = nullptr;
    cudaMallocHost(reinterpret_cast<void**>(&slot), bytes);
    add_to(in.get(), frame.get(), 1, 200, compute);
    cudaEventRecord(computed, compute);
    cudaStreamWaitEvent(copies, computed, 0);
    cudaMemcpyAsync(slot, frame.get(), bytes, cudaMemcpyDeviceToHost, copies);
    cudaEventRecord(copied, copies);
    if (bug != 37) {
        cudaStreamWaitEvent(compute, copied, 0);
    }
    add_to(in.get(), frame.get(), 5, 200, compute);
    cudaMemcpyAsync(other.get(), slot, bytes, cudaMemcpyHostToDevice, copies);
    cudaEventRecord(copied, copies);
    if (bug != 38) {
        cudaStreamWaitEvent(compute, copied, 0);
    }
    add_to(other.get(), out.get(), 1, 200, compute);
    compute.wait();
    const std::vector<float> got = out.values();
    copies.wait();
    cudaFreeHost(slot);
    cudaEventDestroy(computed);
    cudaEventDestroy(copied);
    return close(got, plus(x, 2));
}

bool host_use_scene(int bug) {
    const std::vector<float> x = sample(200);
    const Device<float> in(x);
    const float first = bug == 25 ? in.get()[0] : in.values()[0];
    return std::fabs(first - x[0]) < 1e-6f;
}

bool long_copy_scene(int bug) {
    const std::vector<float> x = sample(201);
    const Device<float> in(200);
    const size_t count = bug == 26 ? 201 : 200;
    return cudaMemcpy(in.get(), x.data(), count * sizeof(float), cudaMemcpyHostToDevice) == cudaSuccess;
}

// A graph keeps the arguments of its capture: here a buffer that is freed before the replay.
bool graph_scene(int bug) {
    const std::vector<float> x = sample(200);
    const Device<float> out(x.size());
    const Stream stream;
    float* in = nullptr;
    cudaMalloc(reinterpret_cast<void**>(&in), x.size() * sizeof(float));
    cudaMemcpy(in, x.data(), x.size() * sizeof(float), cudaMemcpyHostToDevice);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t program = nullptr;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    add_to(in, out.get(), 1, 200, stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&program, graph, 0);
    if (bug == 27) {
        cudaFree(in);
    }
    cudaGraphLaunch(program, stream);
    stream.wait();
    if (bug != 27) {
        cudaFree(in);
    }
    cudaGraphExecDestroy(program);
    cudaGraphDestroy(graph);
    return close(out.values(), plus(x, 1));
}

// A kernel of one device uses another's memory without having asked for access.
bool peer_scene(int bug) {
    emulator::MachineDescription machine;
    machine.devices.resize(2);
    emulator::reset_machine(machine);
    const std::vector<float> x = sample(200);
    bool right = false;
    {
        const Device<float> in(x);
        cudaSetDevice(1);
        if (bug != 30) {
            cudaDeviceEnablePeerAccess(0, 0);
        }
        const Device<float> out(x.size());
        const Stream stream;
        add_to(in.get(), out.get(), 1, 200, stream);
        stream.wait();
        right = close(out.values(), plus(x, 1));
        cudaSetDevice(0);
    }
    emulator::reset_machine();
    return right;
}

constexpr std::array kBugs = std::to_array<Bug>({
    {1, "no __syncthreads between write and read", normalise_scene},
    {2, "shuffle mask without the lanes that come", normalise_scene},
    {3, "store past a shared array", normalise_scene},
    {4, "load past global memory", normalise_scene},
    {5, "shared array used again without a barrier", normalise_scene},
    {6, "shared memory never written", normalise_scene},
    {7, "__syncthreads that one warp does not reach", normalise_scene},
    {8, "wrong fragment layout of mma's result", multiply_scene},
    {9, "no barrier between warps", sum_scene},
    {10, "no __threadfence before publishing", sum_scene},
    {11, "copy_async_wait too weak", multiply_scene},
    {12, "copy_async into a tile still read", multiply_scene},
    {13, "no grid barrier", share_scene},
    {14, "vector load from an odd address", quantise_scene},
    {15, "host pointer given to a kernel", quantise_scene},
    {17, "result read before the stream is done", unfinished_scene},
    {18, "exchange in a warp without __syncwarp", quantise_scene},
    {19, "whole-warp operation in a branch", quantise_scene},
    {20, "warp ends before a barrier", normalise_scene},
    {21, "counter never set to zero", sum_scene},
    {22, "operands swapped in what only nvcc sees", multiply_scene},
    {23, "stream does not wait for another's event", two_streams_scene},
    {24, "pinned memory written during a copy", pinned_scene},
    {25, "host reads device memory", host_use_scene},
    {26, "copy past an allocation", long_copy_scene},
    {27, "graph replayed on freed memory", graph_scene},
    {28, "less dynamic shared memory than used", reverse_scene},
    {29, "shuffle from a lane outside the mask", quantise_scene},
    {30, "another device's memory without peer access", peer_scene},
    {31, "place baked into a graph at its capture", replay_scene},
    {32, "counter of the last block not set back", total_scene},
    {33, "product begins before the row is normed", norm_product_scene},
    {34, "row that only fills up a launch is stored", store_scene},
    {35, "of equals the first to arrive is drawn", best_scene},
    {36, "stream written while others still norm it", norm_add_scene},
    {37, "frame written while its page is put off", put_off_scene},
    {38, "page read while it is being fetched", put_off_scene},
});

}  // namespace

std::span<const Bug> bugs() {
    return kBugs;
}

}  // namespace tendril::planted
