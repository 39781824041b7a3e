// SPDX-License-Identifier: Apache-2.0
// A step of an answer takes no memory: calls of operator new are counted around whole steps of the scheduler,
// from the choice of the rows to the drawn token. A step that begins a page of the cache may take some.
#include <QtTest>

#include "engine/sample/sampler.h"
#include "tests/support/count_allocations.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

/// Draws token after token and tells nobody.
class Walker final : public Task {
  public:
    Walker(RequestId id, SamplerSettings settings, std::size_t length)
        : Task(id, Priority::interactive, random_tokens(20, 7), [](RequestId, const Event&) {}),
          sampler_(settings),
          length_(length) {
        tokens_.reserve(length + 1);
    }
    std::size_t reusable() const override { return 0; }
    bool wants_logits(std::size_t position) const override { return position + 1 == tokens_.size(); }
    void started(std::size_t) override {}
    void take(std::size_t position, std::span<float> logits) override {
        if (const Result<TokenId> token = sampler_.draw(logits, tokens_, position)) {
            tokens_.push_back(*token);
        }
    }
    void step_done(std::size_t, std::size_t) override {
        if (tokens_.size() >= length_) {
            end(Error{});
        }
    }
    void cancel() override { fail_with({}); }

  private:
    Sampler sampler_;
    std::size_t length_;
};

/// Those of the steps in which no view begins a page, after some to warm up.
int allocations_of(const SamplerSettings& settings, std::size_t tasks) {
    TinyModel options;
    options.type = DataType::q8_0;
    options.context = 512;
    TinyRuntime runtime(options, false, 32);
    for (std::size_t i = 0; i < tasks; ++i) {
        runtime.scheduler->add(std::make_unique<Walker>(i + 1, settings, 200));
    }
    allocations = 0;
    // All walk abreast: 20 tokens in the first step, one in each of the others.
    for (std::size_t length = 20; !runtime.scheduler->idle(); ++length) {
        counting = length > 30 && length < 199 && length % kPageTokens != 0 && length % kPageTokens != 1;
        runtime.scheduler->step(runtime.interrupt);
        counting = false;
    }
    return allocations;
}

}  // namespace

class TestDrawingAllocation : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_step_takes_no_memory_data() {
        QTest::addColumn<float>("temperature");
        QTest::addColumn<int>("top_k");
        QTest::addColumn<float>("repetition");
        QTest::newRow("greedy") << 0.0F << 0 << 1.0F;
        QTest::newRow("top k") << 0.8F << 40 << 1.1F;
        QTest::newRow("all") << 1.0F << 0 << 1.0F;
    }
    void a_step_takes_no_memory() {
        QFETCH(float, temperature);
        QFETCH(int, top_k);
        QFETCH(float, repetition);
        SamplerSettings settings;
        settings.temperature = temperature;
        settings.top_k = top_k;
        settings.repetition_penalty = repetition;
        settings.top_p = temperature > 0 && top_k > 0 ? 0.9F : 1.0F;
        for (const std::size_t tasks : {std::size_t{1}, std::size_t{3}}) {
            QCOMPARE(allocations_of(settings, tasks), 0);
        }
    }

    void the_counter_counts() {  // negative control
        allocations = 0;
        counting = true;
        ::operator delete(::operator new(1));
        counting = false;
        QVERIFY(allocations > 0);
    }
};

QTEST_GUILESS_MAIN(TestDrawingAllocation)
#include "test_drawing_allocation.moc"
