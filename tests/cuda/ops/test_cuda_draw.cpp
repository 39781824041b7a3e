// SPDX-License-Identifier: Apache-2.0
// Tokens drawn by the device, on the emulator, against the sampler on the same logits: the same token for
// every seed, position and setting that the device takes, with ties, with excluded tokens, with rows of
// settings of their own; what it does not take goes to the host.
#include <cmath>
#include <limits>

#include <QTest>

#include "engine/sample/sampler.h"
#include "tests/cuda/ops/cuda_fixture.h"

namespace tendril::engine::test {

class CudaDrawTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void drawsAsTheSampler_data() { add_schedules(); }
    void drawsAsTheSampler();
    void otherNoiseOtherTokens();
    void leavesToTheHost();
};

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

SamplerSettings settings(float temperature, int top_k, float top_p, float min_p, std::uint64_t seed = 1) {
    SamplerSettings made;
    made.temperature = temperature;
    made.top_k = top_k;
    made.top_p = top_p;
    made.min_p = min_p;
    made.seed = seed;
    return clamped(made);
}

std::vector<SamplerSettings> all_settings() {
    return {settings(0.0F, 40, 0.95F, 0.05F), settings(0.7F, 40, 0.95F, 0.05F), settings(1.5F, 1, 1.0F, 0.0F),
            settings(1.0F, 512, 1.0F, 0.0F),  settings(2.0F, 300, 0.99F, 0.0F), settings(0.8F, 5, 0.5F, 0.0F),
            settings(1.0F, 0, 1.0F, 0.1F),    settings(0.3F, 0, 1.0F, 0.3F),    settings(5.0F, 7, 1.0F, 0.2F),
            settings(1e-3F, 40, 0.9F, 0.0F)};
}

/// Logits as models give them: most near each other, a few above; `step` > 0: rounded, so that many are
/// equal.
std::vector<float> logits_like(Random& random, std::size_t vocabulary, float step) {
    std::normal_distribution<float> normal(0.0F, 2.0F);
    std::vector<float> out(vocabulary);
    for (float& x : out) {
        x = normal(random) + (random() % 200 == 0 ? 9.0F : 0.0F);
        x = step > 0.0F ? std::round(x / step) * step : x;
        if (random() % 50 == 0 && vocabulary > 1) {
            x = -kInfinity;  // a token that is left out
        }
    }
    if (vocabulary == 1) {
        out[0] = -0.0F;
    }
    return out;
}

std::vector<TokenId> by_sampler(std::vector<float> logits, std::size_t vocabulary,
                                std::span<const SamplerSettings> how, std::uint64_t position) {
    std::vector<TokenId> out;
    for (std::size_t row = 0; row < how.size(); ++row) {
        Sampler sampler(how[row]);
        out.push_back(
            sampler.draw(std::span(logits).subspan(row * vocabulary, vocabulary), {}, position).value_or(-2));
    }
    return out;
}

}  // namespace

void CudaDrawTest::drawsAsTheSampler() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    QVERIFY(backend->draws());
    Random random(61);
    const std::vector<SamplerSettings> how = all_settings();
    std::size_t drawn = 0;
    for (const auto& [vocabulary, step] : {std::pair<std::size_t, float>{264, 0.0F},
                                           {1, 0.0F},
                                           {1000, 0.5F},
                                           {3001, 0.0F},
                                           {slow_build() ? std::size_t{2000} : std::size_t{49152}, 0.0F}}) {
        for (std::uint64_t position = 0; position < (slow_build() || vocabulary > 4000 ? 3U : 20U);
             ++position) {
            std::vector<float> logits;
            std::vector<Draw> draws;
            std::vector<SamplerSettings> rows = how;
            for (SamplerSettings& row : rows) {
                row.seed = random();
                const auto more = logits_like(random, vocabulary, step);
                logits.insert(logits.end(), more.begin(), more.end());
                draws.push_back(device_draw(row, position).value());
            }
            const DeviceRows there(*backend, vocabulary, logits);
            std::vector<TokenId> tokens(rows.size());
            QVERIFY(backend->draw(there.rows(), draws, tokens));
            const auto wanted = by_sampler(logits, vocabulary, rows, position);
            for (std::size_t row = 0; row < rows.size(); ++row, ++drawn) {
                QVERIFY2(tokens[row] == wanted[row],
                         qPrintable(QString("vocabulary %1, settings %2: %3, the sampler %4")
                                        .arg(vocabulary)
                                        .arg(row)
                                        .arg(tokens[row])
                                        .arg(wanted[row])));
            }
        }
    }
    std::printf("%zu tokens as the sampler's\n", drawn);
}

/// Negative control: another position's noise draws other tokens, but from the same logits the same twice.
void CudaDrawTest::otherNoiseOtherTokens() {
    use_schedule(0);
    const auto backend = cuda();
    Random random(67);
    const auto logits = logits_like(random, 264, 0.0F);
    const DeviceRows there(*backend, 264, logits);
    std::size_t different = 0;
    for (std::uint64_t position = 0; position < 20; ++position) {
        TokenId a = -1, b = -1, c = -1;
        const Draw one = device_draw(settings(2.0F, 40, 1.0F, 0.0F), position).value();
        const Draw other = device_draw(settings(2.0F, 40, 1.0F, 0.0F), position + 1).value();
        QVERIFY(backend->draw(there.rows(), {&one, 1}, {&a, 1}));
        QVERIFY(backend->draw(there.rows(), {&one, 1}, {&b, 1}));
        QVERIFY(backend->draw(there.rows(), {&other, 1}, {&c, 1}));
        QCOMPARE(a, b);
        different += a != c ? 1 : 0;
    }
    QVERIFY(different > 10);
}

void CudaDrawTest::leavesToTheHost() {
    use_schedule(0);
    QVERIFY(!device_draw(settings(1.0F, 0, 0.9F, 0.0F), 0));
    QVERIFY(!device_draw(settings(1.0F, 0, 1.0F, 0.0F), 0));
    QVERIFY(!device_draw(settings(1.0F, 1000, 0.9F, 0.0F), 0));
    SamplerSettings penalised = settings(0.0F, 40, 1.0F, 0.0F);
    penalised.presence_penalty = 0.5F;
    QVERIFY(!device_draw(penalised, 0));

    const auto backend = cuda();
    const Draw greedy{};
    Draw loose{0.5, 1.0F, 0, 1.0F, 0.01F};
    TokenId token = 0;
    const auto drawn = [&](const std::vector<float>& logits, const Draw& how) {
        const DeviceRows there(*backend, logits.size(), logits);
        return backend->draw(there.rows(), {&how, 1}, {&token, 1});
    };
    std::vector<float> logits(5000, 1.0F);
    QVERIFY(drawn(logits, greedy) && token == 0);
    QVERIFY(!drawn(logits, loose));  // more equals than there is room for
    logits[4321] = 2.0F;
    QVERIFY(drawn(logits, greedy) && token == 4321);
    logits[17] = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!drawn(logits, greedy));
    logits[17] = kInfinity;
    QVERIFY(!drawn(logits, greedy));
    QVERIFY(!drawn(std::vector<float>(300, -kInfinity), greedy));
    QVERIFY(backend->health().has_value());
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaDrawTest)
#include "test_cuda_draw.moc"
