// SPDX-License-Identifier: Apache-2.0
// Scenes around the kernels of step_samples.h; see step_scenes.h.
#include "tests/cuda/planted/step_scenes.h"

#include <algorithm>
#include <numeric>

#include "tests/cuda/planted/scene_support.h"
#include "tests/cuda/planted/step_samples.h"

namespace tendril::planted {

namespace {

constexpr size_t kRow = 64;

double largest_of(const std::vector<float>& x) {
    double largest = 0;
    for (const float v : x) {
        largest = std::max(largest, std::fabs(static_cast<double>(v)));
    }
    return largest;
}

}  // namespace

bool replay_scene(int bug) {
    const std::vector<float> x = sample(kRow);
    const Device<float> in(x);
    Device<float> out(3 * kRow);
    out.clear();
    Device<int> place(std::vector<int>{0});
    const Stream stream;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t program = nullptr;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    write_at(in.get(), out.get(), bug == 31 ? nullptr : place.get(), 0, static_cast<int>(kRow), stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&program, graph, 0);
    std::vector<double> expected(3 * kRow, 0.0);
    for (const size_t at : {size_t{0}, 2 * kRow}) {
        place.set({static_cast<int>(at)});
        cudaGraphLaunch(program, stream);
        stream.wait();
        std::copy(x.begin(), x.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
    }
    cudaGraphExecDestroy(program);
    cudaGraphDestroy(graph);
    return close(out.values(), expected);
}

bool total_scene(int bug) {
    constexpr size_t kBlocks = 5;
    Device<float> in(kBlocks);
    const Device<float> parts(kBlocks), sum(1);
    Device<unsigned> counter(1);
    counter.clear();
    const Stream stream;
    bool right = true;
    for (size_t repeat = 1; repeat <= 2; ++repeat) {
        std::vector<float> x = sample(kBlocks * repeat);
        x.erase(x.begin(), x.end() - kBlocks);
        in.set(x);
        total(bug, in.get(), parts.get(), counter.get(), sum.get(), kBlocks, stream);
        stream.wait();
        right = right && close(sum.values(), {std::accumulate(x.begin(), x.end(), 0.0)});
    }
    return right;
}

bool norm_product_scene(int bug) {
    constexpr size_t kBlocks = 2;
    const std::vector<float> x = sample(kRow);
    const std::vector<float> w = sample(kBlocks * kRow * kRow);
    const Device<float> in(x), weights(w), out(kBlocks * kRow);
    const Stream stream;
    norm_product(bug, in.get(), weights.get(), out.get(), kBlocks, stream);
    stream.wait();
    std::vector<double> expected(kBlocks * kRow, 0.0);
    for (size_t i = 0; i < expected.size(); ++i) {
        for (size_t k = 0; k < kRow; ++k) {
            expected[i] += static_cast<double>(w[i * kRow + k]) * static_cast<double>(x[k]) / largest_of(x);
        }
    }
    return close(out.values(), expected);
}

bool norm_add_scene(int bug) {
    constexpr size_t kBlocks = 4;
    const std::vector<float> x = sample(kBlocks * kRow);
    const Device<float> in(x), out(x.size());
    const Stream stream;
    norm_add(bug, in.get(), out.get(), kBlocks, stream);
    stream.wait();
    std::vector<double> expected;
    for (const float v : x) {
        expected.push_back(static_cast<double>(v) + static_cast<double>(v) / largest_of(x));
    }
    return close((bug == 36 ? in : out).values(), expected);
}

bool store_scene(int bug) {
    const std::vector<float> x = sample(3 * kRow);
    const Device<float> in(x);
    Device<float> out(2 * kRow);
    out.clear();
    const Device<int> places(std::vector<int>{1, 0, -1});
    const Stream stream;
    store_rows(bug, in.get(), places.get(), out.get(), 3, stream);
    stream.wait();
    std::vector<double> expected(x.begin() + kRow, x.begin() + 2 * kRow);
    expected.insert(expected.end(), x.begin(), x.begin() + kRow);
    return close(out.values(), expected);
}

bool best_scene(int bug) {
    std::vector<float> x(40, 0.25f);
    x[7] = x[3] = x[31] = 2.0f;
    const Device<float> in(x);
    const Device<int> best(1);
    const Stream stream;
    first_best(bug, in.get(), best.get(), static_cast<int>(x.size()), stream);
    stream.wait();
    return best.values()[0] == 3;
}

}  // namespace tendril::planted
