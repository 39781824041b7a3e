// SPDX-License-Identifier: Apache-2.0
// Row-wise CUDA ops (norms, gates, rotation, addition, caps), on the emulator, against the reference.
// Tolerances: kRowOps; rotation: 2e-7 of the largest value.
#include <cstdio>
#include <cstring>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class CudaRowsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void matchesReference_data() { add_schedules(); }
    void matchesReference();
    void rotatesLikeReference_data() { add_schedules(); }
    void rotatesLikeReference();
    void rowsDoNotDependOnTheirNumber();
    void refusesBadRope();
};

void CudaRowsTest::matchesReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(41);
    for (std::size_t op = 0; op < std::size(kRowOps); ++op) {
        double most = 0.0;
        for (const auto& [rows, width] : {std::pair<std::size_t, std::size_t>{1, 1},
                                          {3, 7},
                                          {1, 576},
                                          {37, 896},
                                          {5, 64},
                                          {2, 4864},
                                          {19, 301}}) {
            const RowOpErrors errors = row_op_errors(*backend, *reference, random, op, rows, width);
            most = std::max(most, errors.most);
            QVERIFY(errors.planted > 1.0);  // negative control
        }
        std::printf("%-10s error / tolerance %.2g\n", kRowOps[op].name, most);
        QVERIFY2(most <= 1.0, kRowOps[op].name);
    }
}

void CudaRowsTest::rotatesLikeReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(43);
    const RotationErrors errors = rotation_errors(*backend, *reference, random);
    std::printf("rotation: error / largest %.2g\n", errors.most);
    QVERIFY(errors.most <= 2e-7);
    QVERIFY(errors.least > 1e-3);  // negative control: it did rotate
}

void CudaRowsTest::rowsDoNotDependOnTheirNumber() {
    constexpr std::size_t kRows = 9;
    constexpr std::size_t kWidth = 1536;
    use_schedule(2);
    const auto backend = cuda();
    Random random(57);
    const auto x = random_rows(random, kRows, kWidth);
    const auto y = random_rows(random, kRows, kWidth);
    const auto rows_of = [&](const std::vector<float>& all, std::size_t first, std::size_t count) {
        return std::span(all).subspan(first * kWidth, count * kWidth);
    };
    std::vector<std::int32_t> positions;
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(kRows); ++i) {
        positions.push_back(i * 91);
    }
    const auto run = [&](std::size_t first, std::size_t count) {
        const DeviceRows a(*backend, kWidth, rows_of(x, first, count));
        const DeviceRows b(*backend, kWidth, rows_of(y, first, count));
        const DeviceRows weight(*backend, kWidth, rows_of(y, 0, 1));
        const auto table = std::move(*backend->make_rope_table({}, 64, 4096));
        const StepView view{0, count, 0, {}};
        backend->rms_norm(a.rows(), weight.data(), 1e-6F, a.rows());
        backend->rope(*table, 64, {std::span(&view, 1), std::span(positions).subspan(first, count)},
                      a.rows());
        backend->gate(Activation::gelu_tanh, a.rows(), b.rows(), a.rows());
        backend->gate(Activation::silu, a.rows(), b.rows(), a.rows());
        backend->add(b.rows(), a.rows());
        backend->soft_cap(20.0F, a.rows());
        return a.values();
    };
    const auto all = run(0, kRows);
    for (std::size_t r = 0; r < kRows; ++r) {
        const auto one = run(r, 1);
        QVERIFY(std::memcmp(one.data(), all.data() + r * kWidth, kWidth * sizeof(float)) == 0);
    }
}

void CudaRowsTest::refusesBadRope() {
    const auto backend = cuda();
    QCOMPARE(accepted_bad_rope(*backend), std::string());
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaRowsTest)
#include "test_cuda_rows.moc"
