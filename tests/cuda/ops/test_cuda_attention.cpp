// SPDX-License-Identifier: Apache-2.0
// Pages and attention by the CUDA kernels, on the emulator, against the reference: views of several segments,
// positions moved by delta, windows with pages of their own, KV types, the head shapes of real models; bit
// for bit the same alone, in company, in steps of any size and with the chunks of a row split over blocks or
// not. Tolerances, of the largest value: f16 4e-6; quantised types 2e-5 (the bytes are the reference's).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class CudaAttentionTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void matchesReference_data() { add_schedules(); }
    void matchesReference();
    void sharedEqualsAlone_data() { add_schedules(); }
    void sharedEqualsAlone();
    void valuesOfAllSizes();
    void oneOffIsSeen();
    void brokenValuesShow();
    void pagesGoOutAndIn();
    void copiesOfPartialPagesAreExact();
    void refusesLargeHeads();
};

namespace {

constexpr KvType kTypes[] = {KvType::f16, KvType::q8_0, KvType::q4_0};

double tolerance(KvType type) {
    return type == KvType::f16 ? 4e-6 : 2e-5;
}

SceneSetup scene(std::string what, std::size_t kv_heads, std::size_t shared, std::size_t size) {
    // A view of a conversation's end, a piece from the middle of another, and its own tail.
    SceneSetup setup;
    setup.what = std::move(what);
    setup.kv_heads = kv_heads;
    setup.shared = shared;
    setup.size = size;
    setup.strands = {{0, 700}, {37, 400}, {5, 150}, {0, 90}};
    setup.views = {{{{0, 0, 700, 0}}, 5},
                   {{{0, 0, 200, 0}, {1, 100, 250, 100}, {2, 0, 150, 0}}, 9},
                   {{{0, 64, 128, -64}, {0, 400, 30, -272}, {1, 0, 1, 158}, {3, 0, 90, 0}}, 40},
                   {{{2, 0, 100, 0}}, 1}};
    return setup;
}

std::vector<SceneSetup> setups(KvType type, bool all) {
    std::vector<SceneSetup> out = {scene("heads 14/2 of 64", 2, 7, 64)};
    if (all && !slow_build()) {
        out.push_back(scene("heads of 20", 1, 2, 20));
        out.push_back(scene("heads 9/3 of 64", 3, 3, 64));
        out.push_back(scene("heads 12/2 of 128", 2, 6, 128));
        out.push_back(scene("heads 4/1 of 256", 1, 4, 256));
        out.push_back(scene("heads of 80", 2, 1, 80));
    }
    if (!slow_build()) {
        out.push_back(scene("window", 2, 3, 64));
        out.back().window = 100;
    }
    out.push_back(scene("window with pages of its own", 1, 3, 64));
    out.back().window = 70;
    out.back().window_group = true;
    out.push_back(scene("softcap and YaRN", 1, 3, 64));
    out.back().softcap = 30.0F;
    out.back().rope.yarn_factor = 4.0F;
    out.back().rope.yarn_original_context = 512;
    for (SceneSetup& setup : out) {
        setup.type = type;
    }
    return out;
}

SceneSetup branches(KvType type, std::size_t window) {
    SceneSetup setup = branches_of_a_prefix(1, 3);
    setup.type = type;
    setup.window = window;
    setup.window_group = window != 0;
    return setup;
}

}  // namespace

void CudaAttentionTest::matchesReference() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    for (const KvType type : kTypes) {
        for (const SceneSetup& setup : setups(type, schedule == 0)) {
            if (slow_build() && type == KvType::f16 && setup.softcap > 0.0F) {
                continue;
            }
            const Scene s(setup, 83);
            const double error =
                worst(s.run(*backend, slow_build() ? 50 : 7 + 50 * static_cast<std::size_t>(schedule)),
                      s.run(*make_reference_backend()), kLargestValue);
            std::printf("%-5s %-30s error / largest %.2g\n", name_of(type), setup.what.c_str(), error);
            QVERIFY2(error <= tolerance(type), setup.what.c_str());
        }
    }
}

void CudaAttentionTest::sharedEqualsAlone() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    for (const KvType type : kTypes) {
        if (slow_build() && type != KvType::q8_0) {
            continue;
        }
        const std::size_t window = type == KvType::q8_0 ? 200 : 0;
        const Scene s(branches(type, window), 89);
        const auto pages = s.fill(*backend);
        // Together the blocks are many, so that no row's chunks are split; alone they are few, and split.
        const std::vector<float> together = s.attend(*backend, *pages);
        std::vector<float> alone;
        for (std::size_t view = 0; view < s.setup().views.size(); ++view) {
            const auto rows = s.attend(*backend, *pages, std::span(&view, 1));
            alone.insert(alone.end(), rows.begin(), rows.end());
        }
        QVERIFY(same_bits(alone, together));
        const auto again = s.fill(*backend, 50);
        QVERIFY(same_bits(s.attend(*backend, *again), together));
        const std::size_t some[] = {6, 2, 0};
        std::vector<float> wanted;
        for (const std::size_t view : some) {
            const auto rows = s.attend(*backend, *pages, std::span(&view, 1));
            wanted.insert(wanted.end(), rows.begin(), rows.end());
        }
        QVERIFY(same_bits(s.attend(*backend, *pages, some), wanted));
    }
}

/// Halves hold 5 digits from 6e-5 to 65504, two of them more: tiny and large values, keys and queries lose
/// nothing that shows against the largest value.
void CudaAttentionTest::valuesOfAllSizes() {
    use_schedule(2);
    const auto backend = cuda();
    const auto reference = make_reference_backend();
    constexpr std::size_t kRows = 5, kLength = 300;
    Random random(97);
    const std::vector<PageId> ids = {4, 2, 0, 3, 1};
    const KvSegment segment{ids, {}, 0, kLength, 0};
    const StepView all{0, kLength, 0, std::span(&segment, 1)};
    const StepView last{0, kRows, kLength - kRows, std::span(&segment, 1)};
    const std::vector<std::int32_t> positions(kLength);
    for (const KvType type : kTypes) {
        for (const auto& [values, queries] :
             {std::pair{1e-4F, 1.0F}, {200.0F, 1.0F}, {1.0F, 1e-3F}, {1.0F, 900.0F}}) {
            const auto k = random_rows(random, kLength, 64);
            auto v = random_rows(random, kLength, 64);
            auto q = random_rows(random, kRows, 128);
            std::for_each(v.begin(), v.end(), [&](float& x) { x *= values; });
            std::for_each(q.begin(), q.end(), [&](float& x) { x *= queries; });
            std::vector<float> results[2];
            for (Backend* each : {backend.get(), reference.get()}) {
                const auto pages = std::move(*each->make_kv_pages({1, 1, 64, type, {}}, {5, 0}));
                const DeviceRows keys(*each, 64, k), mixed(*each, 64, v), asked(*each, 128, q);
                const DeviceRows out(*each, kRows, 128);
                each->store_kv(*pages, 0, {std::span(&all, 1), positions}, keys.rows(), mixed.rows());
                each->attention(*pages, {0, 2, 0.125F, 0, 0.0F, nullptr},
                                {std::span(&last, 1), std::span(positions).first(kRows)}, asked.rows(),
                                out.rows());
                results[each == reference.get() ? 1 : 0] = out.values();
            }
            const double error = worst(results[0], results[1], kLargestValue * static_cast<double>(values));
            // Large queries: the scores are, and so is the last digit of a weight.
            QVERIFY2(error <= tolerance(type) * std::max(1.0F, queries / 10),
                     qPrintable(QString("%1, values of %2, queries of %3: %4")
                                    .arg(name_of(type))
                                    .arg(values)
                                    .arg(queries)
                                    .arg(error)));
        }
    }
}

/// Negative controls: a delta or a window that is wrong by one position must not pass.
void CudaAttentionTest::oneOffIsSeen() {
    use_schedule(0);
    const auto backend = cuda();
    SceneSetup setup = scene("planted", 2, 3, 64);
    setup.window = 300;
    const auto right = Scene(setup, 79).run(*backend);
    SceneSetup moved = setup;
    moved.views[1].pieces[1].delta += 1;
    QVERIFY(worst(Scene(moved, 79).run(*backend), right, kLargestValue) > 10 * tolerance(KvType::f16));
    setup.window = 301;
    QVERIFY(worst(Scene(setup, 79).run(*backend), right, kLargestValue) > 10 * tolerance(KvType::f16));
}

/// A key that is not a number must not become a quiet zero.
void CudaAttentionTest::brokenValuesShow() {
    use_schedule(0);
    const auto backend = cuda();
    for (const KvType type : kTypes) {
        QVERIFY(!std::isfinite(attend_to_infinity(*backend, type)[17]));
    }
}

/// Out of one pool, into another under other ids: the same answers to the last bit, the same bytes again.
void CudaAttentionTest::pagesGoOutAndIn() {
    use_schedule(0);
    const auto backend = cuda();
    for (const KvType type : kTypes) {
        SceneSetup setup = scene("pages", 1, 2, 64);
        setup.type = type;
        const Scene s(setup, 91);
        const auto pages = s.fill(*backend);
        const auto wanted = s.attend(*backend, *pages);
        auto other = std::move(*backend->make_kv_pages({2, 1, 64, type, {}}, {s.page_count(), 0}));
        std::vector<std::byte> bytes(pages->page_bytes(PageGroup::full)), again(bytes.size());
        for (PageId page = 0; page < s.page_count(); ++page) {
            pages->export_page(PageGroup::full, page, bytes);
            other->import_page(PageGroup::full, page, bytes);
            other->export_page(PageGroup::full, page, again);
            QVERIFY(bytes == again);
        }
        QVERIFY(same_bits(s.attend(*backend, *other), wanted));
        QVERIFY(pages->layout_name() == other->layout_name());
    }
}

void CudaAttentionTest::copiesOfPartialPagesAreExact() {
    use_schedule(1);
    const auto backend = cuda();
    Random random(105);
    constexpr std::size_t kWidth = 2 * 80;
    const auto a = random_rows(random, kPageTokens, kWidth);
    const auto b = random_rows(random, kPageTokens, kWidth);
    for (const KvType type : kTypes) {
        for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
            auto pages = std::move(*backend->make_kv_pages({3, 2, 80, type, {false, true, false}}, {3, 3}));
            const auto store = [&](PageId page, std::span<const float> rows) {
                const std::size_t count = rows.size() / kWidth;
                const DeviceRows x(*backend, kWidth, rows);
                const KvSegment segment{std::span(&page, 1), std::span(&page, 1), 0, count, 0};
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
                store(0, a);
                store(1, b);
                store(2, b);
                pages->copy_page(group, 0, 1, tokens);
                QVERIFY(bytes_of(1) != bytes_of(2));  // negative control: something was copied
                store(2, std::span(a).first(tokens * kWidth));
                QVERIFY(bytes_of(1) == bytes_of(2));
            }
        }
    }
}

void CudaAttentionTest::refusesLargeHeads() {
    const auto pages = cuda()->make_kv_pages({1, 1, 512, KvType::f16, {}}, {1, 0});
    QVERIFY(!pages && pages.error().code == ErrorCode::too_large);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaAttentionTest)
#include "test_cuda_attention.moc"
