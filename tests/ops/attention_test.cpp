// SPDX-License-Identifier: Apache-2.0
// Pages and attention on every instruction set against the reference, and the reference against double
// precision written anew. Tolerance: 4e-6 of the largest value magnitude (order of float sums, the kernels'
// exp); softcap: 2e-5 (tanh's absolute error times the cap, before the exp).
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "engine/half.h"
#include "tests/ops/ops_fixture.h"
#include "tests/support/step_views.h"

namespace tendril::engine::test {

class AttentionTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void referenceMatchesDouble();
    void matchesReference_data();
    void matchesReference();
    void copiesPages();
    void plantedErrorIsSeen();
};

namespace {

struct Case {
    const char* what;
    std::size_t kv_heads, shared, size;
    std::vector<std::pair<std::size_t, std::size_t>> views;  // first position, rows
    std::size_t window = 0;
    float softcap = 0.0F;
};

std::vector<Case> cases() {
    return {{"one row, short", 3, 3, 64, {{5, 1}}},
            {"one row, long", 3, 3, 64, {{1500, 1}}},
            {"first row of all", 2, 7, 64, {{0, 1}}},
            {"prompt", 2, 6, 128, {{0, 37}}},
            {"prompt over pages", 2, 2, 64, {{0, 200}}},
            {"chunk after others", 1, 4, 256, {{300, 33}}},
            {"many views", 2, 3, 64, {{0, 5}, {63, 2}, {64, 1}, {700, 1}, {127, 30}}},
            {"window", 1, 4, 256, {{600, 21}}, 100},
            {"window of pages", 2, 2, 64, {{0, 300}}, 128},
            {"window of one", 2, 1, 32, {{70, 9}}, 1},
            {"softcap", 2, 2, 64, {{0, 70}}, 0, 30.0F},
            {"odd head size", 2, 3, 80, {{0, 70}}},
            {"head size 20", 3, 1, 20, {{60, 9}}},
            {"heads beyond a unit", 1, 71, 64, {{100, 3}}}};
}

/// Keys and values of each view by position, and a place for each view's pages.
class Setting {
  public:
    Setting(const Case& c, Random& random) : c_(c), width_(c.kv_heads * c.size) {
        std::vector<PageId> free(64);
        for (std::size_t i = 0; i < free.size(); ++i) {
            free[i] = static_cast<PageId>(i);
        }
        std::shuffle(free.begin(), free.end(), random);
        for (const auto& [first, rows] : c.views) {
            keys_.push_back(random_rows(random, first + rows, width_));
            values_.push_back(random_rows(random, first + rows, width_));
            auto& pages = pages_.emplace_back();
            for (std::size_t i = 0; i <= (first + rows - 1) / kPageTokens; ++i) {
                pages.push_back(free.back());
                free.pop_back();
            }
            for (std::size_t r = 0; r < rows; ++r) {
                positions_.push_back(static_cast<std::int32_t>(first + r));
            }
        }
        std::size_t row = 0;
        for (std::size_t v = 0; v < c.views.size(); ++v) {
            views_.add(row, c.views[v].second, c.views[v].first, pages_[v]);
            row += c.views[v].second;
        }
        q_ = random_rows(random, row, heads() * c.size);
    }

    std::size_t heads() const { return c_.kv_heads * c_.shared; }
    StepPlan plan() const { return {views_.views(), positions_}; }
    KvLayout layout() const { return {2, c_.kv_heads, c_.size, KvType::f16, {}}; }
    AttentionSettings settings() const {
        return {1, heads(), 1.0F / std::sqrt(static_cast<float>(c_.size)), c_.window, c_.softcap, nullptr};
    }

    /// Stores everything that the views see, `chunk` rows a step, then attends.
    std::vector<float> run(Backend& backend, std::size_t chunk) const {
        auto pages = std::move(*backend.make_kv_pages(layout(), {64, 0}));
        [[maybe_unused]] const Status reserved = backend.reserve(positions_.size(), 4096);
        for (std::size_t v = 0; v < views_.size(); ++v) {
            const std::size_t end = c_.views[v].first + c_.views[v].second;
            for (std::size_t at = 0; at < end; at += chunk) {
                store(backend, *pages, v, at, std::min(chunk, end - at));
            }
        }
        const DeviceRows q(backend, heads() * c_.size, q_);
        const DeviceRows out(backend, positions_.size(), heads() * c_.size);
        backend.attention(*pages, settings(), plan(), q.rows(), out.rows());
        return out.values();
    }

    /// The definition, in double, from keys and values as f16 rounds them.
    std::vector<float> by_definition() const {
        std::vector<float> out(q_.size());
        const std::size_t size = c_.size;
        for (std::size_t v = 0; v < views_.size(); ++v) {
            for (std::size_t r = 0; r < views_[v].row_count; ++r) {
                for (std::size_t h = 0; h < heads(); ++h) {
                    const std::size_t at = (views_[v].first_row + r) * heads() * size + h * size;
                    one_head(v, views_[v].first_position + r, h / c_.shared, q_.data() + at, out.data() + at);
                }
            }
        }
        return out;
    }

  private:
    void store(Backend& backend, KvPages& pages, std::size_t v, std::size_t at, std::size_t count) const {
        const DeviceRows k(backend, width_, std::span(keys_[v]).subspan(at * width_, count * width_));
        const DeviceRows val(backend, width_, std::span(values_[v]).subspan(at * width_, count * width_));
        std::vector<std::int32_t> positions;
        for (std::size_t i = 0; i < count; ++i) {
            positions.push_back(static_cast<std::int32_t>(at + i));
        }
        const StepViews view(0, count, at, pages_[v]);
        const StepPlan plan{view.views(), positions};
        backend.store_kv(pages, 1, plan, k.rows(), val.rows());
    }

    void one_head(std::size_t v, std::size_t position, std::size_t kv_head, const float* q,
                  float* out) const {
        const std::size_t first = c_.window != 0 && position + 1 > c_.window ? position + 1 - c_.window : 0;
        const auto value = [&](const std::vector<float>& rows, std::size_t p, std::size_t i) {
            return static_cast<double>(
                half_to_float(float_to_half(rows[p * width_ + kv_head * c_.size + i])));
        };
        std::vector<double> mixed(c_.size, 0.0);
        double total = 0.0;
        for (std::size_t p = first; p <= position; ++p) {
            double score = 0.0;
            for (std::size_t i = 0; i < c_.size; ++i) {
                score += static_cast<double>(q[i]) * value(keys_[v], p, i);
            }
            score *= static_cast<double>(settings().scale);
            score = c_.softcap > 0.0F
                        ? static_cast<double>(c_.softcap) * std::tanh(score / static_cast<double>(c_.softcap))
                        : score;
            const double weight =
                std::exp(score);  // scores are small here: no shift needed, unlike in the backends
            total += weight;
            for (std::size_t i = 0; i < c_.size; ++i) {
                mixed[i] += weight * value(values_[v], p, i);
            }
        }
        for (std::size_t i = 0; i < c_.size; ++i) {
            out[i] = static_cast<float>(mixed[i] / total);
        }
    }

    Case c_;
    std::size_t width_;
    std::vector<std::vector<float>> keys_, values_;
    std::vector<std::vector<PageId>> pages_;
    StepViews views_;
    std::vector<std::int32_t> positions_;
    std::vector<float> q_;
};

constexpr double kLargest = 30.0;  // random_rows: ten times three sigma

constexpr double kTolerance = 4e-6;

}  // namespace

void AttentionTest::referenceMatchesDouble() {
    Random random(23);
    const auto reference = make_reference_backend();
    for (const Case& c : cases()) {
        const Setting setting(c, random);
        const double error = worst(setting.run(*reference, 1000), setting.by_definition(), kLargest);
        QVERIFY2(error <= 1e-7, c.what);
    }
}

void AttentionTest::matchesReference_data() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void AttentionTest::matchesReference() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 4);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const auto reference = make_reference_backend();
    Random random(29);
    for (const Case& c : cases()) {
        const Setting setting(c, random);
        const auto wanted = setting.run(*reference, 1000);
        for (const std::size_t chunk : {std::size_t{1000}, std::size_t{7}}) {
            const double error = worst(setting.run(*backend, chunk), wanted, kLargest);
            std::printf("%-10s %-20s stored by %4zu: error / largest %.2g\n", name(static_cast<Isa>(isa)),
                        c.what, chunk, error);
            QVERIFY2(error <= kTolerance, c.what);
        }
    }
}

/// Copy-on-write of a partial page: the copy answers as the original, and the original's later positions stay
/// out of it.
void AttentionTest::copiesPages() {
    for (Backend* raw :
         {cpu(best_host_isa()).release(), cpu(Isa::scalar).release(), make_reference_backend().release()}) {
        const std::unique_ptr<Backend> backend(raw);
        Random random(31);
        const KvLayout layout{3, 2, 48, KvType::f16, {}};
        auto pages = std::move(*backend->make_kv_pages(layout, {4, 0}));
        const auto keys = random_rows(random, 64, 96);
        const auto values = random_rows(random, 64, 96);
        const auto other = random_rows(random, 64, 96);
        const auto q = random_rows(random, 1, 192);
        std::vector<std::int32_t> positions(64);
        for (std::size_t i = 0; i < 64; ++i) {
            positions[i] = static_cast<std::int32_t>(i);
        }
        const auto store = [&](PageId page, std::size_t first, std::size_t count, std::span<const float> k,
                               std::span<const float> v) {
            const DeviceRows dk(*backend, 96, k.subspan(first * 96, count * 96));
            const DeviceRows dv(*backend, 96, v.subspan(first * 96, count * 96));
            const StepViews view(0, count, first, std::span(&page, 1));
            for (std::size_t layer = 0; layer < 3; ++layer) {
                backend->store_kv(*pages, layer, {view.views(), std::span(positions).subspan(first, count)},
                                  dk.rows(), dv.rows());
            }
        };
        const auto attend = [&](PageId page, std::int32_t position) {
            const DeviceRows dq(*backend, 192, q);
            const DeviceRows out(*backend, 1, 192);
            const StepViews view(0, 1, static_cast<std::size_t>(position), std::span(&page, 1));
            backend->attention(*pages, {2, 4, 0.1F, 0, 0.0F, nullptr},
                               {view.views(), std::span(&position, 1)}, dq.rows(), out.rows());
            return out.values();
        };
        store(1, 0, 64, keys, values);
        store(3, 0, 64, other, other);
        const auto kept = attend(3, 63);
        pages->copy_page(PageGroup::full, 1, 3, 41);
        QCOMPARE(attend(3, 40), attend(1, 40));
        QVERIFY(attend(3, 41) != attend(1, 41));
        store(3, 41, 23, keys, values);
        QCOMPARE(attend(3, 63), attend(1, 63));
        QVERIFY(attend(3, 63) != kept);
        pages->copy_page(PageGroup::full, 1, 2, 64);
        QCOMPARE(attend(2, 63), attend(1, 63));
    }
}

/// Negative control: a window one too long, and the comparison must fail.
void AttentionTest::plantedErrorIsSeen() {
    Random random(37);
    Case c{"planted", 2, 3, 64, {{600, 5}}, 100};
    Random same = random;
    const auto wanted = Setting(c, random).run(*make_reference_backend(), 1000);
    c.window = 101;
    const auto got = Setting(c, same).run(*cpu(best_host_isa()), 1000);
    QVERIFY(worst(got, wanted, kLargest) > kTolerance);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::AttentionTest)
#include "attention_test.moc"
