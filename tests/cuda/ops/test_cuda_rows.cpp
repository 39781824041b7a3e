// SPDX-License-Identifier: Apache-2.0
// Row-wise CUDA ops (norms, gates, rotation, addition, caps), on the emulator, against the reference.
// Tolerances: kOps; rotation: 2e-7 of the largest value.
#include <cmath>
#include <cstdio>
#include <cstring>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/cuda/ops/cuda_fixture.h"

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

namespace {

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

void CudaRowsTest::matchesReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
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
                                          {19, 301}}) {
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
            values.back() = 89.0F;  // negative control; a single value has the same norm whatever it is
            QVERIFY(worst(run_op(*backend, op, width, values, others), wanted, scale) > 1.0 || width == 1);
        }
        std::printf("%-10s error / tolerance %.2g\n", kOps[op].name, most);
        QVERIFY2(most <= 1.0, kOps[op].name);
    }
}

void CudaRowsTest::rotatesLikeReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    Random random(43);
    const std::vector<std::int32_t> positions = {0, 1, 255, 256, 257, 4095, 131071, 70000};
    StepView view{0, positions.size(), 0, {}};
    const StepPlan plan{std::span(&view, 1), positions};
    double most = 0.0;
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
            most = std::max(most, worst(results[0], results[1], 30.0));
            QVERIFY(worst(results[0], x, 30.0) > 1e-3);  // negative control: it did rotate
        }
    }
    std::printf("rotation: error / largest %.2g\n", most);
    QVERIFY(most <= 2e-7);
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

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaRowsTest)
#include "test_cuda_rows.moc"
