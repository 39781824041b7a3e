// SPDX-License-Identifier: Apache-2.0
// The deterministic contract, bit for bit on every instruction set: a row's result depends neither on the
// other rows of its step, nor on their number, nor on the number of threads.
#include <cmath>

#include <QTest>

#include "tests/ops/ops_fixture.h"
#include "tests/support/step_views.h"

namespace tendril::engine::test {

class DeterminismTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void products_data() { addIsas(); }
    void products();
    void attention_data() { addIsas(); }
    void attention();
    void rowOps_data() { addIsas(); }
    void rowOps();

  private:
    static void addIsas();
};

namespace {

std::span<const float> rows_of(const std::vector<float>& all, std::size_t width, std::size_t first,
                               std::size_t count) {
    return std::span(all).subspan(first * width, count * width);
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

void DeterminismTest::addIsas() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void DeterminismTest::products() {
    QFETCH(int, isa);
    const auto one = cpu(static_cast<Isa>(isa), 1);
    const auto four = cpu(static_cast<Isa>(isa), 4);
    if (one == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    constexpr std::size_t kRows = 37;
    Random random(51);
    for (const DataType type : kAllTypes) {
        const std::size_t columns = 768;
        const std::size_t outputs = 161;
        const auto bytes = random_weight(random, type, outputs, columns);
        const WeightSource source = source_of(type, outputs, columns, bytes);
        const auto in = random_rows(random, kRows, columns);
        const auto bias = random_rows(random, 1, outputs);
        const auto all = product(*one, source, in, bias);
        QVERIFY(same_bits(all, product(*four, source, in, bias)));
        for (std::size_t r = 0; r < kRows; ++r) {
            QVERIFY2(same_bits(product(*four, source, rows_of(in, columns, r, 1), bias),
                               rows_of(all, outputs, r, 1)),
                     traits(type).name);
        }
        for (std::size_t count = 2; count < kRows;
             ++count) {  // every number of rows, from every kind of start
            const std::size_t first = count * 5 % (kRows - count);
            QVERIFY2(same_bits(product(*four, source, rows_of(in, columns, first, count), bias),
                               rows_of(all, outputs, first, count)),
                     traits(type).name);
        }
    }
}

/// A view of 700 positions: stored and attended in one step, or row by row, or in chunks, among other views,
/// on 1 or 4 threads.
void DeterminismTest::attention() {
    QFETCH(int, isa);
    constexpr std::size_t kLength = 700;
    constexpr std::size_t kWidth = 2 * 64;
    constexpr std::size_t kHeads = 6;
    Random random(53);
    const auto keys = random_rows(random, kLength, kWidth);
    const auto values = random_rows(random, kLength, kWidth);
    const auto q = random_rows(random, kLength, kHeads * 64);
    std::vector<PageId> pages;
    for (PageId page = 0; page < 11; ++page) {
        pages.push_back((page * 7 + 3) % 16);
    }
    const PageId lonely = 0;  // another view, in front
    // Rows [begin, kLength) in steps of `chunk`; all before them in one step.
    const auto run = [&](Backend& backend, std::size_t begin, std::size_t chunk, bool company,
                         std::size_t window) {
        auto kv = std::move(*backend.make_kv_pages({1, 2, 64, KvType::f16, {}}, {16, 0}));
        std::vector<float> out;
        for (std::size_t at = 0; at < kLength;) {
            const std::size_t count = std::min(at < begin ? begin : chunk, kLength - at);
            const std::size_t extra = company ? 1 : 0;
            StepViews views;
            std::vector<std::int32_t> positions;
            std::vector<float> k, v, queries;
            const auto append = [&](std::size_t first, std::size_t n) {
                k.insert(k.end(), keys.begin() + first * kWidth, keys.begin() + (first + n) * kWidth);
                v.insert(v.end(), values.begin() + first * kWidth, values.begin() + (first + n) * kWidth);
                queries.insert(queries.end(), q.begin() + first * kHeads * 64,
                               q.begin() + (first + n) * kHeads * 64);
                for (std::size_t i = 0; i < n; ++i) {
                    positions.push_back(static_cast<std::int32_t>(first + i));
                }
            };
            if (company) {
                views.add(0, 1, 0, std::span(&lonely, 1));
                append(0, 1);
            }
            views.add(extra, count, at, pages);
            append(at, count);
            const StepPlan plan{views.views(), positions};
            const DeviceRows dk(backend, kWidth, k), dv(backend, kWidth, v),
                dq(backend, kHeads * 64, queries);
            const DeviceRows result(backend, positions.size(), kHeads * 64);
            backend.store_kv(*kv, 0, plan, dk.rows(), dv.rows());
            backend.attention(*kv, {0, kHeads, 0.125F, window, 0.0F, nullptr}, plan, dq.rows(),
                              result.rows());
            const auto rows = result.values();
            out.insert(out.end(), rows.begin() + extra * kHeads * 64, rows.end());
            at += count;
        }
        return out;
    };
    const auto one = cpu(static_cast<Isa>(isa), 1);
    const auto four = cpu(static_cast<Isa>(isa), 4);
    if (one == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    for (const std::size_t window : {std::size_t{0}, std::size_t{200}}) {
        const auto whole = run(*one, 0, kLength, false, window);
        QVERIFY(same_bits(whole, run(*four, 0, kLength, false, window)));
        QVERIFY(same_bits(whole, run(*four, 0, 37, true, window)));
        QVERIFY(same_bits(whole, run(*one, 0, 64, true, window)));
        QVERIFY(same_bits(whole, run(*four, 600, 1, false, window)));
        QVERIFY(same_bits(whole, run(*one, 640, 1, true, window)));
    }
}

void DeterminismTest::rowOps() {
    QFETCH(int, isa);
    const auto one = cpu(static_cast<Isa>(isa), 1);
    const auto four = cpu(static_cast<Isa>(isa), 4);
    if (one == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    constexpr std::size_t kRows = 33;
    constexpr std::size_t kWidth = 1536;
    Random random(57);
    const auto x = random_rows(random, kRows, kWidth);
    const auto y = random_rows(random, kRows, kWidth);
    std::vector<std::int32_t> positions;
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(kRows); ++i) {
        positions.push_back(i * 91);
    }
    const auto run = [&](Backend& backend, std::size_t first, std::size_t count) {
        const DeviceRows a(backend, kWidth, rows_of(x, kWidth, first, count));
        const DeviceRows b(backend, kWidth, rows_of(y, kWidth, first, count));
        const DeviceRows weight(backend, kWidth, rows_of(y, kWidth, 0, 1));
        const auto table = std::move(*backend.make_rope_table({}, 64, 4096));
        const StepView view{0, count, 0, {}};
        backend.rms_norm(a.rows(), weight.data(), 1e-6F, a.rows());
        backend.rope(*table, 64, {std::span(&view, 1), std::span(positions).subspan(first, count)}, a.rows());
        backend.gate(Activation::gelu_tanh, a.rows(), b.rows(), a.rows());
        backend.gate(Activation::silu, a.rows(), b.rows(), a.rows());
        backend.add(b.rows(), a.rows());
        backend.soft_cap(20.0F, a.rows());
        return a.values();
    };
    const auto all = run(*four, 0, kRows);
    QVERIFY(same_bits(all, run(*one, 0, kRows)));
    for (std::size_t r = 0; r < kRows; ++r) {
        QVERIFY(same_bits(run(*four, r, 1), rows_of(all, kWidth, r, 1)));
    }
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::DeterminismTest)
#include "determinism_test.moc"
