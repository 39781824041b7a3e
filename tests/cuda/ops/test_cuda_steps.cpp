// SPDX-License-Identifier: Apache-2.0
// Whole steps of small models of each architecture by the CUDA backend, on the emulator: five launches a
// layer and two for the token; the same bits as op by op; one graph for each bucket of rows, captured once
// and replayed at other positions, pages and tokens with the same bits; nothing of a broken step.
#include <algorithm>
#include <cstdio>

#include <QTest>

#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/launch_queue.h"
#include "tests/cuda/emulator/machine_control.h"
#include "tests/cuda/ops/cuda_fixture.h"
#include "tests/cuda/ops/step_model.h"

namespace tendril::engine::test {

class CudaStepsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QCOMPARE(emulator::problem_report(), std::string()); }
    void fiveLaunchesALayer_data() { architectures(); }
    void fiveLaunchesALayer();
    void longerStepsGoOpByOp_data() { architectures(); }
    void longerStepsGoOpByOp();
    void stepsEqualTheirParts_data() { architectures(); }
    void stepsEqualTheirParts();
    void oneGraphForEachBucket();
    void aBrokenStepLeavesNothing();
    void queueComparesArguments();
    void oldGraphsGo();

  private:
    static void architectures() {
        QTest::addColumn<QString>("architecture");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::newRow(architecture) << architecture;
        }
    }
};

namespace {

tendril::test::TinyModel tiny(const QString& architecture, DataType type = DataType::q8_0) {
    tendril::test::TinyModel options;
    options.architecture = architecture.toStdString();
    options.head_size = 32;
    options.heads = 3;
    options.kv_heads = 1;
    options.width = 96;
    options.feed_forward = 160;
    options.layers = slow_build() ? 2 : 3;
    options.context = StepModel::kContext;
    options.type = type;
    return options;
}

std::vector<TokenId> text(std::size_t count, unsigned seed) {
    Random random(seed);
    std::vector<TokenId> tokens(count);
    for (TokenId& token : tokens) {
        token = static_cast<TokenId>(random() % 256);
    }
    return tokens;
}

struct Counts {
    std::uint64_t launches = 0, graphs = 0, captures = 0;
};
Counts counts() {
    return {emulator::counters().launches, emulator::counters().graph_launches,
            emulator::calls_of("cudaGraphInstantiate")};
}
Counts operator-(const Counts& a, const Counts& b) {
    return {a.launches - b.launches, a.graphs - b.graphs, a.captures - b.captures};
}

}  // namespace

/// Five launches a layer, the first with the embedding and the norm in it, one with the last norm for the
/// logits, and one that draws. Op by op there are more than three times as many.
void CudaStepsTest::fiveLaunchesALayer() {
    QFETCH(QString, architecture);
    use_schedule(0);
    const auto backend = cuda();
    PartsOnly parts(*backend);
    StepModel model(*backend, tiny(architecture));
    StepModel plain(parts, tiny(architecture));
    for (const std::size_t rows :
         slow_build() ? std::vector<std::size_t>{1, 3} : std::vector<std::size_t>{1, 2, 3, 5, 8}) {
        std::vector<StepBranch> branch(1), same(1);
        const std::vector<TokenId> tokens = text(rows, 5);
        const Counts before = counts();
        const auto logits = model.step(branch, {&tokens, 1});
        const Counts fused = counts() - before;
        QCOMPARE(fused.launches, 5 * model.config().layers + 1);
        std::vector<StepBranch> again(1);
        const Counts drawing = counts();
        const std::vector<TokenId> drawn = model.drawn_step(again, {&tokens, 1});
        QCOMPARE((counts() - drawing).launches, 5 * model.config().layers + 2);
        QCOMPARE(drawn.size(), rows);
        const std::size_t vocabulary = model.config().vocabulary;
        for (std::size_t row = 0; row < rows; ++row) {
            const auto first = logits.begin() + static_cast<std::ptrdiff_t>(row * vocabulary);
            const auto best = std::max_element(first, first + static_cast<std::ptrdiff_t>(vocabulary));
            QCOMPARE(drawn[row], static_cast<TokenId>(best - first));
        }
        const Counts between = counts();
        QVERIFY(plain.step(same, {&tokens, 1}) == logits);
        const Counts apart = counts() - between;
        QVERIFY(apart.launches >= 15 * model.config().layers);
        if (rows == 1) {
            std::printf("%-7s %zu layers: %llu launches, %llu op by op\n", qPrintable(architecture),
                        model.config().layers, static_cast<unsigned long long>(fused.launches),
                        static_cast<unsigned long long>(apart.launches));
        }
    }
}

/// The README's numbers for 9 rows and more; up to 32 they are one graph.
void CudaStepsTest::longerStepsGoOpByOp() {
    QFETCH(QString, architecture);
    use_schedule(0);
    const auto backend = cuda();
    StepModel model(*backend, tiny(architecture));
    const std::size_t layer = architecture == "gemma3" ? 21 : architecture == "qwen3" ? 19 : 17;
    for (const std::size_t rows : {std::size_t{9}, std::size_t{32}, std::size_t{33}}) {
        std::vector<StepBranch> branch(1);
        const std::vector<TokenId> tokens = text(rows, 5);
        const Counts before = counts();
        QVERIFY(!model.step(branch, {&tokens, 1}).empty());
        const Counts all = counts() - before;
        QCOMPARE(all.launches, layer * model.config().layers + 4);  // and one more that draws
        QCOMPARE(all.graphs, std::uint64_t{rows <= 32 ? 1U : 0U});
    }
}

/// A prompt, then steps of one to 37 rows of up to four branches; quantised pages.
void CudaStepsTest::stepsEqualTheirParts() {
    QFETCH(QString, architecture);
    if (slow_build() && architecture.startsWith("qwen")) {
        return;  // what they have is in the others, but for biases and norms of heads: test_cuda_sublayers
    }
    use_schedule(2);
    const auto backend = cuda();
    PartsOnly parts(*backend);
    for (const KvType kv : {KvType::f16, KvType::q8_0}) {
        if (slow_build() && kv == KvType::f16) {
            continue;
        }
        const auto options = tiny(architecture, kv == KvType::f16 ? DataType::q4_1 : DataType::q8_0);
        StepModel model(*backend, options, kv);
        StepModel plain(parts, options, kv);
        std::vector<StepBranch> a = {{0, 0}, {10, 0}, {20, 0}, {30, 0}};
        std::vector<StepBranch> b = a;
        unsigned seed = 1;
        std::vector<std::vector<std::size_t>> steps = {{37}, {1}, {1, 1}, {3, 0, 5}, {1, 2}, {1, 1, 1, 1}};
        if (!slow_build()) {
            steps.insert(steps.end(),
                         {{1}, {9}, {4, 4, 4}, {1, 1, 1}, {16}, {1, 20}, {30, 1, 1}, {2}, {1}, {1}});
        }
        for (const auto& rows : steps) {
            std::vector<std::vector<TokenId>> tokens;
            for (const std::size_t count : rows) {
                if (count > 0) {
                    tokens.push_back(text(count, ++seed));
                }
            }
            const std::span used_a = std::span(a).first(tokens.size());
            const std::span used_b = std::span(b).first(tokens.size());
            QVERIFY(model.step(used_a, tokens) == plain.step(used_b, tokens));
        }
    }
}

/// Thirty-two numbers of rows, eight graphs; then none is made however the steps go on. A step in two lengths
/// of branches, with another page, at another position, has the bits that it has without graphs.
void CudaStepsTest::oneGraphForEachBucket() {
    use_schedule(0);
    const auto backend = cuda();
    PartsOnly parts(*backend);
    StepModel model(*backend, tiny("qwen3"));
    StepModel plain(parts, tiny("qwen3"));
    const auto both = [&](std::span<StepBranch> branches, std::span<const std::vector<TokenId>> tokens) {
        std::vector<StepBranch> same(branches.begin(), branches.end());
        const auto got = model.step(branches, tokens);
        return got == plain.step(same, tokens);
    };
    const Counts before = counts();
    unsigned seed = 100;
    std::uint64_t run = 0;
    for (std::size_t rows = 1; rows <= 32; rows += slow_build() && rows > 4 ? 4 : 1, ++run) {
        std::vector<StepBranch> branch(1);
        const std::vector<TokenId> tokens = text(rows, ++seed);
        QVERIFY(both(branch, {&tokens, 1}));
    }
    const Counts first = counts() - before;
    QCOMPARE(first.captures, std::uint64_t{8});
    QCOMPARE(first.graphs, run);
    const Counts then = counts();
    std::vector<StepBranch> branches = {{3, 0}, {11, 0}, {25, 0}};
    std::uint64_t steps = 0;
    for (std::size_t i = 0; i < (slow_build() ? 6 : 80); ++i, ++steps) {
        std::vector<std::vector<TokenId>> tokens(i % 3 + 1);
        for (auto& one : tokens) {
            one = text(i % 4 + 1, ++seed);
        }
        if (branches[0].length + 4 > 256) {
            branches[0].length = 100;
        }
        QVERIFY(both(std::span(branches).first(tokens.size()), tokens));
    }
    const Counts later = counts() - then;
    QCOMPARE(later.captures, std::uint64_t{0});
    QCOMPARE(later.graphs, steps);
    if (slow_build()) {
        return;
    }
    // A row that sees more chunks of positions than before has another launch: once for each doubling.
    std::vector<StepBranch> longer = {{0, 0}};
    for (int i = 0; i < 10; ++i) {
        const std::vector<TokenId> tokens = text(60, ++seed);
        QVERIFY(both(longer, {&tokens, 1}));
    }
    const Counts long_before = counts();
    for (int i = 0; i < 3; ++i) {
        const std::vector<TokenId> token = text(1, ++seed);
        QVERIFY(both(longer, {&token, 1}));
    }
    QCOMPARE((counts() - long_before).captures, std::uint64_t{1});
}

void CudaStepsTest::aBrokenStepLeavesNothing() {
    use_schedule(0);
    const auto backend = cuda();
    StepModel model(*backend, tiny("llama"));
    std::vector<StepBranch> branch(1);
    const std::vector<TokenId> tokens = text(3, 9);
    const Counts before = counts();
    QVERIFY(model.step(branch, {&tokens, 1}, true).empty());
    QCOMPARE((counts() - before).launches, std::uint64_t{0});
    QVERIFY(!model.step(branch, {&tokens, 1}).empty());
}

/// A graph is replayed where all arguments are the same, and only there: were a changed one left baked in,
/// the second sum would be the first one's.
void CudaStepsTest::queueComparesArguments() {
    use_schedule(0);
    const auto backend = cuda();
    const DeviceRows one(*backend, 64, std::vector<float>(64, 1.0F));
    const DeviceRows two(*backend, 64, std::vector<float>(64, 2.0F));
    const DeviceRows sum(*backend, 1, 64);
    tendril::cuda::LaunchQueue queue;
    cudaStream_t stream = nullptr;
    QVERIFY(cudaStreamCreate(&stream) == cudaSuccess);
    QVERIFY(cudaDeviceSynchronize() == cudaSuccess);  // the backend has filled the rows on its own stream
    const auto run = [&](const DeviceRows& from) {
        queue.add(tendril::cuda::add, tendril::cuda::AddArgs{from.data(), sum.rows().data, 64});
        QVERIFY(queue.run_as_graph(stream) == cudaSuccess && queue.empty());
        QVERIFY(cudaStreamSynchronize(stream) == cudaSuccess);
    };
    run(one);
    run(one);
    QCOMPARE(sum.values()[63], 2.0F);
    QCOMPARE(queue.captures(), std::uint64_t{1});
    QCOMPARE(queue.replays(), std::uint64_t{1});
    run(two);
    QCOMPARE(sum.values()[63], 4.0F);
    QCOMPARE(queue.captures(), std::uint64_t{2});
    run(one);
    QCOMPARE(sum.values()[63], 5.0F);
    QCOMPARE(queue.captures(), std::uint64_t{2});
    QVERIFY(cudaStreamDestroy(stream) == cudaSuccess);
}

void CudaStepsTest::oldGraphsGo() {
    use_schedule(0);
    const auto backend = cuda();
    const std::size_t graphs = emulator::live_objects().graphs;
    {
        const DeviceRows sum(*backend, 1, 256);
        tendril::cuda::LaunchQueue queue;
        cudaStream_t stream = nullptr;
        QVERIFY(cudaStreamCreate(&stream) == cudaSuccess);
        QVERIFY(cudaDeviceSynchronize() == cudaSuccess);
        for (std::size_t count = 1; count <= 2 * tendril::cuda::LaunchQueue::kMostGraphs; ++count) {
            queue.add(tendril::cuda::soft_cap, {sum.rows().data, count, 30.0F, 0});
            QVERIFY(queue.run_as_graph(stream) == cudaSuccess);
        }
        QVERIFY(cudaStreamSynchronize(stream) == cudaSuccess);
        QVERIFY(emulator::live_objects().graphs - graphs <= tendril::cuda::LaunchQueue::kMostGraphs);
        QVERIFY(cudaStreamDestroy(stream) == cudaSuccess);
    }
    QCOMPARE(emulator::live_objects().graphs, graphs);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::CudaStepsTest)
#include "test_cuda_steps.moc"
