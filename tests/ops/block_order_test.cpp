// SPDX-License-Identifier: Apache-2.0
// Turns of blocks of rows: every stage of every block once and in order, never before what it needs, and
// something to do for the others while one is held up.
#include "engine/backend/cpu/block_order.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <QTest>

namespace tendril::engine::test {

class BlockOrderTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyStageInOrder();
    void goesOnBesideAHeldBlock();
    void givesUp();
};

/// Threads more than cores; each turn checks that what it needs is there.
void BlockOrderTest::everyStageInOrder() {
    constexpr std::uint32_t kStages = 40;
    BlockOrder order;
    for (const std::size_t blocks : {1UL, 2UL, 7UL, 22UL}) {
        for (const std::size_t ahead : {1UL, 2UL, 30UL}) {
            const auto needed = [&](std::size_t block) { return std::min(blocks, block + ahead); };
            order.begin(blocks, kStages, needed);
            std::vector<std::atomic<std::uint32_t>> done(blocks);
            std::atomic<int> wrong{0};
            std::vector<std::thread> threads;
            for (int i = 0; i < 6; ++i) {
                threads.emplace_back([&] {
                    while (const auto turn = order.take()) {
                        wrong += done[turn->block].load() != turn->stage;
                        for (std::size_t b = 0; turn->stage > 0 && b < needed(turn->block); ++b) {
                            wrong += done[b].load() < turn->stage;
                        }
                        ++done[turn->block];
                        order.done(*turn);
                    }
                });
            }
            for (std::thread& thread : threads) {
                thread.join();
            }
            QCOMPARE(wrong.load(), 0);
            for (const auto& stages : done) {
                QCOMPARE(stages.load(), kStages);
            }
        }
    }
}

/// Whichever block a thread sits on: with an end of each stage for all, the others could do 7 turns at most.
void BlockOrderTest::goesOnBesideAHeldBlock() {
    constexpr std::size_t kBlocks = 8;
    constexpr std::uint32_t kStages = 31;
    for (std::size_t held = 0; held < kBlocks; ++held) {
        BlockOrder order;
        order.begin(kBlocks, kStages, [=](std::size_t block) { return std::min(block + 1, kBlocks); });
        int turns = 0;
        bool holding = false;
        while (const auto turn = order.try_take()) {
            if (turn->block == held && turn->stage == 15) {
                holding = true;
                turns = 0;
                continue;  // never done
            }
            ++turns;
            order.done(*turn);
        }
        QVERIFY(holding);
        QVERIFY2(turns > 7, qPrintable(QString::number(turns)));
    }
}

void BlockOrderTest::givesUp() {
    BlockOrder order;
    order.begin(2, 3, [](std::size_t) { return std::size_t{2}; });
    const auto first = order.take();
    const auto second = order.take();
    QVERIFY(first && second);
    QVERIFY(!order.try_take());  // both wait for each other's first stage
    std::thread waits([&] { QVERIFY(!order.take()); });
    order.give_up();
    waits.join();
    order.done(*first);
    order.done(*second);
    QVERIFY(!order.take());
    order.begin(2, 3, [](std::size_t) { return std::size_t{2}; });
    QVERIFY(order.take().has_value());  // a new step
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::BlockOrderTest)
#include "block_order_test.moc"
