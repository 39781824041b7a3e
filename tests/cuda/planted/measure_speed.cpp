// SPDX-License-Identifier: Apache-2.0
// How fast the emulator runs the sample kernels, as TENDRIL_CUDA_EMULATOR says: figures for README.md. No
// test.
#include <chrono>
#include <cstdio>
#include <vector>

#include "tests/cuda/emulator/machine_control.h"
#include "tests/cuda/planted/samples.h"

using namespace tendril;

namespace {

template <class T>
T* device(size_t count, int value = 0x3c) {  // 0.01 as a float, 1.06 as a half
    T* p = nullptr;
    cudaMalloc(reinterpret_cast<void**>(&p), count * sizeof(T));
    cudaMemset(p, value, count * sizeof(T));
    return p;
}

template <class F>
void measure(const char* what, double millions, const char* unit, F&& launch) {
    launch();  // the first one makes the fibers
    cudaDeviceSynchronize();
    const auto start = std::chrono::steady_clock::now();
    launch();
    cudaDeviceSynchronize();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-56s %8.1f M %s/s\n", what, millions / seconds, unit);
}

}  // namespace

int main() {
    constexpr int kRows = 256, kCount = 4096, kDepth = 1 << 16, kValues = 1 << 20;
    auto* x = device<float>(kRows * kCount + 1);
    auto* y = device<float>(kRows * kCount + 1);
    auto* q = device<int>(kValues);
    auto* a = device<__half>(16 * kDepth);
    auto* b = device<__half>(32 * kDepth);
    auto* c = device<float>(16 * 32);
    auto* counter = device<unsigned>(1, 0);
    const std::string_view build = emulator::build_name();
    std::printf("build %.*s, %d workers, %s\n", static_cast<int>(build.size()), build.data(),
                emulator::settings().workers,
                emulator::settings().tier == emulator::Tier::kPtx ? "PTX" : "source");
    measure("normalise: two sums over the block, 3 passes", 1e-6 * kRows * kCount, "values",
            [&] { planted::normalise(0, x, y, kRows, kCount, nullptr); });
    measure("sum: one load per addition", 1e-6 * kValues, "values",
            [&] { planted::sum_split(0, x, y, counter, c, kValues, 64, nullptr); });
    measure("quantise: warp_max and __syncwarp per value", 1e-6 * kValues, "values",
            [&] { planted::quantise_pairs(0, x, q, kValues, nullptr); });
    measure("multiply: mma f16 with late copies, one block", 1e-6 * 16 * 32 * kDepth, "products",
            [&] { planted::multiply(0, a, b, c, kDepth, nullptr); });
    const std::string problems = emulator::problem_report();
    std::printf("%s", problems.c_str());
    return problems.empty() ? 0 : 1;
}
