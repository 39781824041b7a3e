// SPDX-License-Identifier: Apache-2.0
// Steps take no memory: calls of operator new are counted while answers are written and a prompt is read.
#include <QtTest>

#include "tests/support/count_allocations.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

/// Answers end by their length alone.
class EndlessTokenizer : public Tokenizer {
  public:
    std::vector<TokenId> encode(std::string_view text, EncodeOptions o) const override {
        return bytes_.encode(text, o);
    }
    std::string_view bytes(TokenId token, bool special) const override {
        return bytes_.bytes(token, special);
    }
    std::size_t size() const override { return bytes_.size(); }
    std::optional<TokenId> bos() const override { return std::nullopt; }
    std::optional<TokenId> eos() const override { return std::nullopt; }
    bool adds_bos() const override { return false; }
    bool is_control(TokenId token) const override { return bytes_.is_control(token); }
    bool ends_generation(TokenId) const override { return false; }
    std::string_view bos_text() const override { return ""; }
    std::string_view eos_text() const override { return ""; }

  private:
    ByteTokenizer bytes_;
};

class TestAllocation : public QObject {
    Q_OBJECT

    static int counted_steps(TinyRuntime& runtime, int steps) {
        allocations = 0;
        counting = true;
        for (int i = 0; i < steps; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        counting = false;
        return allocations;
    }

  private Q_SLOTS:
    void answersAreWrittenWithoutTakingMemory_data() {
        QTest::addColumn<bool>("speculate");
        QTest::newRow("one row") << false;
        QTest::newRow("with guesses") << true;
    }
    void answersAreWrittenWithoutTakingMemory() {
        QFETCH(bool, speculate);
        TinyModel tiny = model("llama");
        tiny.context = 1024;
        TinyRuntime runtime(tiny, false, 40);
        const EndlessTokenizer tokenizer;
        std::size_t longest = 0;
        for (RequestId id = 1; id <= 2; ++id) {
            GenerateRequest made = request(random_tokens(40, static_cast<unsigned>(id)), 600, id);
            made.speculate = speculate;
            runtime.scheduler->add(std::make_unique<Generation>(
                id, std::move(made),
                [&longest](RequestId, const Event& event) {
                    if (const auto* finished = std::get_if<FinishedEvent>(&event)) {
                        longest = std::max(longest, finished->tokens.size());
                    }
                },
                tokenizer, 1024, Clock::now()));
        }
        for (int i = 0; i < 30; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        const int taken = counted_steps(runtime, 100);
        // A view's list of pages grows, which is a handful of calls in a whole answer.
        QVERIFY2(taken <= 8, qPrintable(QString("%1 calls in 100 steps").arg(taken)));
        runtime.scheduler->cancel_all();
        QVERIFY(longest >= 100);
    }

    void promptsAreReadWithoutTakingMemory() {
        TinyModel tiny = model("qwen3");
        tiny.context = 4096;
        SchedulerSettings settings = small_chunks(16);
        settings.background_step_ms = 0;
        settings.least_background = 16;
        TinyRuntime runtime(tiny, false, 70, 64, settings);
        Answer ahead;
        read_ahead(runtime, 1, random_tokens(4000, 1), ahead);
        for (int i = 0; i < 10; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        const int taken = counted_steps(runtime, 100);
        QVERIFY2(taken <= 6, qPrintable(QString("%1 calls in 100 steps").arg(taken)));
        runtime.scheduler->cancel_all();
        QVERIFY(ahead.prefilled && ahead.prefilled->tokens >= 1700);
    }
};

QTEST_GUILESS_MAIN(TestAllocation)
#include "test_allocation.moc"
