// SPDX-License-Identifier: Apache-2.0
// KV pages by type: what quantising costs, and what the Hadamard turn gains; bytes of pages out and in again;
// copies of partial pages, byte for byte; names of layouts.
// Bounds of the error of attention against keys and values as they are, of the largest value: q8_0 2e-4,
// q4_0 3e-3, on values with one in 50 ten times as large.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class KvTypesTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void errorIsBounded();
    void turnBeatsNoTurnOnOutliers();
    void brokenValuesShow();
    void pagesGoOutAndIn_data() { addBackends(); }
    void pagesGoOutAndIn();
    void copiesOfPartialPagesAreExact_data() { addBackends(); }
    void copiesOfPartialPagesAreExact();
    void layoutNamesTellLayoutsApart();

  private:
    static void addBackends();
};

namespace {

constexpr KvType kTypes[] = {KvType::f16, KvType::q8_0, KvType::q4_0};

SceneSetup setup_of(KvType type, float outlier, std::size_t size) {
    SceneSetup setup;
    setup.type = type;
    setup.outlier = outlier;
    setup.size = size;
    setup.strands = {{0, 500}};
    setup.views = {{{{0, 0, 500, 0}}, 40}};
    return setup;
}

double mean_error(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    }
    return sum / static_cast<double>(a.size());
}

std::unique_ptr<Backend> backend_of(int index) {
    return index < 0 ? make_reference_backend() : cpu(static_cast<Isa>(index), 4);
}

}  // namespace

void KvTypesTest::addBackends() {
    QTest::addColumn<int>("which");
    QTest::newRow("reference") << -1;
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void KvTypesTest::errorIsBounded() {
    const auto backend = cpu(best_host_isa(), 4);
    for (const std::size_t size : {64, 80, 128, 256}) {
        double before = 0.0;
        for (const KvType type : kTypes) {
            const Scene scene(setup_of(type, 0.0F, size), 101);
            const auto exact = scene.by_definition(Scene::Rounding::exact);
            const double error = mean_error(scene.run(*backend), exact) / kLargestValue;
            std::printf("heads of %3zu, type %d: mean error / largest %.2g\n", size, static_cast<int>(type),
                        error);
            QVERIFY(error < (type == KvType::f16 ? 2e-5 : type == KvType::q8_0 ? 2e-4 : 3e-3));
            QVERIFY(error > before);  // negative control: each type really is coarser than the one before
            before = error;
        }
    }
}

/// Keys with two channels far from zero, as models have them: the turn spreads them, and without it their
/// blocks are rounded coarsely. Negative control: without such channels the turn gains little.
void KvTypesTest::turnBeatsNoTurnOnOutliers() {
    const auto backend = cpu(best_host_isa(), 4);
    for (const KvType type : {KvType::q8_0, KvType::q4_0}) {
        double gain[2] = {};
        for (const bool outliers : {false, true}) {
            SceneSetup setup = setup_of(type, outliers ? 25.0F : 0.0F, 64);
            setup.plain = true;
            const Scene scene(setup, 103);
            const auto exact = scene.by_definition(Scene::Rounding::exact);
            const double with = mean_error(scene.run(*backend), exact);
            const double without = mean_error(scene.by_definition(Scene::Rounding::unturned), exact);
            std::printf("type %d, %s: mean error turned %.3g, not turned %.3g\n", static_cast<int>(type),
                        outliers ? "two channels at 25" : "no outlier channels", with, without);
            gain[outliers ? 1 : 0] = without / with;
        }
        QVERIFY(gain[1] > 1.4);
        QVERIFY(gain[0] < 1.2);
    }
}

/// A key that is not a number must not become a quiet zero.
void KvTypesTest::brokenValuesShow() {
    for (const KvType type : kTypes) {
        for (const int which : {-1, static_cast<int>(Isa::scalar), static_cast<int>(best_host_isa())}) {
            const auto backend = backend_of(which);
            QVERIFY(!std::isfinite(attend_to_infinity(*backend, type)[17]));
        }
    }
}

/// Out of one pool, into another under other ids: the same answers to the last bit, the same bytes again.
void KvTypesTest::pagesGoOutAndIn() {
    QFETCH(int, which);
    const auto backend = backend_of(which);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    for (const KvType type : kTypes) {
        for (const bool window_group : {false, true}) {
            SceneSetup setup = setup_of(type, 0.0F, 80);
            setup.window_group = window_group;
            setup.window = window_group ? 130 : 0;
            const Scene scene(setup, 107);
            const auto from = scene.fill(*backend);
            const PageGroup group = window_group ? PageGroup::window : PageGroup::full;
            KvLayout layout{2, setup.kv_heads, setup.size, type, {}};
            if (window_group) {
                layout.windowed = {false, true};
            }
            auto to = std::move(*backend->make_kv_pages(
                layout, {scene.page_count(), window_group ? scene.page_count() : std::size_t{0}}));
            QCOMPARE(to->layout_name(), from->layout_name());
            QVERIFY(from->page_bytes(group) >= layout.bytes_per_page(group));
            std::vector<std::byte> bytes(from->page_bytes(group)), again(bytes.size());
            std::size_t different = 0;
            for (PageId page = 0; page < scene.page_count(); ++page) {
                from->export_page(group, page, bytes);
                to->export_page(group, page, again);
                different += bytes != again ? 1 : 0;
                to->import_page(group, page, bytes);
                to->export_page(group, page, again);
                QVERIFY(bytes == again);
            }
            QCOMPARE(different, std::size_t{8});  // the pages of 500 positions, and no other
            QVERIFY(same_bits(scene.attend(*backend, *to), scene.attend(*backend, *from)));
        }
    }
}

/// Of a page with contents A and one with contents B: after the copy of n positions the second is, byte for
/// byte, what writing n positions of A and the rest of B makes.
void KvTypesTest::copiesOfPartialPagesAreExact() {
    QFETCH(int, which);
    const auto backend = backend_of(which);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    Random random(109);
    constexpr std::size_t kWidth = 2 * 80;
    const auto a = random_rows(random, kPageTokens, kWidth);
    const auto b = random_rows(random, kPageTokens, kWidth);
    for (const KvType type : kTypes) {
        for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
            auto pages = std::move(*backend->make_kv_pages({3, 2, 80, type, {true, false, true}}, {3, 3}));
            const auto store = [&](PageId page, std::size_t first, std::span<const float> rows) {
                const std::size_t count = rows.size() / kWidth;
                const DeviceRows x(*backend, kWidth, rows);
                const KvSegment segment{std::span(&page, 1), std::span(&page, 1), first, count, 0};
                const StepView view{0, count, 0, std::span(&segment, 1)};
                const std::vector<std::int32_t> positions(count);
                for (std::size_t layer = 0; layer < 3; ++layer) {
                    backend->store_kv(*pages, layer, {std::span(&view, 1), positions}, x.rows(), x.rows());
                }
            };
            const auto bytes_of = [&](PageId page) {
                std::vector<std::byte> bytes(pages->page_bytes(group));
                pages->export_page(group, page, bytes);
                return bytes;
            };
            for (const std::size_t tokens : {std::size_t{1}, std::size_t{41}, kPageTokens}) {
                store(0, 0, a);
                store(1, 0, b);
                store(2, 0, b);
                pages->copy_page(group, 0, 1, tokens);
                QVERIFY(bytes_of(1) != bytes_of(2));  // negative control: something was copied
                store(2, 0, std::span(a).first(tokens * kWidth));
                QVERIFY(bytes_of(1) == bytes_of(2));
                const auto before = bytes_of(0);
                store(0, 0, a);
                QVERIFY(bytes_of(0) == before);  // the source is as it was
            }
        }
    }
}

void KvTypesTest::layoutNamesTellLayoutsApart() {
    std::vector<std::string> names;
    for (const int which : {-1, static_cast<int>(Isa::scalar), static_cast<int>(best_host_isa())}) {
        const auto backend = backend_of(which);
        for (const KvLayout& layout :
             {KvLayout{2, 2, 64, KvType::f16, {}}, KvLayout{2, 2, 64, KvType::q8_0, {}},
              KvLayout{2, 2, 64, KvType::q4_0, {}}, KvLayout{2, 4, 32, KvType::f16, {}},
              KvLayout{3, 2, 64, KvType::f16, {}}, KvLayout{2, 2, 64, KvType::f16, {true, false}},
              KvLayout{2, 2, 64, KvType::f16, {false, true}}}) {
            names.push_back((*backend->make_kv_pages(layout, {1, 1}))->layout_name());
        }
    }
    const std::size_t count = names.size();
    std::sort(names.begin(), names.end());
    QCOMPARE(static_cast<std::size_t>(std::unique(names.begin(), names.end()) - names.begin()), count);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::KvTypesTest)
#include "kv_types_test.moc"
