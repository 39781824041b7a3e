// SPDX-License-Identifier: Apache-2.0
// Products of many rows by cuBLAS (a stand-in, on the emulator), for who asks for it; and our own kernels
// where it was not asked for, is not there, or is none. Tolerance, relative to ||w|| * ||x||: 1e-3 (both are
// rounded to halves).
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/model/dequantize.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

namespace {

std::vector<float> decoded(const WeightSource& source) {
    std::vector<float> values(source.rows * source.columns);
    dequantize(source.type, source.bytes, values);
    return values;
}

}  // namespace

class CudaBlasTest : public QObject {
    Q_OBJECT

    static std::unique_ptr<Backend> with(const char* library) {
        qputenv("TENDRIL_CUBLAS", library);
        auto backend = cuda();
        qunsetenv("TENDRIL_CUBLAS");
        return backend;
    }

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }

    void matchesReference() {
        use_schedule(2);
        const auto backend = with(CUBLAS_STAND_IN);
        const auto own = cuda();
        QCOMPARE(backend->remark(), std::string("cuBLAS"));
        QCOMPARE(own->remark(), std::string());
        QVERIFY(backend->arithmetic() != own->arithmetic());
        const auto reference = make_reference_backend();
        Random random(19);
        double most = 0.0;
        for (const DataType type : kAllTypes) {
            constexpr std::size_t kOutputs = 40;
            constexpr std::size_t kColumns = 256;
            const auto bytes = random_weight(random, type, kOutputs, kColumns);
            const WeightSource source = source_of(type, kOutputs, kColumns, bytes);
            for (const std::size_t rows : {std::size_t{64}, std::size_t{67}}) {
                const auto in = random_rows(random, rows, kColumns);
                const auto bias = random_rows(random, 1, kOutputs);
                const auto got = product(*backend, source, in, bias);
                const auto wanted = product(*reference, source, in, bias);
                const auto scale = product_scale(decoded(source), in, kColumns);
                most = std::max(most, worst(got, wanted, scale));
                QVERIFY(!same_bits(got, product(*own, source, in, bias)));  // it was not our kernel
                auto planted = got;
                planted[planted.size() / 2] += static_cast<float>(3e-3 * scale[planted.size() / 2]);
                QVERIFY(worst(planted, wanted, scale) > 1e-3);  // negative control
            }
            // Few rows go to our own kernels, whose bits do not change.
            const auto few = random_rows(random, 63, kColumns);
            QVERIFY(same_bits(product(*backend, source, few), product(*own, source, few)));
        }
        std::printf("error / (|w||x|) %.2g\n", most);
        QVERIFY(most <= 1e-3);
    }

    /// More outputs than are halves at a time.
    void takesLargeWeightsInPieces() {
        use_schedule(0);
        const auto backend = with(CUBLAS_STAND_IN);
        Random random(23);
        const std::size_t outputs = 2048 + 5;
        const auto bytes = random_weight(random, DataType::q8_0, outputs, 32);
        const WeightSource source = source_of(DataType::q8_0, outputs, 32, bytes);
        const auto in = random_rows(random, 64, 32);
        const auto wanted = product(*make_reference_backend(), source, in);
        QVERIFY(worst(product(*backend, source, in), wanted, product_scale(decoded(source), in, 32)) <= 1e-3);
    }

    void ownKernelsWithoutIt() {
        use_schedule(0);
        Random random(29);
        const auto bytes = random_weight(random, DataType::q4_k, 33, 256);
        const WeightSource source = source_of(DataType::q4_k, 33, 256, bytes);
        const auto in = random_rows(random, 70, 256);
        const auto wanted = product(*cuda(), source, in);
        for (const auto& [library, note] :
             {std::pair{"/nowhere/libcublas.so.13", "own kernels: cuBLAS was not found"},
              {"libm.so.6", "own kernels: cuBLAS cannot be used"},
              {"0", ""}}) {
            const auto backend = with(library);
            QCOMPARE(backend->remark(), std::string(note));
            QVERIFY(same_bits(product(*backend, source, in), wanted));
        }
    }
};

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaBlasTest)
#include "test_cuda_blas.moc"
