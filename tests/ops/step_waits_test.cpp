// SPDX-License-Identifier: Apache-2.0
// When the threads of the pool stay together beside other programs: by the length of steps, on a clock that
// the test holds and a load that it tells.
#include "engine/backend/cpu/step_waits.h"

#include <atomic>
#include <ctime>

#include <QElapsedTimer>
#include <QTest>

#include "tests/ops/told_load.h"

namespace tendril::engine::test {
namespace {

using Seconds = StepWaits::Seconds;

Seconds g_now{};  // a plain function reads it, and only this test's thread does

Seconds told_time() {
    return g_now;
}

double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void run(ThreadPool& pool) {
    std::atomic<int> count{0};
    pool.run(16, [&](std::size_t, unsigned) { ++count; });
    QCOMPARE(count.load(), 16);
}

void run_until_short(ThreadPool& pool, bool is_short) {
    QElapsedTimer timer;
    timer.start();
    while (pool.short_of_cores() != is_short && timer.elapsed() < 20000) {
        run(pool);
    }
    QCOMPARE(pool.short_of_cores(), is_short);
}

}  // namespace

class StepWaitsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { g_now = {}; }
    void aloneNothingIsMeasured();
    void shortStepsSleep();
    void longStepsStayTogether();
    void manyRowsStayTogetherAtOnce();
    void aStepThatWasLongOnceIsMeasuredAgain();
    void whoWaitsTooLongSleepsAfterAll();

  private:
    ThreadPool make_pool() {
        return ThreadPool(
            4, [this](const std::vector<clockid_t>&) { return std::make_unique<ToldLoad>(others_); });
    }
    /// Whether its threads stayed together.
    static bool step(ThreadPool& pool, StepWaits& waits, std::size_t rows, Seconds took) {
        waits.begin(rows);
        const bool together = !pool.waits_asleep();
        run(pool);
        g_now += took;
        waits.end();
        waits.begin_logits();
        const bool still = !pool.waits_asleep();
        waits.end();
        [&] { QCOMPARE(still, together); }();
        [&] { QVERIFY(pool.waits_asleep() == pool.short_of_cores()); }();  // between steps
        return together;
    }

    std::atomic<double> others_{0};
    static constexpr Seconds kLong = 2 * kLongStep;
    static constexpr Seconds kShort = kLongStep / 2;
};

void StepWaitsTest::aloneNothingIsMeasured() {
    ThreadPool pool = make_pool();
    StepWaits waits(pool, told_time);
    run_until_short(pool, false);
    for (int i = 0; i < 3; ++i) {
        step(pool, waits, 1, kLong);
    }
    others_ = 4;
    run_until_short(pool, true);
    QVERIFY(!step(pool, waits, 1, kShort));  // it is not known yet: alone, threads spin
}

void StepWaitsTest::shortStepsSleep() {
    others_ = 4;
    ThreadPool pool = make_pool();
    StepWaits waits(pool, told_time);
    run_until_short(pool, true);
    for (int i = 0; i < 5; ++i) {
        QVERIFY(!step(pool, waits, 1, kShort));
    }
}

void StepWaitsTest::longStepsStayTogether() {
    others_ = 4;
    ThreadPool pool = make_pool();
    StepWaits waits(pool, told_time);
    run_until_short(pool, true);
    QVERIFY(!step(pool, waits, 8, kLong));
    for (int i = 0; i < 5; ++i) {
        QVERIFY(step(pool, waits, 8, kShort));  // what they take together says nothing
    }
    QVERIFY(!step(pool, waits, 1, kShort));  // each number of rows by itself
    QVERIFY(!step(pool, waits, 1, kShort));
    QVERIFY(step(pool, waits, 8, kLong));
}

void StepWaitsTest::manyRowsStayTogetherAtOnce() {
    others_ = 4;
    ThreadPool pool = make_pool();
    StepWaits waits(pool, told_time);
    run_until_short(pool, true);
    QVERIFY(step(pool, waits, 512, kShort));
    QVERIFY(!step(pool, waits, 32, kShort));
}

void StepWaitsTest::aStepThatWasLongOnceIsMeasuredAgain() {
    others_ = 4;
    ThreadPool pool = make_pool();
    StepWaits waits(pool, told_time);
    run_until_short(pool, true);
    QVERIFY(!step(pool, waits, 1, kLong));  // the first, which reads the model from the disk
    int together = 0;
    while (together < 1000 && step(pool, waits, 1, kShort)) {
        ++together;
    }
    QVERIFY2(together > 10 && together < 100, QByteArray::number(together));
    QVERIFY(!step(pool, waits, 1, kShort));
}

void StepWaitsTest::whoWaitsTooLongSleepsAfterAll() {
    others_ = 4;
    ThreadPool pool = make_pool();
    run_until_short(pool, true);
    pool.keep_together(true);
    run(pool);
    // Nothing comes: after a while the threads that wait take no time, or they would take three seconds each
    // second.
    QElapsedTimer timer;
    timer.start();
    double spent = 1;
    while (spent > 0.02 && timer.elapsed() < 20000) {
        const double before = processor_seconds();
        QTest::qSleep(100);
        spent = processor_seconds() - before;
    }
    QVERIFY2(spent <= 0.02, QByteArray::number(spent));
    run(pool);
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::StepWaitsTest)
#include "step_waits_test.moc"
