// SPDX-License-Identifier: Apache-2.0
// Row-wise ops (norms, gates, rotation, addition, caps) on every instruction set against the reference.
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/cpu/kernels.h"
#include "engine/backend/reference/reference_backend.h"
#include "tests/ops/ops_fixture.h"

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

namespace {

/// Runs one op of a kind on a backend over [rows][width]; `values` is its in-out operand, `others` a second
/// one.
std::vector<float> run_op(Backend& backend, int op, std::size_t width, std::span<const float> values,
                          std::span<const float> others) {
    DeviceRows x(backend, width, values);
    const DeviceRows y(backend, width, others);
    switch (op) {
        case 0:
            backend.rms_norm(x.rows(), y.data(), 1e-5F, x.rows());
            break;
        case 1:
            backend.add(y.rows(), x.rows());
            break;
        case 2:
            backend.gate(Activation::silu, x.rows(), y.rows(), x.rows());
            break;
        case 3:
            backend.gate(Activation::gelu_tanh, x.rows(), y.rows(), x.rows());
            break;
        default:
            backend.soft_cap(30.0F, x.rows());
            break;
    }
    return x.values();
}

// Errors relative to |wanted|, or to a small absolute size where the result may vanish.
struct Op {
    const char* name;
    double relative, absolute;
};
constexpr Op kOps[] = {{"rms_norm", 1e-6, 1e-7},
                       {"add", 0.0, 1e-30},
                       {"silu", 1e-6, 1e-6},
                       {"gelu_tanh", 4e-6, 1e-6},
                       {"soft_cap", 1e-6, 8e-6}};

}  // namespace

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
    for (int op = 0; op < 5; ++op) {
        double most = 0.0;
        for (const auto& [rows, width] : {std::pair<std::size_t, std::size_t>{1, 1},
                                          {3, 7},
                                          {1, 576},
                                          {37, 896},
                                          {5, 64},
                                          {2, 4864},
                                          {19, 3001}}) {
            auto values = random_rows(random, rows, width);
            values[0] = -90.0F;  // the ends of the exponential
            values.back() = 90.0F;
            const auto others = random_rows(random, rows, width);
            const auto got = run_op(*backend, op, width, values, others);
            const auto wanted = run_op(*reference, op, width, values, others);
            std::vector<double> scale;
            for (const float value : wanted) {
                scale.push_back(kOps[op].relative * std::fabs(static_cast<double>(value)) +
                                kOps[op].absolute);
            }
            most = std::max(most, worst(got, wanted, scale));
        }
        std::printf("%-10s %-10s error / tolerance %.2g\n", name(static_cast<Isa>(isa)), kOps[op].name, most);
        QVERIFY2(most <= 1.0, kOps[op].name);
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
    const std::vector<std::int32_t> positions = {0, 1, 255, 256, 257, 4095, 131071, 70000};
    StepView view{0, positions.size(), 0, {}};
    const StepPlan plan{std::span(&view, 1), positions};
    for (const std::size_t size :
         {std::size_t{64}, std::size_t{128}, std::size_t{256}, std::size_t{80}, std::size_t{6}}) {
        std::vector<float> factors(size / 2);
        for (std::size_t i = 0; i < factors.size(); ++i) {
            factors[i] = 1.0F + 0.25F * static_cast<float>(i);
        }
        for (int kind = 0; kind < 8; ++kind) {
            RopeSettings settings;
            settings.pairing =
                kind % 2 == 0 ? RopeSettings::Pairing::adjacent : RopeSettings::Pairing::halves;
            settings.base = 500000.0F;
            settings.position_scale = kind >= 6 ? 0.25F : 1.0F;
            if (kind == 2 || kind == 3) {
                settings.factors = factors;
            }
            if (kind == 4 || kind == 5) {
                settings.yarn_factor = 4.0F;
                settings.yarn_original_context = 32768;
            }
            const auto x = random_rows(random, positions.size(), 3 * size);
            std::vector<std::vector<float>> results;
            for (Backend* each : {backend.get(), reference.get()}) {
                const auto table = std::move(*each->make_rope_table(settings, size, 131072));
                const DeviceRows rows(*each, 3 * size, x);
                each->rope(*table, size, plan, rows.rows());
                results.push_back(rows.values());
            }
            QVERIFY(worst(results[0], results[1], 30.0) <= 2e-7);
            QVERIFY(worst(results[0], x, 30.0) > 1e-3);  // negative control: it did rotate
        }
    }
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
        RopeSettings settings;
        QVERIFY(!backend->make_rope_table(settings, 63, 10));
        QVERIFY(!backend->make_rope_table(settings, 0, 10));
        const float factor = 1.0F;
        settings.factors = std::span(&factor, 1);
        QVERIFY(!backend->make_rope_table(settings, 64, 10));
        settings.factors = {};
        settings.base = 0.0F;
        QVERIFY(!backend->make_rope_table(settings, 64, 10));
    }
    QVERIFY(!(*make_cpu_backend())->make_rope_table({}, 2048, 10));
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::RowsTest)
#include "rows_test.moc"
