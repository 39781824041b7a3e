// SPDX-License-Identifier: Apache-2.0
// After reserve(), the CPU backend's ops take no memory: calls of operator new are counted around whole
// steps.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include <QTest>

#include "tests/ops/ops_fixture.h"
#include "tests/support/count_allocations.h"
#include "tests/support/step_views.h"

namespace tendril::engine::test {

using tendril::test::allocations;
using tendril::test::counting;

class AllocationTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void stepsTakeNoMemory();
    void buffersTakeWhatIsTouched();
};

/// A huge page begun for each buffer of a step would be as much as the buffers of a small model.
void AllocationTest::buffersTakeWhatIsTouched() {
    constexpr std::size_t kFloats = 1'200'000;
    constexpr std::size_t kPage = 4096;
    constexpr std::size_t kPages = kFloats * sizeof(float) / kPage;
    if (sysconf(_SC_PAGESIZE) != static_cast<long>(kPage)) {
        QSKIP("NOT RUN: pages of another size.");
    }
    const auto backend = cpu(best_host_isa(), 1);
    const auto buffer = std::move(*backend->allocate(kFloats));
    QCOMPARE(buffer->size(), kFloats);
    const auto resident = [&] {
        std::vector<unsigned char> there(kPages);
        const int failed = mincore(buffer->data(), kPages * kPage, there.data());
        return failed != 0 ? -1 : static_cast<int>(std::count(there.begin(), there.end(), 1));
    };
    buffer->data()[0] = 1.0F;
    QCOMPARE(resident(), 1);
    buffer->data()[0] = 0.0F;
    const std::span<const float> values(buffer->data(), kFloats);
    QVERIFY(std::all_of(values.begin(), values.end(), [](float value) { return value == 0.0F; }));
    std::fill_n(buffer->data(), kFloats, 1.0F);
    QCOMPARE(resident(), static_cast<int>(kPages));  // the measurement measures
    QVERIFY(!backend->allocate(SIZE_MAX / 2));
    QVERIFY(!backend->allocate(SIZE_MAX / 8));
}

void AllocationTest::stepsTakeNoMemory() {
    constexpr std::size_t kWidth = 256;
    constexpr std::size_t kMostRows = 70;
    const auto backend = cpu(best_host_isa(), 4);
    Random random(61);
    auto pages = std::move(*backend->make_kv_pages({1, 2, 64, KvType::f16, {}}, {24, 0}));
    QVERIFY(backend->reserve(kMostRows, kWidth));
    const auto table = std::move(*backend->make_rope_table({}, 64, 2048));
    std::vector<std::unique_ptr<Weight>> weights;
    for (const DataType type : {DataType::q4_k, DataType::q8_0, DataType::f16}) {
        weights.push_back(std::move(
            *backend->prepare(source_of(type, kWidth, kWidth, random_weight(random, type, kWidth, kWidth)))));
    }
    std::vector<PageId> ids;
    for (PageId id = 0; id < 24; ++id) {
        ids.push_back(id);
    }
    const DeviceRows x(*backend, kWidth, random_rows(random, kMostRows, kWidth)),
        y(*backend, kMostRows, kWidth), z(*backend, kMostRows, kWidth), u(*backend, kMostRows, kWidth),
        kv(*backend, 128, random_rows(random, kMostRows, 128));
    for (const std::size_t rows : {std::size_t{1}, std::size_t{5}, kMostRows}) {
        for (const std::size_t first : {std::size_t{0}, std::size_t{900}}) {
            std::vector<std::int32_t> positions;
            std::vector<TokenId> tokens;
            for (std::size_t i = 0; i < rows; ++i) {
                positions.push_back(static_cast<std::int32_t>(first + i));
                tokens.push_back(static_cast<TokenId>(i));
            }
            const StepViews view(0, rows, first, ids);
            const StepPlan plan{view.views(), positions};
            const Rows in{x.rows().data, rows, kWidth}, mid{y.rows().data, rows, kWidth},
                out{z.rows().data, rows, kWidth}, other{u.rows().data, rows, kWidth};
            const Rows kv_rows{kv.rows().data, rows, 128};
            const Product products[] = {{weights[0].get(), nullptr, mid},
                                        {weights[1].get(), nullptr, out},
                                        {weights[2].get(), nullptr, other}};
            counting = true;
            backend->embed(*weights[1], tokens, 1.0F, in);
            backend->rms_norm(in, y.data(), 1e-5F, in);
            backend->matmul(in, products);
            backend->rope(*table, 64, plan, mid);
            backend->store_kv(*pages, 0, plan, kv_rows, kv_rows);
            backend->attention(*pages, {0, 4, 0.1F, 0, 0.0F, nullptr}, plan, mid, out);
            backend->gate(Activation::silu, mid, out, mid);
            backend->add(mid, in);
            backend->soft_cap(30.0F, in);
            counting = false;
        }
    }
    QCOMPARE(allocations.load(), 0);
    counting = true;
    ::operator delete(::operator new(1));  // negative control: the counter counts
    counting = false;
    QVERIFY(allocations.load() > 0);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::AllocationTest)
#include "allocation_test.moc"
