// SPDX-License-Identifier: Apache-2.0
// Logits against references that we did not write: llama.cpp and transformers on real models, transformers on
// tiny ones. See README.md.
#include <cmath>

#include <QtTest>

#include "engine/backend/cpu/isa.h"
#include "engine/backend/reference/reference_backend.h"
#include "engine/runtime.h"
#include "engine/schedule/embedding.h"
#include "engine/schedule/scoring.h"
#include "tests/golden/logits/reference_file.h"
#include "tests/support/real_models.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

using OnRow = std::function<void(std::size_t position, std::span<float> logits)>;

/// Shows all logits of a text to a function.
class RowVisitor final : public Task {
  public:
    RowVisitor(std::vector<TokenId> tokens, OnRow on_row)
        : Task(1, Priority::interactive, std::move(tokens), [](RequestId, const Event&) {}),
          on_row_(std::move(on_row)) {}
    std::size_t reusable() const override { return 0; }
    bool wants_logits(std::size_t) const override { return true; }
    void started(std::size_t) override {}
    void take(std::size_t position, std::span<float> logits) override { on_row_(position, logits); }
    void step_done(std::size_t, std::size_t) override {
        if (pending() == 0) {
            end(Error{});
        }
    }
    void cancel() override {}

  private:
    OnRow on_row_;
};

void for_each_row(Runtime& runtime, const std::vector<TokenId>& tokens, OnRow on_row) {
    const std::atomic<bool> interrupt{false};
    runtime.scheduler->add(std::make_unique<RowVisitor>(tokens, std::move(on_row)));
    while (!runtime.scheduler->idle()) {
        runtime.scheduler->step(interrupt);
    }
}

struct Distance {
    double mean_kl = 0;
    double max_logprob = 0;  // of the following token
    double mean_logprob = 0;
    int same_best = 0;
    int positions = 0;
};

/// KL divergence of our distribution from the reference's, over its best tokens and the rest as one: a lower
/// bound of the full one that misses only differences inside the rest.
double divergence(const Reference::Position& want, std::span<const float> logprobs) {
    double kl = 0;
    double rest_want = 1;
    double rest_got = 1;
    for (const auto& [token, logprob] : want.best) {
        const double p = std::exp(static_cast<double>(logprob));
        const double log_q = static_cast<double>(logprobs[static_cast<std::size_t>(token)]);
        kl += p * (static_cast<double>(logprob) - log_q);
        rest_want -= p;
        rest_got -= std::exp(log_q);
    }
    if (rest_want > 1e-9) {
        kl += rest_want * std::log(rest_want / std::max(rest_got, 1e-12));
    }
    return kl;
}

/// Mean divergence of one reference from another, over the tokens that both hold.
double distance_between(const Reference& want, const Reference& got) {
    double sum = 0;
    for (std::size_t i = 0; i < want.positions.size(); ++i) {
        const auto& others = got.positions[i].best;
        double kl = 0;
        double rest_want = 1;
        double rest_got = 1;
        for (const auto& [token, logprob] : want.positions[i].best) {
            const auto other = std::find_if(others.begin(), others.end(),
                                            [t = token](const auto& pair) { return pair.first == t; });
            if (other != others.end()) {
                const double p = std::exp(static_cast<double>(logprob));
                kl += p * static_cast<double>(logprob - other->second);
                rest_want -= p;
                rest_got -= std::exp(static_cast<double>(other->second));
            }
        }
        sum += kl + (rest_want > 1e-6 ? rest_want * std::log(rest_want / std::max(rest_got, 1e-9)) : 0);
    }
    return sum / static_cast<double>(want.positions.size());
}

std::vector<float> read_states(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::vector<float> states(bytes.size() / sizeof(float));
    std::memcpy(states.data(), bytes.data(), states.size() * sizeof(float));
    return states;
}

std::vector<float> embed(Runtime& runtime, std::vector<TokenId> tokens, Pooling pooling) {
    std::vector<float> vector;
    runtime.scheduler->add(std::make_unique<TextEmbedding>(
        1, EmbedRequest{std::move(tokens), pooling}, [&](RequestId, Event event) {
            if (auto* embedded = std::get_if<EmbeddedEvent>(&event)) {
                vector = std::move(embedded->vector);
            }
        }));
    const std::atomic<bool> interrupt{false};
    while (!runtime.scheduler->idle()) {
        runtime.scheduler->step(interrupt);
    }
    return vector;
}

double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return sum;
}

double cosine(std::span<const float> a, std::span<const float> b) {
    return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

Distance report(const char* peer, const Distance& distance) {
    qInfo(
        "from %s, %d tokens: mean KL %.2e; log-probability of the text: max difference %.3f, mean %.4f; same "
        "best token: %d",
        peer, distance.positions, distance.mean_kl, distance.max_logprob, distance.mean_logprob,
        distance.same_best);
    return distance;
}

Distance compare(Runtime& runtime, const Reference& reference) {
    Distance distance;
    for_each_row(runtime, reference.tokens, [&](std::size_t position, std::span<float> logits) {
        if (position + 1 == reference.tokens.size()) {
            return;
        }
        const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
        if (!log_softmax(logits)) {
            qFatal("logits are not finite");
        }
        const Reference::Position& want = reference.positions[position];
        const auto next = static_cast<std::size_t>(reference.tokens[position + 1]);
        const double difference =
            std::abs(static_cast<double>(logits[next]) - static_cast<double>(want.logprob));
        distance.mean_kl += divergence(want, logits);
        distance.max_logprob = std::max(distance.max_logprob, difference);
        distance.mean_logprob += difference;
        distance.same_best += best == want.best.front().first ? 1 : 0;
        ++distance.positions;
    });
    distance.mean_kl /= distance.positions;
    distance.mean_logprob /= distance.positions;
    return distance;
}

struct GreedyDifference {
    std::size_t index;
    float margin;
};

/// The reference's greedy answer, teacher-forced: where our best token is another one.
std::vector<GreedyDifference> compare_greedy(Runtime& runtime, const Reference& reference) {
    std::vector<TokenId> tokens(reference.tokens.begin(),
                                reference.tokens.begin() + static_cast<long>(reference.greedy_prompt));
    for (const auto& [token, margin] : reference.greedy) {
        tokens.push_back(token);
    }
    std::vector<GreedyDifference> differences;
    for_each_row(runtime, tokens, [&](std::size_t position, std::span<float> logits) {
        if (position + 1 < reference.greedy_prompt || position + 1 >= tokens.size()) {
            return;
        }
        const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
        const std::size_t index = position + 1 - reference.greedy_prompt;
        if (best != tokens[position + 1]) {
            differences.push_back({index, reference.greedy[index].second});
        }
    });
    return differences;
}

Result<std::unique_ptr<Runtime>> open(const std::filesystem::path& path,
                                      const BackendFactory& factory = make_backend) {
    LoadOptions options;
    options.path = path;
    options.context = 1024;
    return Runtime::open(
        options, [](double) { return true; }, factory);
}

Result<std::unique_ptr<Backend>> reference_backend(const LoadOptions&) {
    return make_reference_backend();
}

/// Mean KL that counts as equal. Where llama.cpp itself is further away from the exact logits than this,
/// because it rounds activations to 8 bits as we do, its own distance and a quarter is the bound (and twice
/// that between the two, whose roundings are independent).
constexpr double kGoal = 2e-3;

/// At a smaller margin between the two best logits, quantised activations may turn them round.
constexpr float kNearTie = 0.5F;

}  // namespace

class TestLogits : public QObject {
    Q_OBJECT

    static std::filesystem::path data(const QString& name) {
        return std::filesystem::path(TENDRIL_TEST_DATA) / name.toStdString();
    }

    static void real_models() {
        QTest::addColumn<QString>("model");
        for (const char* model :
             {"SmolLM2-135M-Instruct.Q4_1", "gemma-3-270m.Q4_K_M", "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M"}) {
            QTest::newRow(model) << model;
        }
    }

  private Q_SLOTS:
    void real_models_agree_with_llama_cpp_and_transformers_data() { real_models(); }
    void real_models_agree_with_llama_cpp_and_transformers() {
        QFETCH(QString, model);
        const std::filesystem::path path = find_real_model(model.toStdString() + ".gguf");
        if (path.empty()) {
            QSKIP("This model is not on this machine.");
        }
        const auto exact = read_reference(data(model + ".transformers.ref"));
        const auto llama = read_reference(data(model + ".llama.ref"));
        QVERIFY2(exact && llama && exact->tokens == llama->tokens, "a reference file is missing or broken");
        const double peer = distance_between(*exact, *llama);
        qInfo("mean KL of llama.cpp from transformers: %.2e", peer);
        auto runtime = open(path);
        QVERIFY2(runtime.has_value(), runtime ? "" : runtime.error().message.c_str());
        const Distance from_exact = report("transformers", compare(**runtime, *exact));
        const Distance from_llama = report("llama.cpp", compare(**runtime, *llama));
        QCOMPARE(from_exact.positions, 256);
        QVERIFY(from_exact.mean_kl <= std::max(kGoal, 1.25 * peer));
        QVERIFY(from_llama.mean_kl <= std::max(kGoal, 2 * peer));
        for (const Reference* reference : {&*exact, &*llama}) {
            const auto differences = compare_greedy(**runtime, *reference);
            qInfo("greedy: %zu of %zu tokens equal before the first difference, %zu differences in all",
                  differences.empty() ? reference->greedy.size() : differences.front().index,
                  reference->greedy.size(), differences.size());
            QVERIFY(differences.size() <= 6);
            for (const GreedyDifference& difference : differences) {
                QVERIFY2(difference.margin < kNearTie,
                         qPrintable(QString("greedy token %1 differs at a margin of %2")
                                        .arg(difference.index)
                                        .arg(difference.margin)));
            }
        }
    }

    void every_instruction_set_agrees_data() {
        QTest::addColumn<int>("isa");
        for (const Isa isa : kAllIsas) {
            QTest::newRow(name(isa)) << static_cast<int>(isa);
        }
    }
    void every_instruction_set_agrees() {
        QFETCH(int, isa);
        const auto path = static_cast<Isa>(isa);
        if (!host_supports(path)) {
            QSKIP(qPrintable(QString("NOT RUN: this processor has no %1.").arg(name(path))));
        }
        const std::filesystem::path model = find_real_model(kDefaultModel);
        if (model.empty()) {
            QSKIP("The default model is not on this machine.");
        }
        auto exact = read_reference(data("SmolLM2-135M-Instruct.Q4_1.transformers.ref"));
        auto llama = read_reference(data("SmolLM2-135M-Instruct.Q4_1.llama.ref"));
        QVERIFY(exact && llama);
        if (path == Isa::scalar) {  // slow
            for (Reference* reference : {&*exact, &*llama}) {
                reference->tokens.resize(49);
                reference->positions.resize(48);
            }
        }
        const double peer = distance_between(*exact, *llama);
        qputenv("TENDRIL_CPU_ISA", name(path));
        auto runtime = open(model);
        qunsetenv("TENDRIL_CPU_ISA");
        QVERIFY2(runtime.has_value(), runtime ? "" : runtime.error().message.c_str());
        qInfo("%s; mean KL of llama.cpp from transformers: %.2e", (*runtime)->model.device.c_str(), peer);
        QVERIFY(QString::fromStdString((*runtime)->model.device).contains(display_name(path)));
        const Distance distance = report("transformers", compare(**runtime, *exact));
        QVERIFY(distance.mean_kl <= std::max(kGoal, 1.25 * peer));
    }

    void the_reference_backend_is_exact_data() { real_models(); }
    void the_reference_backend_is_exact() {
        QFETCH(QString, model);
        const std::filesystem::path path = find_real_model(model.toStdString() + ".gguf");
        if (path.empty()) {
            QSKIP("This model is not on this machine.");
        }
        auto reference = read_reference(data(model + ".transformers.ref"));
        QVERIFY(reference.has_value());
        reference->tokens.resize(25);  // the reference backend is slow
        auto runtime = open(path, reference_backend);
        QVERIFY2(runtime.has_value(), runtime ? "" : runtime.error().message.c_str());
        const Distance distance = report("transformers", compare(**runtime, *reference));
        QVERIFY(distance.mean_kl <= 1e-4);
        QVERIFY(distance.max_logprob <= 2e-2);
    }

    /// Vectors of the text's first 96 tokens (12 for the slow oracle): the last state and the mean.
    void vectors_are_those_of_transformers_data() {
        QTest::addColumn<bool>("exact");
        QTest::newRow("cpu") << false;
        QTest::newRow("reference") << true;
    }
    void vectors_are_those_of_transformers() {
        QFETCH(bool, exact);
        const std::filesystem::path path = find_real_model(kDefaultModel);
        if (path.empty()) {
            QSKIP("The default model is not on this machine.");
        }
        auto runtime = exact ? open(path, reference_backend) : open(path);
        QVERIFY2(runtime.has_value(), runtime ? "" : runtime.error().message.c_str());
        const auto reference = read_reference(data("SmolLM2-135M-Instruct.Q4_1.transformers.ref"));
        const auto states = read_states(data("SmolLM2-135M-Instruct.Q4_1.states"));
        const std::size_t width = (*runtime)->config.width;
        QVERIFY(reference.has_value());
        QCOMPARE(states.size(), 4 * width);
        const auto of = [&](std::size_t tokens, Pooling pooling) {
            return embed(
                **runtime,
                {reference->tokens.begin(), reference->tokens.begin() + static_cast<std::ptrdiff_t>(tokens)},
                pooling);
        };
        const std::size_t tokens = exact ? 12 : 96;
        const std::size_t place = exact ? 0 : 2;
        const auto last = of(tokens, Pooling::last);
        const auto mean = of(tokens, Pooling::mean);
        const std::span<const float> all(states);
        const double last_angle = cosine(last, all.subspan(place * width, width));
        const double mean_angle = cosine(mean, all.subspan((place + 1) * width, width));
        const double other = cosine(last, all.subspan((place + 1) * width, width));
        qInfo("1 - cosine: last %.1e, mean %.1e; control, last to mean %.2f", 1 - last_angle, 1 - mean_angle,
              1 - other);
        const double allowed = exact ? 1e-6 : 5e-3;
        QVERIFY(1 - last_angle < allowed && 1 - mean_angle < allowed);
        QVERIFY(1 - other > 0.05);
        QVERIFY(std::abs(std::sqrt(dot(last, last) / dot(all.subspan(place * width, width),
                                                         all.subspan(place * width, width))) -
                         1) < (exact ? 1e-3 : 2e-2));
    }

    void a_wrong_rotary_base_is_noticed() {
        const std::filesystem::path path = find_real_model(kDefaultModel);
        if (path.empty()) {
            QSKIP("The default model is not on this machine.");
        }
        auto runtime = open(path);
        QVERIFY(runtime.has_value());
        Runtime& r = **runtime;
        auto reference = read_reference(data("SmolLM2-135M-Instruct.Q4_1.transformers.ref"));
        QVERIFY(reference.has_value());
        const Distance right = compare(r, *reference);
        r.config.rope.front().base *= 4;
        auto forward = ForwardPass::create(r.config, r.weights, *r.backend, *r.pages, r.forward->limits());
        QVERIFY(forward.has_value());
        r.cache->forget_kept();
        r.scheduler = std::make_unique<Scheduler>(**forward, *r.cache);
        const Distance wrong = compare(r, *reference);
        r.scheduler.reset();
        qInfo("mean KL %.2e with the right rotary base, %.2e with four times of it", right.mean_kl,
              wrong.mean_kl);
        QVERIFY(wrong.mean_kl > 10 * right.mean_kl);
    }

    void tiny_models_agree_with_transformers_data() {
        QTest::addColumn<QString>("model");
        for (const char* model : {"tiny-qwen3", "tiny-llama3-rope", "tiny-gemma3", "tiny-qwen2"}) {
            QTest::newRow(model) << model;
        }
    }
    void tiny_models_agree_with_transformers() {
        QFETCH(QString, model);
        QFile file(QString::fromStdString(data(model + ".logits").string()));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray bytes = file.readAll();
        std::array<std::uint32_t, 2> sizes{};  // tokens, vocabulary
        QVERIFY(bytes.size() >= static_cast<qsizetype>(sizeof sizes));
        std::memcpy(sizes.data(), bytes.data(), sizeof sizes);
        std::vector<TokenId> tokens(sizes[0]);
        std::vector<float> want(std::size_t{sizes[0]} * sizes[1]);
        QCOMPARE(static_cast<std::size_t>(bytes.size()), sizeof sizes + 4 * (tokens.size() + want.size()));
        std::memcpy(tokens.data(), bytes.data() + sizeof sizes, 4 * tokens.size());
        std::memcpy(want.data(), bytes.data() + sizeof sizes + 4 * tokens.size(), 4 * want.size());
        for (const bool reference : {true, false}) {
            auto runtime = open(data(model + ".gguf"),
                                reference ? BackendFactory(reference_backend) : BackendFactory(make_backend));
            QVERIFY2(runtime.has_value(), runtime ? "" : runtime.error().message.c_str());
            double largest = 0;
            double spread = 0;
            for_each_row(**runtime, tokens, [&](std::size_t position, std::span<float> logits) {
                for (std::size_t i = 0; i < logits.size(); ++i) {
                    const double right = static_cast<double>(want[position * sizes[1] + i]);
                    largest = std::max(largest, std::abs(static_cast<double>(logits[i]) - right));
                    spread = std::max(spread, std::abs(right));
                }
            });
            qInfo("%s: max difference of a logit %.2e, largest logit %.1f",
                  reference ? "reference backend" : "CPU backend", largest, spread);
            QVERIFY(spread > 1);
            QVERIFY(largest <= (reference ? 1e-3 : 2e-2));
        }
    }
};

QTEST_GUILESS_MAIN(TestLogits)
#include "test_logits.moc"
