// SPDX-License-Identifier: Apache-2.0
// How a fork-join waits beside other programs: the rule on recorded windows, the reading of
// /proc/stat, and a pool that is told of load by an injected reader.
#include "engine/backend/cpu/machine_load.h"

#include <atomic>
#include <chrono>

#include <QElapsedTimer>
#include <QTest>

#include "engine/backend/cpu/thread_pool.h"
#include "tests/ops/told_load.h"

namespace tendril::engine::test {
namespace {

constexpr std::string_view kProcStat =
    "cpu  100 20 30 4000 50 0 7 5 0 0\n"
    "cpu0 10 2 3 1000 10 0 1 1 0 0\n"
    "cpu1 20 2 3 2000 20 0 1 1 0 0\n"
    "cpu3 30 2 3 4000 40 0 1 1 0 0\n"
    "intr 12345 0 0\n";

}  // namespace

class MachineLoadTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void othersAreWhatIsNeitherIdleNorOurs();
    void waitsAsleepBeside_data();
    void waitsAsleepBeside();
    void nearTheBorderAllStays();
    void readsTheCoresWeMayUse();
    void refusesATextItDoesNotKnow();
    void readsThisMachine();
    void aPoolFollowsItsReader();
    void aPoolWithoutAReaderSpins();
};

void MachineLoadTest::othersAreWhatIsNeitherIdleNorOurs() {
    const LoadReading from{10, 100, 50, 4};
    QCOMPARE(work_of_others(from, {11, 101, 52, 4}), 1.0);
    QCOMPARE(work_of_others(from, {12, 100, 52, 4}), 3.0);
    QCOMPARE(work_of_others(from, {11, 103, 52, 4}), 0.0);  // clocks of different grain: never below nothing
    QCOMPARE(work_of_others(from, from), 0.0);
    QCOMPARE(work_of_others(from, {9, 100, 50, 4}), 0.0);
}

void MachineLoadTest::waitsAsleepBeside_data() {
    QTest::addColumn<double>("others");
    QTest::addColumn<unsigned>("cores");
    QTest::addColumn<unsigned>("threads");
    QTest::addColumn<bool>("wanted");
    QTest::newRow("alone") << 0.0 << 4U << 4U << false;
    QTest::newRow("a light program") << 0.3 << 4U << 4U << false;
    QTest::newRow("one busy program") << 0.9 << 4U << 4U << false;
    QTest::newRow("two, one of them at half") << 1.8 << 4U << 4U << true;
    QTest::newRow("as many as cores") << 2.6 << 4U << 4U << true;
    QTest::newRow("half of the cores are ours, three are the others'") << 3.0 << 4U << 2U << false;
    QTest::newRow("half of the cores are ours, all are the others' too") << 4.0 << 4U << 2U << true;
    QTest::newRow("one thread on a full machine") << 3.0 << 4U << 1U << false;
    QTest::newRow("more threads than cores") << 0.0 << 4U << 6U << true;
}

void MachineLoadTest::waitsAsleepBeside() {
    QFETCH(const double, others);
    QFETCH(const unsigned, cores);
    QFETCH(const unsigned, threads);
    QFETCH(const bool, wanted);
    for (const bool now : {false, true}) {
        QCOMPARE(waits_asleep_beside(others, cores, threads, now), wanted);
    }
}

void MachineLoadTest::nearTheBorderAllStays() {
    QVERIFY(waits_asleep_beside(1.5, 4, 4, true));
    QVERIFY(!waits_asleep_beside(1.5, 4, 4, false));
}

void MachineLoadTest::readsTheCoresWeMayUse() {
    QCOMPARE(idle_seconds(kProcStat, {0}, 100).value(), 10.1);
    QCOMPARE(idle_seconds(kProcStat, {0, 3}, 100).value(), 50.5);
    QCOMPARE(idle_seconds(kProcStat, {0, 1, 3}, 1000).value(), 7.07);
}

void MachineLoadTest::refusesATextItDoesNotKnow() {
    QVERIFY(!idle_seconds(kProcStat, {2}, 100));
    QVERIFY(!idle_seconds(kProcStat, {3, 4}, 100));
    QVERIFY(!idle_seconds("", {0}, 100));
    QVERIFY(!idle_seconds("cpu0", {0}, 100));
    QVERIFY(!idle_seconds("cpu0 1 2 3\n", {0}, 100));
    QVERIFY(!idle_seconds("cpu0 1 2 3 four 5\n", {0}, 100));
    QVERIFY(!idle_seconds("cpux 1 2 3 4 5\ncpu0 1 2 3", {0}, 100));
    QVERIFY(idle_seconds("cpu0 1 2 3 4 5", {0}, 100));  // the shortest that is known
}

void MachineLoadTest::readsThisMachine() {
    const auto reader = make_load_reader({});
    if (reader == nullptr) {
        QSKIP("This system does not tell how long its cores were idle.");
    }
    const auto first = reader->read();
    QVERIFY(first);
    QVERIFY(first->cores >= 1);
    volatile unsigned spin = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    while (std::chrono::steady_clock::now() < end) {
        spin = spin + 1;
    }
    const auto second = reader->read();
    QVERIFY(second);
    QVERIFY(second->clock - first->clock >= 0.1);
    QVERIFY(second->ours > first->ours);  // this thread's
    QVERIFY(second->idle >= first->idle);
    QVERIFY(second->idle - first->idle <=
            (second->clock - first->clock) * second->cores + 0.02 * second->cores);
}

void MachineLoadTest::aPoolFollowsItsReader() {
    std::atomic<double> others{0};
    ThreadPool pool(4, [&](const std::vector<clockid_t>& clocks) -> std::unique_ptr<LoadReader> {
        return clocks.size() == 3 ? std::make_unique<ToldLoad>(others) : nullptr;
    });
    const auto run = [&] {
        std::atomic<int> count{0};
        pool.run(16, [&](std::size_t, unsigned) { ++count; });
        QCOMPARE(count.load(), 16);
    };
    const auto run_until = [&](bool asleep) {
        QElapsedTimer timer;
        timer.start();
        while (pool.waits_asleep() != asleep && timer.elapsed() < 20000) {
            run();
        }
        QCOMPARE(pool.waits_asleep(), asleep);
        for (int i = 0; i < 500; ++i) {
            run();
        }
    };
    run_until(false);
    others = 2;
    run_until(true);
    others = -1;  // the reading fails: all stays
    for (int i = 0; i < 1000; ++i) {
        run();
    }
    QVERIFY(pool.waits_asleep());
    pool.keep_together(true);
    QVERIFY(!pool.waits_asleep());
    run();
    pool.keep_together(false);
    QVERIFY(pool.waits_asleep());
    others = 0;
    run_until(false);
    others = 4;
    run_until(true);  // and is destroyed so
}

void MachineLoadTest::aPoolWithoutAReaderSpins() {
    ThreadPool none(3, nullptr);
    none.run(16, [](std::size_t, unsigned) {});
    QVERIFY(!none.waits_asleep());
    ThreadPool refused(3, [](const std::vector<clockid_t>&) { return nullptr; });
    refused.run(16, [](std::size_t, unsigned) {});
    QVERIFY(!refused.waits_asleep());
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::MachineLoadTest)
#include "machine_load_test.moc"
