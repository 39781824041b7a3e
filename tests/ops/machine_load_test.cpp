// SPDX-License-Identifier: Apache-2.0
// How many threads a fork-join uses beside other programs: the rule on recorded windows, the reading of
// /proc/stat, and a pool that is told of load by an injected reader.
#include "engine/backend/cpu/machine_load.h"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <QElapsedTimer>
#include <QTest>

#include "engine/backend/cpu/thread_pool.h"

namespace tendril::engine::test {
namespace {

/// A machine of four cores whose clock runs a window further with each reading.
class ToldLoad final : public LoadReader {
  public:
    explicit ToldLoad(const std::atomic<double>& others) : others_(others) {}
    std::optional<LoadReading> read() override {
        if (others_ < 0) {
            return {};
        }
        sums_.clock += kLoadWindow;
        sums_.idle += kLoadWindow * (4 - others_) / 2;
        sums_.ours += kLoadWindow * (4 - others_) / 2;
        sums_.cores = 4;
        return sums_;
    }

  private:
    const std::atomic<double>& others_;
    LoadReading sums_;
};

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
    void sharesBeside_data();
    void sharesBeside();
    void nearABorderAllStays();
    void readsTheCoresWeMayUse();
    void refusesATextItDoesNotKnow();
    void readsThisMachine();
    void aPoolFollowsItsReader();
    void aPoolWithoutAReaderUsesAll();
    void unusedThreadsSleep();
};

void MachineLoadTest::othersAreWhatIsNeitherIdleNorOurs() {
    const LoadReading from{10, 100, 50, 4};
    QCOMPARE(work_of_others(from, {11, 101, 52, 4}), 1.0);
    QCOMPARE(work_of_others(from, {12, 100, 52, 4}), 3.0);
    QCOMPARE(work_of_others(from, {11, 103, 52, 4}), 0.0);  // clocks of different grain: never below nothing
    QCOMPARE(work_of_others(from, from), 0.0);
    QCOMPARE(work_of_others(from, {9, 100, 50, 4}), 0.0);
}

void MachineLoadTest::sharesBeside_data() {
    QTest::addColumn<double>("others");
    QTest::addColumn<unsigned>("cores");
    QTest::addColumn<unsigned>("most");
    QTest::addColumn<unsigned>("wanted");
    QTest::addColumn<bool>("asleep");
    QTest::newRow("alone") << 0.0 << 4U << 4U << 4U << false;
    QTest::newRow("a light program") << 0.3 << 4U << 4U << 4U << false;
    QTest::newRow("one busy program") << 0.9 << 4U << 4U << 4U << true;
    QTest::newRow("two") << 1.5 << 4U << 4U << 3U << true;
    QTest::newRow("as many as cores") << 2.6 << 4U << 4U << 3U << true;
    QTest::newRow("far more") << 4.0 << 4U << 4U << 3U << true;
    QTest::newRow("half of the cores are ours, two are the others'") << 2.0 << 4U << 2U << 2U << false;
    QTest::newRow("two of eight") << 2.0 << 8U << 8U << 7U << true;
    QTest::newRow("three quarters stay") << 12.0 << 16U << 16U << 12U << true;
    QTest::newRow("one thread") << 3.0 << 4U << 1U << 1U << false;
    QTest::newRow("more threads than cores") << 0.0 << 4U << 6U << 5U << true;
}

void MachineLoadTest::sharesBeside() {
    QFETCH(const double, others);
    QFETCH(const unsigned, cores);
    QFETCH(const unsigned, most);
    QFETCH(const unsigned, wanted);
    QFETCH(const bool, asleep);
    // From whatever state it starts.
    for (unsigned now = 1; now <= most; ++now) {
        for (const bool slept : {false, true}) {
            QCOMPARE(share_beside(others, cores, most, {now, slept}), (Sharing{wanted, asleep}));
        }
    }
}

void MachineLoadTest::nearABorderAllStays() {
    QCOMPARE(share_beside(1.15, 4, 4, {4, true}).threads, 4U);
    QCOMPARE(share_beside(1.15, 4, 4, {3, true}).threads, 3U);
    QCOMPARE(share_beside(1.25, 4, 4, {4, true}).threads, 3U);
    QCOMPARE(share_beside(1.05, 4, 4, {3, true}).threads, 4U);
    QVERIFY(share_beside(0.5, 4, 4, {4, true}).waits_asleep);
    QVERIFY(!share_beside(0.5, 4, 4, {4, false}).waits_asleep);
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
    const auto run_until = [&](unsigned wanted) {
        QElapsedTimer timer;
        timer.start();
        while (pool.sharing().threads != wanted && timer.elapsed() < 20000) {
            std::atomic<int> count{0};
            pool.run(16, [&](std::size_t, unsigned) { ++count; });
            QCOMPARE(count.load(), 16);
        }
        QCOMPARE(pool.sharing().threads, wanted);
        QCOMPARE(pool.threads(), 4U);  // what is cut by their number is not cut otherwise
    };
    run_until(4);
    others = 2;
    run_until(3);
    others = -1;  // the reading fails: the number stays
    for (int i = 0; i < 1000; ++i) {
        pool.run(16, [](std::size_t, unsigned) {});
    }
    QCOMPARE(pool.sharing().threads, 3U);
    QVERIFY(pool.sharing().waits_asleep);
    others = 0.9;
    run_until(4);
    QVERIFY(pool.sharing().waits_asleep);
    others = 4;
    run_until(3);  // and is destroyed with a thread unused
}

void MachineLoadTest::aPoolWithoutAReaderUsesAll() {
    ThreadPool none(3, nullptr);
    QCOMPARE(none.sharing(), (Sharing{3, false}));
    ThreadPool refused(3, [](const std::vector<clockid_t>&) { return nullptr; });
    refused.run(16, [](std::size_t, unsigned) {});
    QCOMPARE(refused.sharing(), (Sharing{3, false}));
}

void MachineLoadTest::unusedThreadsSleep() {
    std::atomic<double> others{4};
    ThreadPool pool(4, [&](const std::vector<clockid_t>&) { return std::make_unique<ToldLoad>(others); });
    QElapsedTimer timer;
    timer.start();
    while (pool.sharing().threads != 3 && timer.elapsed() < 20000) {
        pool.run(16, [](std::size_t, unsigned) {});
    }
    QCOMPARE(pool.sharing().threads, 3U);
    // It may take pieces of the job that ran while it was told; from the next but a few on it takes none.
    std::array<std::atomic<int>, 4> taken{};
    const auto spread = [&](int jobs) {
        for (int job = 0; job < jobs; ++job) {
            pool.run(16, [&](std::size_t, unsigned thread) {
                ++taken[thread];
                std::this_thread::yield();
            });
        }
    };
    spread(200);
    taken[3] = 0;
    spread(2000);
    QCOMPARE(taken[3].load(), 0);
    others = 0;
    timer.start();
    while (taken[3] == 0 && timer.elapsed() < 20000) {
        spread(10);
    }
    QVERIFY(taken[3] > 0);  // else the test above could not fail
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::MachineLoadTest)
#include "machine_load_test.moc"
