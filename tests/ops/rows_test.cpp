// SPDX-License-Identifier: Apache-2.0
// Row-wise ops (norms, gates, rotation, addition, caps) on every instruction set against the reference.
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/cpu/kernels.h"
#include "engine/backend/reference/reference_backend.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class RowsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void matchesReference_data();
    void matchesReference();
    void rotatesLikeReference_data();
    void rotatesLikeReference();
    void exponential_data();
    void exponential();
    void refusesBadRope();

  private:
    static void addIsas();
};

void RowsTest::addIsas() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void RowsTest::matchesReference_data() {
    addIsas();
}

void RowsTest::matchesReference() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 3);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
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
                                          {19, 3001}}) {
            const RowOpErrors errors = row_op_errors(*backend, *reference, random, op, rows, width);
            most = std::max(most, errors.most);
            QVERIFY(errors.planted > 1.0);  // negative control
        }
        std::printf("%-10s %-10s error / tolerance %.2g\n", name(static_cast<Isa>(isa)), kRowOps[op].name,
                    most);
        QVERIFY2(most <= 1.0, kRowOps[op].name);
    }
}

void RowsTest::rotatesLikeReference_data() {
    addIsas();
}

void RowsTest::rotatesLikeReference() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 3);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const auto reference = make_reference_backend();
    Random random(43);
    const RotationErrors errors = rotation_errors(*backend, *reference, random);
    QVERIFY(errors.most <= 2e-7);
    QVERIFY(errors.least > 1e-3);  // negative control: it did rotate
}

void RowsTest::exponential_data() {
    addIsas();
}

/// The stated error of the kernels' exp: relative 2e-7 over its range, 0 below it.
void RowsTest::exponential() {
    QFETCH(int, isa);
    const Isa which = static_cast<Isa>(isa);
    if (!host_supports(which)) {
        QSKIP("The host lacks these instructions.");
    }
    const VectorKernels& kernels = which == Isa::scalar || which == Isa::amxemulated ? kVectorScalar
                                   : which < Isa::avx512                             ? kVectorAvx2
                                                                                     : kVectorAvx512;
    std::vector<float> x;
    for (float at = -87.2F; at < 88.0F; at += 0.00137F) {
        x.push_back(at);
    }
    x.insert(x.end(), {0.0F, -0.0F, 1e-20F});
    std::vector<float> y(x.size());
    kernels.exponential(x.data(), y.data(), x.size());
    double most = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double wanted = std::exp(static_cast<double>(x[i]));
        most = std::max(most, std::fabs(static_cast<double>(y[i]) - wanted) / wanted);
    }
    std::printf("%-10s exp: relative error %.2g\n", name(which), most);
    QVERIFY(most <= 2e-7);
    const float ends[] = {-88.0F, -1e30F, -HUGE_VALF, 0.0F, 1e30F};
    float results[5];
    kernels.exponential(ends, results, 5);
    QVERIFY(results[0] == 0.0F && results[1] == 0.0F && results[2] == 0.0F && results[3] == 1.0F &&
            results[4] > 1e38F);
}

void RowsTest::refusesBadRope() {
    for (Backend* raw : {cpu(best_host_isa()).release(), make_reference_backend().release()}) {
        const std::unique_ptr<Backend> backend(raw);
        QCOMPARE(accepted_bad_rope(*backend), std::string());
    }
    QVERIFY(!(*make_cpu_backend())->make_rope_table({}, 2048, 10));
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::RowsTest)
#include "rows_test.moc"
