// SPDX-License-Identifier: Apache-2.0
// The oracle itself: each op of the reference backend against its definition in double precision, written out
// here; attention is in attention_test.cpp, the meaning of the weight types in tests/unit/model. YaRN against
// transformers (make_yarn_reference.py).
#include <cmath>
#include <numbers>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/backend/rope_frequencies.h"
#include "tests/ops/ops_fixture.h"

namespace tendril::engine::test {

class ReferenceTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void products();
    void norms();
    void gates();
    void rotation();
    void yarn();
};

void ReferenceTest::products() {
    const auto backend = make_reference_backend();
    Random random(3);
    for (const DataType type : kAllTypes) {
        const auto bytes = random_weight(random, type, 9, 512);
        const WeightSource source = source_of(type, 9, 512, bytes);
        const auto w = weight_floats(source);
        const auto in = random_rows(random, 3, 512);
        const auto bias = random_rows(random, 1, 9);
        std::vector<float> wanted;
        for (std::size_t r = 0; r < 3; ++r) {
            for (std::size_t o = 0; o < 9; ++o) {
                long double sum = bias[o];
                for (std::size_t i = 0; i < 512; ++i) {
                    sum +=
                        static_cast<long double>(w[o * 512 + i]) * static_cast<long double>(in[r * 512 + i]);
                }
                wanted.push_back(static_cast<float>(sum));
            }
        }
        QVERIFY2(worst(product(*backend, source, in, bias), wanted, product_scale(w, in, 512)) < 1e-7,
                 traits(type).name);
    }
}

void ReferenceTest::norms() {
    const auto backend = make_reference_backend();
    Random random(5);
    const auto x = random_rows(random, 4, 100);
    const auto weight = random_rows(random, 1, 100);
    const DeviceRows in(*backend, 100, x), w(*backend, 100, weight), out(*backend, 4, 100);
    backend->rms_norm(in.rows(), w.data(), 0.25F, out.rows());
    const auto got = out.values();
    for (std::size_t r = 0; r < 4; ++r) {
        long double squares = 0;
        for (std::size_t i = 0; i < 100; ++i) {
            squares += static_cast<long double>(x[r * 100 + i]) * static_cast<long double>(x[r * 100 + i]);
        }
        const long double scale = 1 / std::sqrt(squares / 100 + 0.25L);
        for (std::size_t i = 0; i < 100; ++i) {
            const long double wanted =
                static_cast<long double>(x[r * 100 + i]) * scale * static_cast<long double>(weight[i]);
            QVERIFY(std::fabs(static_cast<double>(static_cast<long double>(got[r * 100 + i]) - wanted)) <
                    2e-6);
        }
    }
}

void ReferenceTest::gates() {
    const auto backend = make_reference_backend();
    std::vector<float> x;
    for (float at = -20.0F; at < 20.0F; at += 0.37F) {
        x.push_back(at);
    }
    const std::vector<float> up(x.size(), 1.5F);
    for (const Activation activation : {Activation::silu, Activation::gelu_tanh}) {
        const DeviceRows g(*backend, x.size(), x), u(*backend, x.size(), up), out(*backend, 1, x.size());
        backend->gate(activation, g.rows(), u.rows(), out.rows());
        const auto got = out.values();
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double at = static_cast<double>(x[i]);
            // gelu's inner part through exponentials, so that it is not the same expression again
            const double t = std::sqrt(2.0 / std::numbers::pi) * (at + 0.044715 * std::pow(at, 3));
            const double wanted = activation == Activation::silu ? at * 1.0 / (1.0 + std::exp(-at))
                                                                 : at / (1.0 + std::exp(-2.0 * t));
            QVERIFY(std::fabs(static_cast<double>(got[i]) - 1.5 * wanted) <= 1e-6 * std::fabs(wanted) + 1e-7);
        }
        const DeviceRows cap(*backend, x.size(), x);
        backend->soft_cap(5.0F, cap.rows());
        const auto capped = cap.values();
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double e = std::exp(2.0 * static_cast<double>(x[i]) / 5.0);
            QVERIFY(std::fabs(static_cast<double>(capped[i]) - 5.0 * (e - 1) / (e + 1)) < 1e-6);
        }
    }
}

/// As a complex product: (a + ib) * e^(i p base^(-2k/size) scale / factor).
void ReferenceTest::rotation() {
    const auto backend = make_reference_backend();
    Random random(7);
    constexpr std::size_t kSize = 12;
    const std::vector<float> factors = {1.0F, 2.0F, 1.5F, 4.0F, 1.0F, 8.0F};
    const std::vector<std::int32_t> positions = {0, 3, 4000};
    const auto x = random_rows(random, 3, 2 * kSize);
    for (const auto pairing : {RopeSettings::Pairing::adjacent, RopeSettings::Pairing::halves}) {
        RopeSettings settings;
        settings.pairing = pairing;
        settings.base = 5000.0F;
        settings.position_scale = 0.5F;
        settings.factors = factors;
        const auto table = std::move(*backend->make_rope_table(settings, kSize, 5000));
        const DeviceRows rows(*backend, 2 * kSize, x);
        const StepView view{0, 3, 0, {}};
        backend->rope(*table, kSize, {std::span(&view, 1), positions}, rows.rows());
        const auto got = rows.values();
        for (std::size_t r = 0; r < 3; ++r) {
            for (std::size_t head = 0; head < 2; ++head) {
                for (std::size_t k = 0; k < kSize / 2; ++k) {
                    const bool adjacent = pairing == RopeSettings::Pairing::adjacent;
                    const std::size_t at = (r * 2 + head) * kSize;
                    const std::size_t first = at + (adjacent ? 2 * k : k);
                    const std::size_t second = at + (adjacent ? 2 * k + 1 : k + kSize / 2);
                    const double angle = positions[r] * 0.5 *
                                         std::pow(5000.0, -2.0 * static_cast<double>(k) / kSize) /
                                         static_cast<double>(factors[k]);
                    const double length =
                        std::hypot(static_cast<double>(x[first]), static_cast<double>(x[second]));
                    const double turned =
                        std::atan2(static_cast<double>(x[second]), static_cast<double>(x[first])) + angle;
                    QVERIFY(std::fabs(static_cast<double>(got[first]) - length * std::cos(turned)) < 1e-5);
                    QVERIFY(std::fabs(static_cast<double>(got[second]) - length * std::sin(turned)) < 1e-5);
                }
            }
        }
    }
}

void ReferenceTest::yarn() {
    RopeSettings settings;
    settings.base = 1e6F;
    settings.yarn_factor = 4.0F;
    settings.yarn_original_context = 32768;
    const auto frequencies = rope_frequencies(settings, 128);
    QVERIFY(frequencies);
    QVERIFY(std::fabs(frequencies->magnitude - 1.13862944) < 1e-7);
    const std::pair<std::size_t, double> wanted[] = {{0, 1.0},
                                                     {1, 0.805842221},
                                                     {8, 0.177827939},
                                                     {20, 0.0133352149},
                                                     {24, 0.00537532149},
                                                     {28, 0.00184827659},
                                                     {32, 0.000602941145},
                                                     {36, 0.000179841154},
                                                     {40, 4.44569851e-05},
                                                     {48, 7.90569356e-06},
                                                     {63, 3.10234441e-07}};
    for (const auto& [i, step] : wanted) {
        QVERIFY2(std::fabs(frequencies->step[i] - step) < 1e-6 * step, std::to_string(i).c_str());
    }
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::ReferenceTest)
#include "reference_test.moc"
