// SPDX-License-Identifier: Apache-2.0
// Whole answers by the code that nvcc made of the kernels (TENDRIL_CUDA_EMULATOR=tier=ptx,arch=..): the
// tokens of the CPU backend, and log-probabilities near its own. Prompts go through the tile kernels, answers
// through the vector kernels.
//
// Tolerances of a log-probability (natural logarithm): mean 0.02, largest 0.2. Both backends round
// activations to int8 by blocks of 32 but add up in other orders, and over 30 layers a value on the edge of
// two roundings falls to the other side here and there, which shows in unlikely tokens; a wrong lane or scale
// moves all by whole numbers.
#include <cmath>
#include <cstdio>

#include <QTemporaryDir>
#include <QtTest>

#include "tests/cuda/emulator/machine_control.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/real_models.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr double kMean = 0.02;
constexpr double kMost = 0.2;
constexpr std::uint32_t kTokens = 16;  // of an answer

struct Answered {
    std::string device, error;
    std::vector<TokenId> tokens;
    std::vector<float> logprobs;  ///< of the prompt and the tokens
};

GenerateRequest greedy(std::vector<TokenId> prompt) {
    GenerateRequest request;
    request.prompt = std::move(prompt);
    request.max_tokens = kTokens;
    request.sampler.temperature = 0.0F;
    return request;
}

/// An answer, and the log-probabilities of `scored` behind the prompt (none: of the answer).
Answered answer(const std::filesystem::path& path, Device device, const std::string& text,
                const std::vector<TokenId>& scored = {}) {
    EngineClient client;
    LoadOptions options;
    options.path = path;
    options.device = device;
    options.context = 256;
    const auto loaded = client.load(options);
    if (!loaded) {
        return {{}, loaded.error().message, {}, {}};
    }
    std::vector<TokenId> prompt = loaded->tokenizer->encode(text, {});
    const Reply reply = client.ask(greedy(prompt));
    Answered out{loaded->device, {}, {}, {}};
    if (!reply.finished) {
        out.error = reply.error ? reply.error->message : "no end";
        return out;
    }
    out.tokens = reply.finished->tokens;
    const std::vector<TokenId>& behind = scored.empty() ? out.tokens : scored;
    prompt.insert(prompt.end(), behind.begin(), behind.end());
    const Reply scores = client.ask(ScoreRequest{prompt, 0});
    if (scores.scored) {
        for (const ScoredToken& token : scores.scored->tokens) {
            out.logprobs.push_back(token.logprob);
        }
    }
    return out;
}

}  // namespace

class TestCudaCompiled : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    static void compare(const std::filesystem::path& path, const std::string& text, std::size_t least) {
        const Answered cpu = answer(path, Device::cpu, text);
        QVERIFY2(cpu.error.empty() && cpu.tokens.size() >= least, cpu.error.c_str());
        const Answered cuda = answer(path, Device::cuda, text, cpu.tokens);
        QVERIFY2(cuda.error.empty(), cuda.error.c_str());
        QCOMPARE(cuda.device.substr(0, 5), std::string("CUDA,"));
        QVERIFY(cuda.tokens == cpu.tokens);
        QVERIFY(!cpu.logprobs.empty() && cuda.logprobs.size() == cpu.logprobs.size());
        const std::size_t count = cpu.logprobs.size();
        double most = 0.0, sum = 0.0;
        double control = 0.0;  // as if each had the next one's
        for (std::size_t i = 0; i < count; ++i) {
            const double got = cuda.logprobs[i];
            most = std::max(most, std::abs(got - cpu.logprobs[i]));
            sum += std::abs(got - cpu.logprobs[i]);
            control += std::abs(got - cpu.logprobs[(i + 1) % count]);
        }
        const auto mean = [&](double of) { return of / static_cast<double>(count); };
        std::printf("%zu tokens equal; %zu log-probabilities, difference: mean %.2g, largest %.2g\n",
                    cpu.tokens.size(), count, mean(sum), most);
        QVERIFY(most <= kMost && mean(sum) <= kMean);
        QVERIFY(mean(control) > 5 * kMean);  // negative control
        QCOMPARE(emulator::problem_report(), std::string());
    }

  private Q_SLOTS:
    void initTestCase() {
        qputenv("TENDRIL_CUDA_PLUGIN", TENDRIL_EMULATED_PLUGIN);
        qunsetenv("CUDA_VISIBLE_DEVICES");
        emulator::MachineDescription machine;
        machine.devices[0].arch = emulator::settings().ptx_arch;
        emulator::reset_machine(machine);
        emulator::settings().workers = 2;
    }

    void tinyModels_data() {
        QTest::addColumn<QString>("architecture");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::newRow(architecture) << architecture;
        }
    }
    void tinyModels() {
        QFETCH(QString, architecture);
        TinyModel options;
        options.architecture = architecture.toStdString();
        const auto path =
            std::filesystem::path(folder_.path().toStdString()) / (options.architecture + ".gguf");
        QVERIFY(tiny_model(options).write(path));
        compare(path, "the quick brown fox", 1);
    }

    void realModel() {
        const auto path = find_real_model(kDefaultModel);
        if (path.empty()) {
            QSKIP("The default model is not here (packaging/fetch-default-model).");
        }
        // Words that follow for certain: where two tokens are as likely, the order of float sums decides.
        compare(path, "1, 2, 3, 4, 5, 6, 7,", kTokens);
    }
};

QTEST_GUILESS_MAIN(TestCudaCompiled)
#include "test_cuda_compiled.moc"
