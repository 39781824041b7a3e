// SPDX-License-Identifier: Apache-2.0
// Sub-layers in one launch against their parts, both on the emulator: bit for bit the same for 1 to 9 rows,
// mixed weight types, biases, norms of heads, KV types, head sizes that no piece of work divides; and how
// many launches each takes. (The parts are held to the reference by the other tests.)
#include <cstdio>

#include <QTest>

#include "tests/cuda/ops/cuda_fixture.h"

namespace tendril::engine::test {

class CudaSublayersTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void headsEqualTheirParts_data() { add_schedules(); }
    void headsEqualTheirParts();
    void residualsEqualTheirParts_data() { add_schedules(); }
    void residualsEqualTheirParts();
    void gatesEqualTheirParts_data() { add_schedules(); }
    void gatesEqualTheirParts();
    void logitsEqualTheirParts();
    void attentionRoundsForTheNextProduct();
    void oneWrongBitIsSeen();
};

namespace {

struct Matrix {
    Matrix(Backend& backend, Random& random, DataType type, std::size_t rows, std::size_t columns)
        : bytes(random_weight(random, type, rows, columns)),
          weight(std::move(*backend.prepare(source_of(type, rows, columns, bytes)))),
          bias_rows(backend, rows, random_rows(random, 1, rows)) {}
    Product into(const DeviceRows& out, bool bias) const {
        return {weight.get(), bias ? bias_rows.data() : nullptr, out.rows()};
    }

    std::vector<std::byte> bytes;
    std::unique_ptr<Weight> weight;
    DeviceRows bias_rows;
};

/// What an op gave: all that it says that it leaves.
using Left = std::vector<std::vector<float>>;

std::uint64_t launches_of(const std::function<void()>& what) {
    const std::uint64_t before = emulator::counters().launches;
    what();
    return emulator::counters().launches - before;
}

struct HeadCase {
    std::size_t heads, kv_heads, size, width;
    DataType query, key, value;
    KvType kv;
    bool bias, norms, embeds;
};

class HeadScene {
  public:
    HeadScene(Backend& backend, const HeadCase& c, std::size_t rows, unsigned seed)
        : backend_(backend), case_(c), random_(seed), rows_(rows) {
        random_.discard(7);
    }

    /// Queries, pages and stream behind the op, by `run`.
    Left left(const std::function<void(KvPages&, const HeadProjection&, const StepPlan&)>& run) {
        Random random = random_;
        const std::size_t q = case_.heads * case_.size;
        const std::size_t kv = case_.kv_heads * case_.size;
        const Matrix query(backend_, random, case_.query, q, case_.width);
        const Matrix key(backend_, random, case_.key, kv, case_.width);
        const Matrix value(backend_, random, case_.value, kv, case_.width);
        const Matrix table(backend_, random, DataType::q8_0, 50, case_.width);
        const auto rope = std::move(*backend_.make_rope_table({}, case_.size, 512));
        const auto pages =
            std::move(*backend_.make_kv_pages({2, case_.kv_heads, case_.size, case_.kv, {}}, {3, 0}));
        const DeviceRows stream(backend_, case_.width, random_rows(random, rows_, case_.width));
        const DeviceRows norm(backend_, case_.width, random_rows(random, 1, case_.width));
        const DeviceRows head_norm(backend_, case_.size, random_rows(random, 1, case_.size));
        const DeviceRows normed(backend_, rows_, case_.width), out_q(backend_, rows_, q),
            out_k(backend_, rows_, kv), out_v(backend_, rows_, kv);
        const PageId ids[] = {2, 0, 1};
        const KvSegment segment = {ids, {}, 60, rows_, 0};
        const StepView view = {0, rows_, 0, {&segment, 1}};
        std::vector<std::int32_t> positions(rows_);
        std::vector<TokenId> tokens(rows_);
        for (std::size_t i = 0; i < rows_; ++i) {
            positions[i] = static_cast<std::int32_t>(i * 3);
            tokens[i] = static_cast<TokenId>(i * 7 % 50);
        }
        const Embedding embedding = {table.weight.get(), tokens, 3.0F};
        run(*pages,
            {.in = {stream.rows(), norm.data(), 1e-5F, normed.rows()},
             .embedding = case_.embeds ? &embedding : nullptr,
             .query = query.into(out_q, case_.bias),
             .key = key.into(out_k, case_.bias),
             .value = value.into(out_v, case_.bias),
             .query_norm = case_.norms ? head_norm.data() : nullptr,
             .key_norm = case_.norms ? head_norm.data() : nullptr,
             .rope = rope.get(),
             .head_size = case_.size,
             .layer = 1},
            {{&view, 1}, positions});
        Left out = {out_q.values(), stream.values()};
        std::vector<std::byte> bytes(pages->page_bytes(PageGroup::full));
        for (const PageId page : {0U, 2U}) {
            pages->export_page(PageGroup::full, page, bytes);
            std::vector<float> as_floats;
            for (const std::byte byte : bytes) {
                as_floats.push_back(static_cast<float>(byte));
            }
            out.push_back(std::move(as_floats));
        }
        return out;
    }

  private:
    Backend& backend_;
    HeadCase case_;
    Random random_;
    std::size_t rows_;
};

std::vector<HeadCase> head_cases(bool all) {
    constexpr auto q4 = DataType::q4_k;
    constexpr auto q6 = DataType::q6_k;
    constexpr auto q8 = DataType::q8_0;
    std::vector<HeadCase> cases = {{3, 1, 64, 768, q4, q4, q6, KvType::q8_0, true, true, true}};
    if (!slow_build()) {
        cases.push_back({2, 2, 80, 256, q4, q6, q4, KvType::q4_0, false, true, false});
        cases.push_back({5, 1, 20, 96, q8, DataType::q4_1, DataType::q5_0, KvType::f16, true, false, true});
        cases.push_back({2, 1, 256, 544, q8, q8, DataType::q5_1, KvType::f16, false, true, true});
    }
    if (all && !slow_build()) {
        cases.push_back({14, 2, 64, 896, DataType::q5_0, q8, q8, KvType::f16, true, false, false});
        cases.push_back({4, 2, 128, 1536, q4, DataType::q5_k, q6, KvType::q8_0, true, false, true});
        cases.push_back({3, 3, 6, 32, DataType::q4_0, q8, q8, KvType::q4_0, true, true, true});
    }
    return cases;
}

std::vector<std::size_t> row_counts() {
    return slow_build() ? std::vector<std::size_t>{1, 3, 8} : std::vector<std::size_t>{1, 2, 3, 5, 8, 9};
}

}  // namespace

void CudaSublayersTest::headsEqualTheirParts() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    for (const HeadCase& c : head_cases(schedule == 0)) {
        for (const std::size_t rows : row_counts()) {
            HeadScene scene(*backend, c, rows, 31);
            std::uint64_t fused = 0;
            const Left got =
                scene.left([&](KvPages& pages, const HeadProjection& heads, const StepPlan& plan) {
                    fused = launches_of([&] {
                        backend->project_heads(pages, heads, plan);
                        std::vector<float> one(1);
                        backend->download(heads.in.normed.data, one);
                    });
                });
            const Left wanted =
                scene.left([&](KvPages& pages, const HeadProjection& heads, const StepPlan& plan) {
                    backend->Backend::project_heads(pages, heads, plan);
                });
            QVERIFY2(got == wanted, qPrintable(QString("heads of %1, %2 rows").arg(c.size).arg(rows)));
            if (rows <= 8) {
                QCOMPARE(fused, std::uint64_t{1});
            }
        }
    }
}

void CudaSublayersTest::residualsEqualTheirParts() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    Random random(37);
    for (const auto& [type, outputs, columns] :
         {std::tuple<DataType, std::size_t, std::size_t>{DataType::q4_k, 576, 256},
          {DataType::q8_0, 90, 160},
          {DataType::q6_k, 1100, 512}}) {
        const Matrix matrix(*backend, random, type, outputs, columns);
        const DeviceRows norm(*backend, outputs, random_rows(random, 1, outputs));
        for (const std::size_t rows : row_counts()) {
            const DeviceRows in(*backend, columns, random_rows(random, rows, columns));
            const auto before = random_rows(random, rows, outputs);
            for (const bool normed : {false, true}) {
                std::vector<float> results[2];
                for (const bool fused : {false, true}) {
                    const DeviceRows to(*backend, outputs, before);
                    const DeviceRows part(*backend, rows, outputs);
                    const Residual residual = {in.rows(), matrix.into(part, normed),
                                               normed ? norm.data() : nullptr, 1e-6F, to.rows()};
                    if (fused) {
                        backend->project_residual(residual);
                    } else {
                        backend->Backend::project_residual(residual);
                    }
                    results[fused ? 1 : 0] = to.values();
                }
                QVERIFY2(
                    results[0] == results[1],
                    qPrintable(QString("%1, %2 rows, norm %3").arg(traits(type).name).arg(rows).arg(normed)));
            }
        }
    }
}

void CudaSublayersTest::gatesEqualTheirParts() {
    QFETCH(int, schedule);
    use_schedule(schedule);
    const auto backend = cuda();
    Random random(41);
    for (const auto& [type, other, features, width, down] :
         {std::tuple<DataType, DataType, std::size_t, std::size_t, std::size_t>{DataType::q4_k,
                                                                                DataType::q4_k, 256, 768, 40},
          {DataType::q8_0, DataType::q8_0, 150, 96, 0},
          {DataType::q6_k, DataType::q4_k, 96, 256, 32}}) {
        const Matrix gate(*backend, random, type, features, width);
        const Matrix up(*backend, random, other, features, width);
        const DeviceRows norm(*backend, width, random_rows(random, 1, width));
        for (const std::size_t rows : row_counts()) {
            const DeviceRows stream(*backend, width, random_rows(random, rows, width));
            for (const Activation activation : {Activation::silu, Activation::gelu_tanh}) {
                Left results[2];
                for (const bool fused : {false, true}) {
                    const DeviceRows normed(*backend, rows, width), out(*backend, rows, features),
                        scratch(*backend, rows, features);
                    const GatedProjection gated = {{stream.rows(), norm.data(), 1e-5F, normed.rows()},
                                                   gate.into(out, false),
                                                   up.into(scratch, false),
                                                   activation};
                    if (fused) {
                        backend->project_gated(gated);
                    } else {
                        backend->Backend::project_gated(gated);
                    }
                    results[fused ? 1 : 0].push_back(out.values());
                    if (down != 0) {  // the product behind it takes the rows as they were rounded
                        const DeviceRows sums(*backend, rows, down);
                        Random again(43);
                        const Matrix same(*backend, again, DataType::q8_0, down, features);
                        if (fused) {
                            backend->project_gated(gated);
                        } else {
                            backend->Backend::project_gated(gated);
                        }
                        const Product product = same.into(sums, false);
                        backend->matmul(out.rows(), {&product, 1});
                        results[fused ? 1 : 0].push_back(sums.values());
                    }
                }
                QVERIFY2(results[0] == results[1],
                         qPrintable(QString("%1, %2 rows").arg(traits(type).name).arg(rows)));
            }
        }
    }
}

void CudaSublayersTest::logitsEqualTheirParts() {
    use_schedule(2);
    const auto backend = cuda();
    Random random(47);
    const std::size_t outputs = slow_build() ? 301 : 3001;
    const Matrix matrix(*backend, random, DataType::q6_k, outputs, 768);
    const DeviceRows norm(*backend, 768, random_rows(random, 1, 768));
    for (const std::size_t rows : row_counts()) {
        const DeviceRows in(*backend, 768, random_rows(random, rows, 768));
        for (const float cap : {0.0F, 30.0F}) {
            const DeviceRows normed(*backend, rows, 768), a(*backend, rows, outputs),
                b(*backend, rows, outputs);
            const NormedRows input = {in.rows(), norm.data(), 1e-5F, normed.rows()};
            backend->project_logits({input, matrix.into(a, false), cap});
            backend->Backend::project_logits({input, matrix.into(b, false), cap});
            QVERIFY2(a.values() == b.values(), qPrintable(QString("%1 rows").arg(rows)));
        }
    }
}

/// The product behind attention takes what attention has rounded, and no longer once something else was done.
void CudaSublayersTest::attentionRoundsForTheNextProduct() {
    use_schedule(2);
    const auto backend = cuda();
    Random random(53);
    const auto pages = std::move(*backend->make_kv_pages({1, 1, 64, KvType::f16, {}}, {1, 0}));
    const Matrix matrix(*backend, random, DataType::q8_0, 70, 192);
    for (const std::size_t rows : row_counts()) {
        const DeviceRows k(*backend, 64, random_rows(random, rows, 64)),
            q(*backend, 192, random_rows(random, rows, 192));
        const DeviceRows out(*backend, rows, 192), to(*backend, rows, 70), part(*backend, rows, 70);
        const PageId page = 0;
        const KvSegment segment = {{&page, 1}, {}, 0, rows, 0};
        const StepView view = {0, rows, 0, {&segment, 1}};
        const std::vector<std::int32_t> positions(rows);
        const StepPlan plan = {{&view, 1}, positions};
        backend->store_kv(*pages, 0, plan, k.rows(), k.rows());
        const Product product = matrix.into(part, false);
        std::vector<float> results[2];
        for (const bool fused : {false, true}) {
            const DeviceRows target(*backend, rows, 70);
            backend->attention(*pages, {0, 3, 0.1F, 0, 0.0F, nullptr}, plan, q.rows(), out.rows());
            if (!fused) {
                backend->soft_cap(1e30F, target.rows());  // anything
            }
            std::vector<float> none(1);
            const std::uint64_t launches = launches_of([&] {
                backend->project_residual({out.rows(), product, nullptr, 0.0F, target.rows()});
                backend->download(target.data(), none);
            });
            if (rows <= 8) {
                QCOMPARE(launches, fused ? std::uint64_t{1} : std::uint64_t{2});
            }
            results[fused ? 1 : 0] = target.values();
        }
        QVERIFY(results[0] == results[1]);
    }
}

/// Negative control: one bit of one norm's weight shows in what is left.
void CudaSublayersTest::oneWrongBitIsSeen() {
    use_schedule(0);
    const auto backend = cuda();
    HeadCase c = head_cases(false).front();
    const auto run = [&](KvPages& pages, const HeadProjection& heads, const StepPlan& plan) {
        backend->project_heads(pages, heads, plan);
    };
    const Left right = HeadScene(*backend, c, 2, 31).left(run);
    QVERIFY(right == HeadScene(*backend, c, 2, 31).left(run));
    QVERIFY(right != HeadScene(*backend, c, 2, 32).left(run));
    c.norms = false;
    const Left other = HeadScene(*backend, c, 2, 31).left(run);
    QVERIFY(right[0] != other[0] && right[3] != other[3] && right[1] == other[1]);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaSublayersTest)
#include "test_cuda_sublayers.moc"
