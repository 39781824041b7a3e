// SPDX-License-Identifier: Apache-2.0
// The emulator runs a kernel in each schedule.
#include <cuda_runtime_api.h>

#include <vector>

#include <QTest>

#include "tests/cuda/conformance/first_kernel.h"
#include "tests/cuda/emulator/control.h"

using namespace tendril;

class TestFirstKernel : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void sumsRowsInEverySchedule() {
        constexpr int kRows = 5, kCount = 1000;
        std::vector<float> values(kRows * kCount), sums(kRows);
        for (size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(i % 7);
        }
        for (const auto schedule :
             {emulator::Schedule::kInOrder, emulator::Schedule::kReversed, emulator::Schedule::kRandom}) {
            emulator::settings().schedule = schedule;
            float *in = nullptr, *out = nullptr;
            QCOMPARE(cudaMalloc(reinterpret_cast<void**>(&in), values.size() * sizeof(float)), cudaSuccess);
            QCOMPARE(cudaMalloc(reinterpret_cast<void**>(&out), sums.size() * sizeof(float)), cudaSuccess);
            QCOMPARE(cudaMemcpy(in, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice),
                     cudaSuccess);
            QCOMPARE(cuda::sum_rows(in, out, kRows, kCount), cudaSuccess);
            QCOMPARE(cudaMemcpy(sums.data(), out, sums.size() * sizeof(float), cudaMemcpyDeviceToHost),
                     cudaSuccess);
            for (int row = 0; row < kRows; ++row) {
                float expected = 0;
                for (int i = 0; i < kCount; ++i) {
                    expected += values[static_cast<size_t>(row * kCount + i)];
                }
                QCOMPARE(sums[static_cast<size_t>(row)], expected);
            }
            cudaFree(in);
            cudaFree(out);
        }
        QCOMPARE(emulator::problem_report(), std::string());
    }
};

QTEST_GUILESS_MAIN(TestFirstKernel)
#include "test_first_kernel.moc"
