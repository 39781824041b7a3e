// SPDX-License-Identifier: Apache-2.0
// The fork-join pool: every piece once, nothing left behind when run() returns, also with far more threads
// than cores.
#include "engine/backend/cpu/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include <QTest>

namespace tendril::engine::test {

class ThreadPoolTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyPieceOnce();
    void manyShortJobs();
    void moreThreadsThanCores();
    void wakesFromSleep();
};

void ThreadPoolTest::everyPieceOnce() {
    for (const unsigned threads : {0U, 1U, 2U, 4U}) {
        ThreadPool pool(threads);
        QCOMPARE(pool.threads(), std::max(1U, threads));
        for (const std::size_t pieces :
             {0UL, 1UL, 2UL, 3UL, 64UL, 5000UL, 1100000UL}) {  // the last: more than a ticket holds
            std::vector<int> count(pieces, 0);
            std::atomic<unsigned> largest{0};
            pool.run(pieces, [&](std::size_t piece, unsigned thread) {
                ++count[piece];
                if (thread > largest) {
                    largest = thread;
                }
            });
            QVERIFY(std::all_of(count.begin(), count.end(), [](int n) { return n == 1; }));
            QVERIFY(largest < pool.threads());
        }
    }
}

/// Plain memory written by one job and read by the next: what ThreadSanitizer looks at, and what a late
/// thread would break.
void ThreadPoolTest::manyShortJobs() {
    ThreadPool pool(4);
    std::vector<std::size_t> values(17, 0);
    for (std::size_t job = 1; job <= 20000; ++job) {
        const std::size_t pieces = 2 + job % 16;
        pool.run(pieces, [&](std::size_t piece, unsigned) { values[piece] += job; });
        const std::size_t sum = std::accumulate(values.begin(), values.end(), std::size_t{0});
        QCOMPARE(sum, job * pieces);
        std::fill(values.begin(), values.end(), std::size_t{0});
    }
}

void ThreadPoolTest::moreThreadsThanCores() {
    ThreadPool pool(24);
    std::atomic<std::size_t> total{0};
    for (std::size_t job = 0; job < 2000; ++job) {
        pool.run(48, [&](std::size_t piece, unsigned) { total += piece; });
    }
    QCOMPARE(total.load(), std::size_t{2000 * 48 * 47 / 2});
}

void ThreadPoolTest::wakesFromSleep() {
    ThreadPool pool(4);
    for (int round = 0; round < 50; ++round) {
        QTest::qWait(2);  // longer than the workers spin
        std::atomic<int> count{0};
        pool.run(64, [&](std::size_t, unsigned) { ++count; });
        QCOMPARE(count.load(), 64);
    }
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::ThreadPoolTest)
#include "thread_pool_test.moc"
