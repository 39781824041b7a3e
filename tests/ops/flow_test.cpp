// SPDX-License-Identifier: Apache-2.0
// Steps through the sub-layers between begin_step() and end_step(), on every instruction set: the bits of
// their parts, close to the reference, in few fork-joins.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>

#include <QTest>

#include "engine/backend/reference/reference_backend.h"
#include "tests/ops/ops_fixture.h"
#include "tests/support/step_views.h"

namespace tendril::engine::test {

class FlowTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void bitsOfTheParts_data();
    void bitsOfTheParts();
    void fewRows_data() { bitsOfTheParts_data(); }
    void fewRows();
    void otherOpsBetween();
    void stopsWhenInterrupted();
    void oneForkPerStep();
};

namespace {

/// What a model may have.
struct Kind {
    const char* name;
    DataType type, down;
    std::size_t width, heads, kv_heads, head_size, gated;
    KvType kv;
    bool bias, head_norms, post_norms;
    Activation activation;
    std::size_t window;  // of every second layer
    double tolerance;    // of the stream against the reference; K types: random ones are large
};
constexpr Kind kKinds[] = {
    {"q4_1", DataType::q4_1, DataType::q4_1, 192, 3, 1, 64, 608, KvType::f16, false, false, false,
     Activation::silu, 0, 0.08},
    {"q4_k, biases", DataType::q4_k, DataType::q6_k, 256, 4, 2, 64, 768, KvType::q8_0, true, false, false,
     Activation::silu, 0, 0.6},
    {"q8_0, norms, windows", DataType::q8_0, DataType::q5_0, 128, 4, 2, 32, 352, KvType::f16, false, true,
     true, Activation::gelu_tanh, 70, 0.08},
    {"bf16 and f16", DataType::bf16, DataType::f16, 96, 3, 3, 32, 200, KvType::q4_0, true, true, false,
     Activation::silu, 0, 0.01},
    {"whole numbers, floats behind", DataType::q5_1, DataType::f32, 128, 2, 1, 64, 160, KvType::f16, false,
     false, true, Activation::gelu_tanh, 0, 0.08},
};
constexpr std::size_t kLayers = 3;
constexpr std::size_t kMostRows = 300;
constexpr std::size_t kVocabulary = 64;

/// A model of random weights on a backend, and its buffers.
class Model {
  public:
    Model(Backend& backend, const Kind& kind)
        : backend_(backend),
          kind_(kind),
          stream_(backend, kMostRows, kind.width),
          normed_(backend, kMostRows, kind.width),
          query_(backend, kMostRows, queries()),
          key_(backend, kMostRows, keys()),
          value_(backend, kMostRows, keys()),
          attended_(backend, kMostRows, queries()),
          gate_(backend, kMostRows, kind.gated),
          up_(backend, kMostRows, kind.gated),
          part_(backend, kMostRows, kind.width) {
        Random random(71);
        const std::vector<bool> windowed = {false, kind.window != 0, false};
        pages_ = std::move(*backend.make_kv_pages({kLayers, kind.kv_heads, kind.head_size, kind.kv,
                                                   kind.window != 0 ? windowed : std::vector<bool>{}},
                                                  {24, kind.window != 0 ? std::size_t{24} : std::size_t{0}}));
        rope_ = std::move(*backend.make_rope_table({}, kind.head_size, 2048));
        ok_ = backend.reserve(kMostRows, std::max({kind.width, queries(), kind.gated})).has_value();
        embedding_ = weight(random, kind.type, kVocabulary, kind.width);
        for (Layer& layer : layers_) {
            layer.weights[0] = weight(random, kind.type, queries(), kind.width);
            layer.weights[1] = weight(random, kind.type, keys(), kind.width);
            layer.weights[2] = weight(random, kind.type, keys(), kind.width);
            layer.weights[3] = weight(random, kind.type, kind.width, queries());
            layer.weights[4] = weight(random, kind.type, kind.gated, kind.width);
            layer.weights[5] = weight(random, kind.type, kind.gated, kind.width);
            layer.weights[6] = weight(random, kind.down, kind.width, kind.gated);
            for (auto& vector : layer.vectors) {
                vector = std::make_unique<DeviceRows>(backend, 1024,
                                                      std::vector<float>(random_rows(random, 1, 1024)));
            }
        }
    }

    bool ok() const { return ok_; }
    /// The rows of which the last layer has to be whole; none: all.
    void want(std::optional<std::span<const std::uint32_t>> rows) { wanted_ = rows; }
    void step(std::span<const TokenId> tokens, const StepPlan& plan, bool noted, bool op_between = false) {
        if (noted) {
            backend_.begin_step(plan);
        }
        for (std::size_t l = 0; l < kLayers; ++l) {
            layer(l, tokens, plan, noted, op_between);
        }
        if (noted) {
            backend_.end_step(true);
        }
    }
    std::vector<float> stream(std::size_t rows) const {
        std::vector<float> all = stream_.values();
        all.resize(rows * kind_.width);
        return all;
    }

  private:
    struct Layer {
        std::unique_ptr<Weight> weights[7];
        std::unique_ptr<DeviceRows> vectors[6];
    };
    std::size_t queries() const { return kind_.heads * kind_.head_size; }
    std::size_t keys() const { return kind_.kv_heads * kind_.head_size; }
    std::unique_ptr<Weight> weight(Random& random, DataType type, std::size_t rows, std::size_t columns) {
        bytes_.push_back(random_weight(random, type, rows, columns));  // which the reference borrows
        return std::move(*backend_.prepare(source_of(type, rows, columns, bytes_.back())));
    }

    void layer(std::size_t index, std::span<const TokenId> tokens, const StepPlan& plan, bool noted,
               bool op_between) {
        const Layer& layer = layers_[index];
        const std::size_t rows = plan.rows();
        const auto first = [rows](const DeviceRows& all) {
            return Rows{all.rows().data, rows, all.rows().width};
        };
        const auto vector = [&](std::size_t i, bool has) { return has ? layer.vectors[i]->data() : nullptr; };
        const Embedding embedding{embedding_.get(), tokens, 1.5F};
        const NormedRows normed{first(stream_), vector(0, true), 1e-5F, first(normed_)};
        const HeadProjection heads = {.in = normed,
                                      .embedding = index == 0 ? &embedding : nullptr,
                                      .query = {layer.weights[0].get(), vector(1, kind_.bias), first(query_)},
                                      .key = {layer.weights[1].get(), vector(2, kind_.bias), first(key_)},
                                      .value = {layer.weights[2].get(), vector(3, kind_.bias), first(value_)},
                                      .query_norm = vector(4, kind_.head_norms),
                                      .key_norm = vector(5, kind_.head_norms),
                                      .rope = rope_.get(),
                                      .head_size = kind_.head_size,
                                      .layer = index};
        noted ? backend_.project_heads(*pages_, heads, plan)
              : backend_.Backend::project_heads(*pages_, heads, plan);
        if (op_between) {
            backend_.soft_cap(3.0F, first(query_));
        }
        backend_.attention(*pages_,
                           {index, kind_.heads, 0.125F, index == 1 ? kind_.window : 0, 0.0F, rope_.get()},
                           plan, first(query_), first(attended_));
        const auto residual = [&](const DeviceRows& in, std::size_t weight, std::size_t norm) {
            const Residual call = {
                .in = first(in),
                .product = {layer.weights[weight].get(), vector(1, kind_.bias && weight == 3), first(part_)},
                .norm = vector(norm, kind_.post_norms),
                .epsilon = 1e-5F,
                .to = first(stream_),
                .wanted = weight == 6 && index + 1 == kLayers ? wanted_ : std::nullopt};
            noted ? backend_.project_residual(call) : backend_.Backend::project_residual(call);
        };
        residual(attended_, 3, 2);
        const GatedProjection gated = {.in = {first(stream_), vector(3, true), 1e-5F, first(normed_)},
                                       .gate = {layer.weights[4].get(), nullptr, first(gate_)},
                                       .up = {layer.weights[5].get(), nullptr, first(up_)},
                                       .activation = kind_.activation};
        noted ? backend_.project_gated(gated) : backend_.Backend::project_gated(gated);
        residual(gate_, 6, 4);
    }

    Backend& backend_;
    const Kind& kind_;
    DeviceRows stream_, normed_, query_, key_, value_, attended_, gate_, up_, part_;
    std::unique_ptr<KvPages> pages_;
    std::unique_ptr<RopeTable> rope_;
    std::unique_ptr<Weight> embedding_;
    std::deque<std::vector<std::byte>> bytes_;
    Layer layers_[kLayers];
    std::optional<std::span<const std::uint32_t>> wanted_;
    bool ok_ = false;
};

/// Rows of one view from a position on, or of three views.
struct Step {
    StepViews views;
    std::vector<std::int32_t> positions;
    std::vector<TokenId> tokens;
    StepPlan plan;

    Step(std::size_t rows, std::size_t from, bool company) {
        for (PageId page = 0; page < 20; ++page) {
            pages_.push_back((page * 7 + 3) % 20);
        }
        const std::size_t extra = company ? 2 : 0;
        add(0, rows - extra, from, pages_);
        for (std::size_t i = 0; i < extra; ++i) {
            add(rows - extra + i, 1, 0, std::span(kLonely).subspan(i, 1));
        }
        plan = {views.views(), positions};
    }

  private:
    static constexpr PageId kLonely[] = {20, 21};
    void add(std::size_t row, std::size_t count, std::size_t from, std::span<const PageId> pages) {
        views.add(row, count, from, pages);
        for (std::size_t i = 0; i < count; ++i) {
            positions.push_back(static_cast<std::int32_t>(from + i));
            tokens.push_back(static_cast<TokenId>((row + i) * 5 % kVocabulary));
        }
    }
    std::vector<PageId> pages_;
};

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// Root of the mean square of the differences, of that of what was wanted.
double difference(std::span<const float> got, std::span<const float> wanted) {
    double error = 0;
    double size = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const double want = static_cast<double>(wanted[i]);
        error += std::pow(static_cast<double>(got[i]) - want, 2);
        size += want * want;
    }
    return size > 0 ? std::sqrt(error / size) : HUGE_VAL;
}

}  // namespace

void FlowTest::bitsOfTheParts_data() {
    QTest::addColumn<int>("isa");
    for (const Isa isa : kAllIsas) {
        QTest::newRow(name(isa)) << static_cast<int>(isa);
    }
}

/// A prompt, another chunk behind it, and one beside two other views; on 1 and 3 threads.
void FlowTest::bitsOfTheParts() {
    QFETCH(int, isa);
    if (cpu(static_cast<Isa>(isa), 1) == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    const auto reference = make_reference_backend();
    for (const Kind& kind : kKinds) {
        Model wanted(*reference, kind);
        for (const unsigned threads : {1U, 3U}) {
            const auto backend = cpu(static_cast<Isa>(isa), threads);
            Model noted(*backend, kind);
            Model parts(*backend, kind);
            QVERIFY(noted.ok() && parts.ok());
            std::size_t from = 0;
            for (const std::size_t rows : {203, 75, 151}) {
                Step step(rows, from, rows == 151);
                noted.step(step.tokens, step.plan, true);
                parts.step(step.tokens, step.plan, false);
                QVERIFY2(same_bits(noted.stream(rows), parts.stream(rows)), kind.name);
                if (threads == 3 && isa % 3 == 0) {
                    wanted.step(step.tokens, step.plan, true);
                    const double error = difference(noted.stream(rows), wanted.stream(rows));
                    std::printf("%-10s %-28s %3zu rows: error %.2g\n", name(static_cast<Isa>(isa)), kind.name,
                                rows, error);
                    QVERIFY2(error < kind.tolerance, qPrintable(QString::number(error)));
                    std::vector<float> shifted = wanted.stream(rows);  // negative control: other rows
                    std::rotate(shifted.begin(), shifted.begin() + kind.width, shifted.end());
                    QVERIFY(difference(noted.stream(rows), shifted) > 1.5 * kind.tolerance);
                }
                from += rows;
            }
            // Of rows that are not wanted nothing is promised, of the others all; keys and values of all.
            Step some(203, from - 151, false);
            const std::uint32_t chosen[] = {70, 71, 202};
            noted.want(chosen);
            noted.step(some.tokens, some.plan, true);
            noted.want({});
            parts.step(some.tokens, some.plan, false);
            const auto got = noted.stream(203);
            const auto all = parts.stream(203);
            const auto row = [&](const std::vector<float>& x, std::size_t r) {
                return std::span(x).subspan(r * kind.width, kind.width);
            };
            for (const std::uint32_t r : chosen) {
                QVERIFY(same_bits(row(got, r), row(all, r)));
            }
            QVERIFY(!same_bits(row(got, 10), row(all, 10)));  // negative control: work was left out
            Step next(90, from + 52, false);
            noted.step(next.tokens, next.plan, true);
            parts.step(next.tokens, next.plan, false);
            QVERIFY(same_bits(noted.stream(90), parts.stream(90)));
        }
    }
}

/// Steps that are too small to be noted.
void FlowTest::fewRows() {
    QFETCH(int, isa);
    const auto backend = cpu(static_cast<Isa>(isa), 4);
    if (backend == nullptr) {
        QSKIP("The host lacks these instructions.");
    }
    for (const Kind& kind : kKinds) {
        Model fused(*backend, kind);
        Model parts(*backend, kind);
        std::size_t from = 0;
        for (const std::size_t rows : {1, 2, 5, 8, 9, 23, 24, 32, 33, 95}) {
            Step step(rows, from, rows > 8);
            fused.step(step.tokens, step.plan, true);
            parts.step(step.tokens, step.plan, false);
            QVERIFY2(same_bits(fused.stream(rows), parts.stream(rows)), kind.name);
            from += rows;
        }
    }
}

/// An op that is not noted finds all done that was.
void FlowTest::otherOpsBetween() {
    const auto backend = cpu(best_host_isa(), 2);
    Model noted(*backend, kKinds[0]);
    Model parts(*backend, kKinds[0]);
    Model plain(*backend, kKinds[0]);
    Step step(120, 0, false);
    noted.step(step.tokens, step.plan, true, true);
    parts.step(step.tokens, step.plan, false, true);
    plain.step(step.tokens, step.plan, false);
    QVERIFY(same_bits(noted.stream(120), parts.stream(120)));
    QVERIFY(!same_bits(plain.stream(120), parts.stream(120)));  // negative control: the op does something
}

void FlowTest::stopsWhenInterrupted() {
    const auto backend = cpu(best_host_isa(), 2);
    Model model(*backend, kKinds[0]);
    Model parts(*backend, kKinds[0]);
    std::atomic<bool> interrupt{true};
    Step step(120, 0, false);
    step.plan.interrupt = &interrupt;
    model.step(step.tokens, step.plan, true);
    parts.step(step.tokens, step.plan, false);
    QVERIFY(!same_bits(model.stream(120), parts.stream(120)));
    interrupt = false;
    model.step(step.tokens, step.plan, true);
    QVERIFY(same_bits(model.stream(120), parts.stream(120)));
}

/// By their parts the three layers took more than 40. Few rows: one less for each layer.
void FlowTest::oneForkPerStep() {
    std::uint64_t forks = 0;
    CpuOptions options;
    options.threads = 4;
    options.forks = &forks;
    const auto backend = std::move(*make_cpu_backend(std::move(options)));
    Model model(*backend, kKinds[1]);
    Step step(256, 0, false);
    forks = 0;
    model.step(step.tokens, step.plan, true);
    QCOMPARE(forks, std::uint64_t{1});
    forks = 0;
    model.step(step.tokens, step.plan, false);
    QVERIFY(forks > 40);
    Step few(32, 256, false);
    forks = 0;
    model.step(few.tokens, few.plan, false);
    const std::uint64_t by_parts = forks;
    forks = 0;
    model.step(few.tokens, few.plan, true);
    QVERIFY(forks + kLayers <= by_parts);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::FlowTest)
#include "flow_test.moc"
