// SPDX-License-Identifier: Apache-2.0
// Attention over views of several segments, on every instruction set against the reference, and the reference
// against double precision: pieces that begin within a page, positions moved by delta, windows with pages of
// their own, KV types. Views that share pages: bit-equal to each alone.
// Tolerances, of the largest value: the reference 1e-7 with f16, and 2e-4 / 5e-3 with q8_0 / q4_0 (a value
// may round to the other side of a half: one step of its block); a path against the reference 8e-6 with f16,
// 1e-4 with quantised types (the bytes are the same; a query has 15 bits there).
#include <cstdio>
#include <numeric>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/ops/op_cases.h"

namespace tendril::engine::test {

class SegmentsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void referenceMatchesDouble();
    void forgottenDeltaIsSeen();
    void matchesReference_data() { addIsas(); }
    void matchesReference();
    void sharedEqualsAlone_data() { addIsas(); }
    void sharedEqualsAlone();
    void movedSegmentIsAsGoodAsRewritten();

  private:
    static void addIsas();
    std::vector<std::vector<float>> wanted_;  // [setup] of the reference
};

namespace {

RopeSettings yarn() {
    RopeSettings rope;
    rope.base = 10000.0F;
    rope.yarn_factor = 4.0F;
    rope.yarn_original_context = 512;
    return rope;
}

std::vector<SceneSetup> setups() {
    // A view of a conversation's end, a piece from the middle of another, and its own tail.
    const std::vector<Strand> strands = {{0, 700}, {37, 400}, {5, 150}, {0, 90}};
    const std::vector<SceneView> stitched = {
        {{{0, 0, 700, 0}}, 5},
        {{{0, 0, 200, 0}, {1, 100, 250, 100}, {2, 0, 150, 450 - 450}}, 9},
        {{{0, 64, 128, -64}, {0, 400, 30, -272}, {1, 0, 1, 158}, {3, 0, 90, 0}}, 90},
        {{{2, 0, 100, 0}}, 1}};
    const auto scene = [&](std::string what, std::size_t kv_heads, std::size_t shared, std::size_t size) {
        SceneSetup setup;
        setup.what = std::move(what);
        setup.kv_heads = kv_heads;
        setup.shared = shared;
        setup.size = size;
        setup.strands = strands;
        setup.views = stitched;
        return setup;
    };
    std::vector<SceneSetup> out = {scene("heads of 64", 2, 3, 64),   scene("heads of 80", 2, 1, 80),
                                   scene("heads of 96", 1, 7, 96),   scene("heads of 128", 2, 2, 128),
                                   scene("heads of 256", 1, 4, 256), scene("heads of 20", 1, 2, 20)};
    out.push_back(scene("window", 2, 3, 64));
    out.back().window = 100;
    out.push_back(scene("window with pages of its own", 2, 3, 64));
    out.back().window = 70;
    out.back().window_group = true;
    out.push_back(scene("softcap and YaRN", 2, 3, 64));
    out.back().softcap = 30.0F;
    out.back().rope = yarn();
    std::vector<SceneSetup> all;
    for (const KvType type : {KvType::f16, KvType::q8_0, KvType::q4_0}) {
        for (SceneSetup setup : out) {
            setup.type = type;
            setup.what += type == KvType::f16 ? ", f16" : type == KvType::q8_0 ? ", q8_0" : ", q4_0";
            all.push_back(std::move(setup));
        }
    }
    return all;
}

double tolerance_of_reference(KvType type) {
    return type == KvType::f16 ? 1e-7 : type == KvType::q8_0 ? 2e-4 : 5e-3;
}

double tolerance(const SceneSetup& setup) {
    return setup.type == KvType::f16 ? 8e-6 : 1e-4;
}

}  // namespace

void SegmentsTest::addIsas() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

void SegmentsTest::referenceMatchesDouble() {
    const auto reference = make_reference_backend();
    for (const SceneSetup& setup : setups()) {
        const Scene scene(setup, 71);
        const double error = worst(scene.run(*reference), scene.by_definition(), kLargestValue);
        std::printf("%-10s %-36s error / largest %.2g\n", "reference", setup.what.c_str(), error);
        QVERIFY2(error <= tolerance_of_reference(setup.type), setup.what.c_str());
    }
}

/// Negative control: a definition that leaves the queries as they are must not pass for the right one, on any
/// path; one that is wrong by a single position must not either.
void SegmentsTest::forgottenDeltaIsSeen() {
    for (const SceneSetup& setup : setups()) {
        const Scene scene(setup, 73);
        const auto planted = scene.by_definition(Scene::Rounding::as_stored, true);
        QVERIFY2(
            worst(planted, scene.by_definition(), kLargestValue) > 10 * tolerance_of_reference(setup.type),
            setup.what.c_str());
    }
    SceneSetup one_off = setups().front();
    const auto backend = cpu(best_host_isa());
    const auto right = Scene(one_off, 79).run(*backend);
    one_off.views[1].pieces[1].delta += 1;
    QVERIFY(worst(Scene(one_off, 79).run(*backend), right, kLargestValue) > 100 * tolerance(one_off));
}

void SegmentsTest::matchesReference() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 4);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const std::vector<SceneSetup> all = setups();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const SceneSetup& setup = all[i];
        const Scene scene(setup, 83);
        if (wanted_.size() == i) {
            wanted_.push_back(scene.run(*make_reference_backend()));
        }
        const std::vector<float>& wanted = wanted_[i];
        for (const std::size_t chunk : {std::size_t{1000}, std::size_t{7}}) {
            const double error = worst(scene.run(*backend, chunk), wanted, kLargestValue);
            std::printf("%-10s %-36s stored by %4zu: error / largest %.2g\n", name(static_cast<Isa>(isa)),
                        setup.what.c_str(), chunk, error);
            QVERIFY2(error <= tolerance(setup), setup.what.c_str());
        }
    }
}

namespace {

SceneSetup branches(KvType type, std::size_t window, bool window_group) {
    SceneSetup setup = branches_of_a_prefix(2, 7);
    setup.type = type;
    setup.window = window;
    setup.window_group = window_group;
    return setup;
}

}  // namespace

void SegmentsTest::sharedEqualsAlone() {
    QFETCH(int, isa);
    std::vector<std::unique_ptr<Backend>> backends;
    for (const unsigned threads : {1U, 2U, 3U, 4U}) {
        backends.push_back(cpu(static_cast<Isa>(isa), threads));
    }
    if (backends.front() == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    for (const KvType type : {KvType::f16, KvType::q8_0, KvType::q4_0}) {
        for (const std::size_t window : {std::size_t{0}, std::size_t{200}}) {
            Scene scene(branches(type, window, window != 0), 89);
            const auto pages = scene.fill(*backends[0]);
            const std::vector<float> together = scene.attend(*backends[0], *pages);
            for (const auto& backend : backends) {
                const auto own = scene.fill(*backend);
                QVERIFY(same_bits(scene.attend(*backend, *own), together));
                // Other company, other order.
                const std::size_t some[] = {6, 2, 0};
                const auto few = scene.attend(*backend, *own, some);
                std::vector<float> wanted;
                for (const std::size_t view : some) {
                    const auto alone = scene.attend(*backend, *own, std::span(&view, 1));
                    wanted.insert(wanted.end(), alone.begin(), alone.end());
                }
                QVERIFY(same_bits(few, wanted));
            }
            std::vector<float> alone;
            for (std::size_t view = 0; view < scene.setup().views.size(); ++view) {
                const auto rows =
                    scene.attend(*backends[3], *scene.fill(*backends[3], 50), std::span(&view, 1));
                alone.insert(alone.end(), rows.begin(), rows.end());
            }
            QVERIFY(same_bits(alone, together));
            // The same positions in pages of nobody else.
            for (std::size_t view = 1; view < scene.setup().views.size() - 3; ++view) {
                scene.use_strand(view, 0, scene.add_copy_of(0));
            }
            QVERIFY(same_bits(scene.run(*backends[3]), together));
        }
    }
}

/// T4: positions that were written elsewhere and moved by delta answer as the same positions written anew,
/// up to the rounding of f16; with YaRN, whose magnitude must be applied once.
void SegmentsTest::movedSegmentIsAsGoodAsRewritten() {
    constexpr std::size_t kSize = 64;
    constexpr std::size_t kLength = 150;
    constexpr std::int32_t kMoved = 333;
    const auto backend = cpu(best_host_isa());
    Random random(97);
    const auto keys = random_rows(random, kLength, kSize);
    const auto values = random_rows(random, kLength, kSize);
    auto query = random_rows(random, 1, kSize);
    for (float& value : query) {
        value *= 0.25F;
    }
    const auto table = std::move(*backend->make_rope_table(yarn(), kSize, 4096));
    std::vector<PageId> ids(12);
    std::iota(ids.begin(), ids.end(), 0);
    const auto rotated = [&](const std::vector<float>& rows, std::int32_t first) {
        const DeviceRows x(*backend, kSize, rows);
        std::vector<std::int32_t> positions(x.rows().rows);
        std::iota(positions.begin(), positions.end(), first);
        const StepView view{0, positions.size(), static_cast<std::size_t>(first), {}};
        backend->rope(*table, kSize, {std::span(&view, 1), positions}, x.rows());
        return x.values();
    };
    // `kMoved` positions in front that the query does not see (window), then the keys, then the row itself.
    const auto answer = [&](std::int32_t written_at, std::int32_t delta) {
        auto pages = std::move(*backend->make_kv_pages({1, 1, kSize, KvType::f16, {}}, {12, 0}));
        const auto store = [&](const std::vector<float>& k, std::size_t slot, std::size_t count) {
            const DeviceRows dk(*backend, kSize, std::span(k).first(count * kSize));
            const DeviceRows dv(*backend, kSize, std::span(values).first(count * kSize));
            const KvSegment segment{ids, {}, slot, count, 0};
            const StepView view{0, count, 0, std::span(&segment, 1)};
            std::vector<std::int32_t> positions(count);
            backend->store_kv(*pages, 0, {std::span(&view, 1), positions}, dk.rows(), dv.rows());
        };
        store(rotated(keys, written_at), 64, kLength);
        store(rotated(keys, kMoved + static_cast<std::int32_t>(kLength)), 640, 1);
        const KvSegment segments[] = {{ids, {}, 320, static_cast<std::size_t>(kMoved), 0},
                                      {ids, {}, 64, kLength, delta},
                                      {ids, {}, 640, 1, 0}};
        const std::int32_t position = kMoved + static_cast<std::int32_t>(kLength);
        const StepView view{0, 1, static_cast<std::size_t>(position), segments};
        const DeviceRows q(*backend, kSize, rotated(query, position));
        const DeviceRows out(*backend, 1, kSize);
        backend->attention(*pages, {0, 1, 0.125F, kLength + 1, 0.0F, table.get()},
                           {std::span(&view, 1), std::span(&position, 1)}, q.rows(), out.rows());
        return out.values();
    };
    const auto rewritten = answer(kMoved, 0);
    std::printf("moved %.2g, forgotten %.2g\n", worst(answer(0, kMoved), rewritten, 1.0),
                worst(answer(0, 0), rewritten, 1.0));
    QVERIFY(worst(answer(0, kMoved), rewritten, 1.0) < 2e-2);
    QVERIFY(worst(answer(1000, kMoved - 1000), rewritten, 1.0) < 2e-2);
    QVERIFY(worst(answer(0, 0), rewritten, 1.0) > 0.2);  // negative control
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::SegmentsTest)
#include "segments_test.moc"
