// SPDX-License-Identifier: Apache-2.0
// Short turns on a core: asked for by a pool's threads, and nothing else of a thread is changed.
#include "engine/backend/cpu/short_turns.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include <QTest>

#include "engine/backend/cpu/thread_pool.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tendril::engine::test {
namespace {

/// The length of the calling thread's turns in nanoseconds as the system tells it; 0: it does not.
std::uint64_t turn_of_this_thread() {
#if defined(__linux__) && defined(SYS_sched_getattr)
    std::array<std::uint64_t, 6> attributes{};  // sched_attr: its fourth word is the length
    if (::syscall(SYS_sched_getattr, 0, attributes.data(), sizeof attributes, 0) == 0) {
        return attributes[3];
    }
#endif
    return 0;
}

/// Each in a thread of its own, so that no test changes the thread of the others.
template <typename Work>
void in_a_thread(Work&& work) {
    std::thread(work).join();
}

}  // namespace

class ShortTurnsTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        if (turn_of_this_thread() == 0) {
            QSKIP("This system does not tell the length of a thread's turns (Linux does since 6.12).");
        }
        QVERIFY(turn_of_this_thread() != kShortTurn);  // else no test here could fail
    }

    void ofThisThreadOnly() {
        std::uint64_t before = 0;
        std::uint64_t after = 0;
        bool granted = false;
        in_a_thread([&] {
            before = turn_of_this_thread();
            granted = ask_for_short_turns();
            after = turn_of_this_thread();
        });
        QVERIFY(granted);
        QVERIFY(before > kShortTurn);
        QCOMPARE(after, kShortTurn);
        QVERIFY(turn_of_this_thread() > kShortTurn);
    }

    void theShareStays() {
#if defined(__linux__)
        int nice = 0;
        int policy = -1;
        in_a_thread([&] {
            const auto self = static_cast<id_t>(::syscall(SYS_gettid));
            ::setpriority(PRIO_PROCESS, self, 7);
            ask_for_short_turns();
            nice = ::getpriority(PRIO_PROCESS, self);
            policy = ::sched_getscheduler(0);
        });
        QCOMPARE(nice, 7);
        QCOMPARE(policy, SCHED_OTHER);
#endif
    }

    void anIdleThreadIsLeftAlone() {
#if defined(__linux__)
        bool granted = true;
        int policy = -1;
        in_a_thread([&] {
            const sched_param none{};
            ::sched_setscheduler(0, SCHED_IDLE, &none);
            granted = ask_for_short_turns();
            policy = ::sched_getscheduler(0);
        });
        QVERIFY(!granted);
        QCOMPARE(policy, SCHED_IDLE);
#endif
    }

    void allThreadsOfAPool() {
        std::array<std::atomic<std::uint64_t>, 3> turns{};
        in_a_thread([&] {
            ThreadPool pool(3);
            const auto seen = [&](std::uint64_t turn) { return turn != 0; };
            while (!std::all_of(turns.begin(), turns.end(), seen)) {
                pool.run(64, [&](std::size_t, unsigned thread) {
                    turns[thread] = turn_of_this_thread();
                    std::this_thread::yield();  // lets the others come to a piece
                });
            }
        });
        for (const auto& turn : turns) {
            QCOMPARE(turn.load(), kShortTurn);
        }
    }

    void aPoolOfOneAsksForNothing() {
        std::uint64_t turn = 0;
        in_a_thread([&] {
            ThreadPool pool(1);
            turn = turn_of_this_thread();
        });
        QVERIFY(turn > kShortTurn);
    }
};

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::ShortTurnsTest)
#include "short_turns_test.moc"
