// SPDX-License-Identifier: Apache-2.0
// A model whose layers lie on several backends: at every border the bits of one backend where the parts are
// alike, and near both where they differ; pages, branches and ops through the composite; who gets which
// layers. One thread.
#include <algorithm>
#include <cmath>

#include <QtTest>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/backend/reference/reference_backend.h"
#include "engine/backend/split/layer_shares.h"
#include "engine/backend/split/split_backend.h"
#include "tests/ops/op_cases.h"
#include "tests/unit/engine/split_harness.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

std::unique_ptr<Backend> cpu() {
    CpuOptions options;
    options.threads = 2;
    return SplitHarness::must(make_cpu_backend(options));
}

using Maker = std::unique_ptr<Backend> (*)();
std::unique_ptr<Backend> of(std::initializer_list<std::pair<Maker, std::size_t>> wanted) {
    std::vector<SplitPart> parts;
    for (const auto& [make, layers] : wanted) {
        parts.push_back({make(), layers});
    }
    return make_split_backend(std::move(parts));
}

std::unique_ptr<Backend> reference() {
    return make_reference_backend();
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
    double most = a.size() == b.size() ? 0.0 : 1e9;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
    }
    return most;
}

/// Between backends that round activations and such that do not.
constexpr double kNear = 0.15;

}  // namespace

class TestSplit : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyBorder_data() { add_models_to_split(); }
    void everyBorder() {
        QFETCH(int, model);
        const TinyModel options = models_to_split()[static_cast<std::size_t>(model)];
        const Bytes bytes = tiny_model(options).bytes();
        for (const KvType kv : {KvType::f16, KvType::q8_0}) {
            const auto exact = logits_on(*reference(), bytes, kv);
            const auto fast = logits_on(*cpu(), bytes, kv);
            QVERIFY(difference(exact, fast) > 0.0 && difference(exact, fast) < kNear);
            for (std::size_t cut = 0; cut <= options.layers; ++cut) {
                const std::size_t rest = options.layers - cut;
                QVERIFY(logits_on(*of({{reference, cut}, {reference, rest}}), bytes, kv) == exact);
                QVERIFY(logits_on(*of({{cpu, cut}, {cpu, rest}}), bytes, kv) == fast);
                const auto mixed = logits_on(*of({{reference, cut}, {cpu, rest}}), bytes, kv);
                QVERIFY(difference(mixed, exact) < kNear && difference(mixed, fast) < kNear);
                QVERIFY(mixed != exact);                 // the CPU had a part in it
                QVERIFY((mixed == fast) == (cut == 0));  // and so had the reference
            }
            QVERIFY(logits_on(*of({{cpu, 1}, {cpu, 1}, {cpu, options.layers - 2}}), bytes, kv) == fast);
        }
    }

    void pagesGoOutAndIn() {
        const Bytes bytes = tiny_model(models_to_split()[1]).bytes();
        const auto make = [] { return of({{reference, 3}, {cpu, 4}}); };
        const auto one = make();
        const auto other = make();
        SplitHarness first(*one, bytes, KvType::q8_0);
        SplitHarness second(*other, bytes, KvType::q8_0);
        (void)first.logits();
        QVERIFY(first.page_bytes(0) != second.page_bytes(0));  // negative control
        const auto wanted = first.go_on(first);
        QVERIFY(second.go_on(first) == wanted);
        QVERIFY(first.page_bytes(0) == second.page_bytes(0));
        QCOMPARE(first.pages().layout_name(), second.pages().layout_name());
        const auto whole = of({{reference, 4}, {cpu, 3}});
        QVERIFY(SplitHarness(*whole, bytes, KvType::q8_0).pages().layout_name() !=
                first.pages().layout_name());
        QVERIFY(whole->arithmetic() != one->arithmetic());
    }

    /// What is written on one part is read on the other, whichever op does it.
    void opsFindWhatOthersWrote() {
        const auto both = of({{reference, 1}, {reference, 1}});
        const auto alone = reference();
        tendril::engine::test::Random random(3);
        constexpr std::size_t kWidth = 64;
        const auto matrix = tendril::engine::test::random_rows(random, kWidth, kWidth);
        const auto x = tendril::engine::test::random_rows(random, 5, kWidth);
        const auto run = [&](Backend& backend) {
            WeightSource source{DataType::f32, kWidth, kWidth, std::as_bytes(std::span(matrix)), nullptr};
            source.layer = 0;
            const auto first = std::move(*backend.prepare(source));
            source.layer = 1;
            const auto second = std::move(*backend.prepare(source));
            const tendril::engine::test::DeviceRows a(backend, kWidth, x);
            const tendril::engine::test::DeviceRows b(backend, 5, kWidth);
            const Product there{first.get(), nullptr, b.rows()};
            backend.matmul(a.rows(), {&there, 1});
            // Two of the rows are changed on the other part; the rest must come along.
            const Product back{second.get(), nullptr, {a.rows().data + kWidth, 2, kWidth}};
            backend.matmul({b.rows().data, 2, kWidth}, {&back, 1});
            backend.add(b.rows(), a.rows());
            backend.matmul(a.rows(), {&there, 1});
            backend.soft_cap(3.0F, b.rows());
            std::vector<float> all = a.values();
            const auto more = b.values();
            all.insert(all.end(), more.begin(), more.end());
            return all;
        };
        QVERIFY(run(*both) == run(*alone));
        for (std::size_t op = 0; op < std::size(tendril::engine::test::kRowOps); ++op) {
            const auto errors = tendril::engine::test::row_op_errors(*both, *alone, random, op, 7, 96);
            QVERIFY(errors.most <= 1.0 && errors.planted > 1.0);
        }
    }

    void whoGetsWhichLayers() {
        ModelShares model;
        model.layers.assign(10, 100);
        model.before = 50;
        model.behind = 150;
        model.each = 30;
        const auto shares = [&](std::vector<std::uint64_t> free) { return share_layers(model, free); };
        using Cards = std::vector<std::size_t>;
        QVERIFY(shares({}).host == 10 && shares({}).cards.empty());
        QVERIFY(shares({279}).cards.empty());  // the head, but no layer
        QVERIFY(shares({280}).cards == Cards{1} && shares({280}).host == 9);
        QVERIFY(shares({779}).cards == Cards{5} && shares({780}).cards == Cards{6});
        QVERIFY(shares({780, 330}).cards == (Cards{6, 3}) && shares({780, 330}).host == 1);
        QVERIFY(shares({780, 430}).host == 0 && shares({780, 430}).host_looks_up);
        QVERIFY(shares({780, 480}).host == 0 && !shares({780, 480}).host_looks_up);
        QVERIFY(shares({780, 129, 430}).cards == Cards{6});
        QVERIFY(shares({780, 480, 480}).cards.size() == 2);
        model.layers[9] = 1000;  // the last does not fit: none before it is taken either
        QVERIFY(shares({780}).cards.empty());
    }
};

QTEST_GUILESS_MAIN(TestSplit)
#include "test_split.moc"
