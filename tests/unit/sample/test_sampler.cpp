// SPDX-License-Identifier: Apache-2.0
// The sampler against exact probabilities and naive filters, and its randomness against the published test
// vectors.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include <QtTest>

#include "engine/sample/random.h"
#include "engine/sample/sampler.h"

using namespace tendril::engine;

namespace {

std::vector<float> random_logits(std::size_t size, unsigned seed, float spread = 3.0F) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, spread);
    std::vector<float> logits(size);
    std::generate(logits.begin(), logits.end(), [&] { return normal(random); });
    return logits;
}

/// The chain by its definition: probabilities of all tokens, filters on fully sorted lists.
std::map<TokenId, double> naive_distribution(const std::vector<float>& logits,
                                             const SamplerSettings& settings) {
    std::vector<TokenId> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto logit = [&](TokenId token) {
        return static_cast<double>(logits[static_cast<std::size_t>(token)]);
    };
    std::stable_sort(order.begin(), order.end(), [&](TokenId a, TokenId b) { return logit(a) > logit(b); });
    if (settings.top_k > 0 && static_cast<std::size_t>(settings.top_k) < order.size()) {
        order.resize(static_cast<std::size_t>(settings.top_k));
    }
    const double best = logit(order.front());
    double total = 0;
    std::vector<double> weights;
    for (const TokenId token : order) {
        weights.push_back(std::exp((logit(token) - best) / static_cast<double>(settings.temperature)));
        total += weights.back();
    }
    double mass = 0;
    std::size_t kept = 0;
    while (kept < order.size()) {
        mass += weights[kept++] / total;
        if (mass >= static_cast<double>(settings.top_p)) {
            break;
        }
    }
    std::map<TokenId, double> result;
    double left = 0;
    for (std::size_t i = 0; i < kept; ++i) {
        if (weights[i] >= static_cast<double>(settings.min_p)) {
            result[order[i]] = weights[i];
            left += weights[i];
        }
    }
    for (auto& [token, weight] : result) {
        weight /= left;
    }
    return result;
}

SamplerSettings plain(float temperature) {
    SamplerSettings settings;
    settings.temperature = temperature;
    settings.top_k = 0;
    settings.top_p = 1.0F;
    settings.min_p = 0.0F;
    settings.seed = 42;
    return settings;
}

/// Wilson-Hilferty: the chi-squared value that is exceeded with probability 1e-6.
double chi_squared_limit(double degrees) {
    const double z = 4.753;
    const double part = 1 - 2 / (9 * degrees) + z * std::sqrt(2 / (9 * degrees));
    return degrees * part * part * part;
}

double chi_squared(const std::map<TokenId, double>& expected, const std::vector<float>& logits,
                   const SamplerSettings& settings, std::size_t draws, std::size_t& cells) {
    Sampler sampler(settings);
    std::map<TokenId, std::size_t> seen;
    for (std::size_t position = 0; position < draws; ++position) {
        std::vector<float> copy = logits;
        ++seen[sampler.draw(copy, {}, position).value()];
    }
    for (const auto& [token, count] : seen) {
        if (!expected.contains(token)) {
            return std::numeric_limits<double>::infinity();
        }
    }
    double sum = 0;
    double rare_expected = 0;
    double rare_seen = 0;
    cells = 0;
    const auto add = [&](double want, double got) {
        sum += (got - want) * (got - want) / want;
        ++cells;
    };
    for (const auto& [token, probability] : expected) {
        const double want = probability * static_cast<double>(draws);
        const double got = static_cast<double>(seen[token]);
        if (want < 10) {
            rare_expected += want;
            rare_seen += got;
        } else {
            add(want, got);
        }
    }
    if (rare_expected > 5) {
        add(rare_expected, rare_seen);
    }
    return sum;
}

}  // namespace

class TestSampler : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void philox_gives_the_published_vectors() {
        // Known-answer vectors of Random123 1.14 (kat_vectors, philox4x32 10).
        using Block = std::array<std::uint32_t, 4>;
        QCOMPARE(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
        const std::uint32_t f = 0xffffffff;
        QCOMPARE(philox({f, f, f, f}, {f, f}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
        QCOMPARE(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
                 (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
    }

    void draws_follow_the_distribution_data() {
        QTest::addColumn<float>("temperature");
        QTest::addColumn<int>("top_k");
        QTest::addColumn<float>("top_p");
        QTest::addColumn<float>("min_p");
        QTest::newRow("plain") << 1.0F << 0 << 1.0F << 0.0F;
        QTest::newRow("hot") << 2.5F << 0 << 1.0F << 0.0F;
        QTest::newRow("cold") << 0.3F << 0 << 1.0F << 0.0F;
        QTest::newRow("top-k") << 1.0F << 7 << 1.0F << 0.0F;
        QTest::newRow("top-p") << 1.0F << 0 << 0.8F << 0.0F;
        QTest::newRow("min-p") << 1.5F << 0 << 1.0F << 0.1F;
        QTest::newRow("all") << 0.9F << 30 << 0.9F << 0.02F;
    }
    void draws_follow_the_distribution() {
        QFETCH(float, temperature);
        QFETCH(int, top_k);
        QFETCH(float, top_p);
        QFETCH(float, min_p);
        SamplerSettings settings = plain(temperature);
        settings.top_k = top_k;
        settings.top_p = top_p;
        settings.min_p = min_p;
        const std::vector<float> logits = random_logits(60, 7, 1.5F);
        std::size_t cells = 0;
        const double statistic =
            chi_squared(naive_distribution(logits, settings), logits, settings, 40000, cells);
        QVERIFY2(statistic < chi_squared_limit(static_cast<double>(cells - 1)),
                 qPrintable(QString("chi-squared %1 over %2 cells").arg(statistic).arg(cells)));
        // The test has power: a slightly different temperature is noticed.
        SamplerSettings other = settings;
        other.temperature *= 1.15F;
        const double wrong = chi_squared(naive_distribution(logits, other), logits, settings, 40000, cells);
        QVERIFY(wrong > chi_squared_limit(static_cast<double>(cells - 1)));
    }

    void filters_keep_what_the_naive_ones_keep() {
        for (unsigned seed = 0; seed < 60; ++seed) {
            std::mt19937 random(seed);
            SamplerSettings settings = plain(0.3F + 0.1F * static_cast<float>(seed % 15));
            settings.top_k = seed % 3 == 0 ? 0 : static_cast<int>(1 + random() % 600);
            settings.top_p = seed % 4 == 0 ? 1.0F : 0.5F + 0.0099F * static_cast<float>(random() % 50);
            settings.min_p = seed % 2 == 0 ? 0.0F : 0.001F * static_cast<float>(random() % 200);
            std::vector<float> logits = random_logits(2000, seed);
            for (std::size_t i = 0; i + 1 < logits.size(); i += 3) {
                logits[i + 1] = logits[i];  // ties
            }
            const std::map<TokenId, double> expected = naive_distribution(logits, settings);
            Sampler sampler(settings);
            std::set<TokenId> seen;
            for (std::uint64_t position = 0; position < 2000; ++position) {
                std::vector<float> copy = logits;
                seen.insert(sampler.draw(copy, {}, position).value());
            }
            for (const auto& [token, probability] : expected) {
                if (probability > 0.02) {  // missed with probability below 1e-17
                    QVERIFY2(seen.contains(token),
                             qPrintable(QString("seed %1 token %2").arg(seed).arg(token)));
                }
            }
            for (const TokenId token : seen) {
                QVERIFY2(expected.contains(token),
                         qPrintable(QString("seed %1 token %2").arg(seed).arg(token)));
            }
        }
    }

    /// Vocabularies of one logit to many blocks of them, rounded so that there are ties at every border.
    void large_vocabularies_keep_the_same() {
        for (const std::size_t size : {1UL, 15UL, 255UL, 256UL, 257UL, 4099UL, 151936UL}) {
            std::vector<float> logits = random_logits(size, static_cast<unsigned>(size));
            for (float& logit : logits) {
                logit = std::round(logit * 4.0F) / 4.0F;
            }
            const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
            QCOMPARE(Sampler(plain(0.0F)).draw(logits, {}, 0).value(), static_cast<TokenId>(best));
            for (const int count : {2, 3, 40, 400, 1000}) {
                SamplerSettings settings = plain(50.0F);  // all of them nearly alike
                settings.top_k = count;
                const std::map<TokenId, double> expected = naive_distribution(logits, settings);
                Sampler sampler(settings);
                std::set<TokenId> seen;
                for (std::uint64_t position = 0; position < 300; ++position) {
                    seen.insert(sampler.draw(logits, {}, position).value());
                }
                QVERIFY(std::all_of(seen.begin(), seen.end(),
                                    [&](TokenId token) { return expected.contains(token); }));
                QVERIFY(count > 3 || seen.size() == expected.size());
            }
            for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
                for (const float broken : {std::nanf(""), HUGE_VALF}) {
                    std::vector<float> copy = logits;
                    copy[at] = broken;
                    QVERIFY(!Sampler(plain(1.0F)).draw(copy, {}, 0));
                }
            }
        }
    }

    void greedy_takes_the_best_and_the_lowest_of_equals() {
        Sampler sampler(plain(0.0F));
        std::vector<float> logits = {1.0F, 5.0F, 5.0F, -2.0F};
        QCOMPARE(sampler.draw(logits, {}, 0).value(), 1);
        SamplerSettings one = plain(1.0F);
        one.top_k = 1;
        Sampler single(one);
        for (std::uint64_t position = 0; position < 50; ++position) {
            QCOMPARE(single.draw(logits, {}, position).value(), 1);
        }
    }

    void same_seed_and_position_give_the_same_token() {
        const std::vector<float> logits = random_logits(5000, 3, 1.0F);
        SamplerSettings settings = plain(1.0F);
        Sampler forwards(settings);
        Sampler backwards(settings);
        settings.seed = 43;
        Sampler other(settings);
        std::vector<TokenId> a(300);
        std::vector<TokenId> b(300);
        std::size_t differs = 0;
        for (std::size_t i = 0; i < 300; ++i) {
            std::vector<float> copy = logits;
            a[i] = forwards.draw(copy, {}, i).value();
            b[299 - i] = backwards.draw(copy, {}, 299 - i).value();
            differs += other.draw(copy, {}, i).value() != a[i] ? 1 : 0;
        }
        QCOMPARE(a, b);  // what was drawn before has no influence
        QVERIFY(differs > 200);
        QVERIFY(std::set<TokenId>(a.begin(), a.end()).size() > 100);
    }

    void penalties_follow_their_definition() {
        SamplerSettings settings = plain(0.0F);
        settings.repetition_penalty = 2.0F;
        settings.presence_penalty = 0.5F;
        settings.penalty_window = 3;
        Sampler sampler(settings);
        std::vector<float> logits = {8.0F, 6.0F, -1.0F, 3.0F};
        const std::vector<TokenId> recent = {1, 0, 0, 2};  // the 1 is outside the window; 0 counts once;
        QCOMPARE(sampler.draw(logits, recent, 0).value(), 1);
        QCOMPARE(logits, (std::vector<float>{3.5F, 6.0F, -2.5F, 3.0F}));
        std::vector<float> again = {8.0F, 6.0F};
        const std::vector<TokenId> strange = {-1, 99};
        QCOMPARE(sampler.draw(again, strange, 0).value(), 0);
    }

    void numbers_that_are_not_finite_are_an_error() {
        const float infinity = std::numeric_limits<float>::infinity();
        const float nan = std::numeric_limits<float>::quiet_NaN();
        for (const float temperature : {0.0F, 1.0F}) {
            Sampler sampler(plain(temperature));
            for (const std::vector<float>& bad :
                 {std::vector<float>{nan, 1.0F}, {1.0F, nan}, {1.0F, infinity}, {-infinity, -infinity}}) {
                std::vector<float> logits = bad;
                const auto token = sampler.draw(logits, {}, 0);
                QVERIFY(!token);
                QVERIFY(!token.error().message.empty());
            }
            std::vector<float> masked = {-infinity, 1.0F, -infinity};  // as a grammar does
            for (std::uint64_t position = 0; position < 100; ++position) {
                QCOMPARE(sampler.draw(masked, {}, position).value(), 1);
            }
        }
    }

    void settings_out_of_range_are_clamped() {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        SamplerSettings wild;
        wild.temperature = -3.0F;
        wild.top_k = -5;
        wild.top_p = nan;
        wild.min_p = 7.0F;
        wild.repetition_penalty = 0.0F;
        wild.presence_penalty = std::numeric_limits<float>::infinity();
        wild.penalty_window = 1 << 30;
        const SamplerSettings tame = clamped(wild);
        QCOMPARE(tame.temperature, 0.0F);
        QCOMPARE(tame.top_k, 0);
        QCOMPARE(tame.top_p, 1.0F);
        QCOMPARE(tame.min_p, 1.0F);
        QVERIFY(tame.repetition_penalty > 0.0F);
        QVERIFY(std::isfinite(tame.presence_penalty));
        QCOMPARE(tame.penalty_window, 4096);
        wild.temperature = nan;
        QCOMPARE(clamped(wild).temperature, 0.0F);
        // The extremes draw without trouble.
        wild.temperature = 1e-3F;
        wild.min_p = 0.0F;
        wild.top_p = 0.0F;
        Sampler sampler(wild);
        std::vector<float> logits = random_logits(100, 1);
        QVERIFY(sampler.draw(logits, {}, 0).has_value());
    }

    void a_large_vocabulary_is_quick() {
        SamplerSettings settings;  // the defaults
        Sampler sampler(settings);
        std::vector<float> logits = random_logits(262144, 5);
        QElapsedTimer timer;
        timer.start();
        for (std::uint64_t position = 0; position < 200; ++position) {
            QVERIFY(sampler.draw(logits, {}, position).has_value());
        }
        const double each = static_cast<double>(timer.nsecsElapsed()) / 200e6;
        qInfo("262,144 logits, default settings: %.3f ms a draw", each);
        QVERIFY2(each < 20.0, "a draw must not sort the vocabulary");
    }
};

QTEST_GUILESS_MAIN(TestSampler)
#include "test_sampler.moc"
