// SPDX-License-Identifier: Apache-2.0
// A pool beside as many busy processes as cores keeps a good part of its share of the machine. Control:
// threads that get equal parts of each job and spin until the last is done, as is common, keep less. Bounds
// are wide: other programs may run on the machine of the test too.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

#include <QTest>

#include "engine/backend/cpu/thread_pool.h"

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#endif

namespace tendril::engine::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPieces = 24;
constexpr int kRounds = 7;
constexpr auto kTurn = std::chrono::milliseconds(150);

/// Some microseconds of arithmetic, the same in each call, however often the thread is interrupted.
void compute() {
    volatile double value = 1.5;
    for (int i = 0; i < 2500; ++i) {
        value = value * 1.0000001;
    }
}

/// Jobs per second for one turn.
template <typename Job>
double speed(Job&& job) {
    const auto start = Clock::now();
    double jobs = 0;
    while (Clock::now() - start < kTurn) {
        job();
        ++jobs;
    }
    return jobs / std::chrono::duration<double>(Clock::now() - start).count();
}

/// The control: each thread has a fixed part of every job, and waits without giving its core up.
class SpinningGang {
  public:
    explicit SpinningGang(unsigned threads) : threads_(threads) {
        for (unsigned i = 1; i < threads; ++i) {
            others_.emplace_back([this] { follow(); });
        }
    }
    ~SpinningGang() {
        stop_ = true;
        ++job_;
        for (std::thread& other : others_) {
            other.join();
        }
    }
    SpinningGang(const SpinningGang&) = delete;
    SpinningGang& operator=(const SpinningGang&) = delete;

    void run() {
        left_ = threads_ - 1;
        ++job_;
        part();
        while (left_ > 0) {
        }
    }

  private:
    void part() const {
        for (unsigned i = 0; i < kPieces / threads_; ++i) {
            compute();
        }
    }
    void follow() {
        for (unsigned seen = 0;;) {
            while (job_ == seen) {
            }
            ++seen;
            if (stop_) {
                return;
            }
            part();
            --left_;
        }
    }

    unsigned threads_;
    std::atomic<unsigned> job_{0};
    std::atomic<unsigned> left_{0};
    std::atomic<bool> stop_{false};
    std::vector<std::thread> others_;
};

#if defined(__linux__)
/// Processes that never rest; they end with this object, and with the test if that dies.
class Busy {
  public:
    explicit Busy(unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            const pid_t child = ::fork();
            if (child == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (std::atomic<unsigned> turns{0};;) {
                    ++turns;
                }
            }
            children_.push_back(child);
        }
    }
    ~Busy() {
        for (const pid_t child : children_) {
            if (child > 0) {
                ::kill(child, SIGKILL);
                ::waitpid(child, nullptr, 0);
            }
        }
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

  private:
    std::vector<pid_t> children_;
};
#endif

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

class SharingTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void besideAsManyBusyProcessesAsCores();
};

void SharingTest::besideAsManyBusyProcessesAsCores() {
#if !defined(__linux__)
    QSKIP("Busy processes are made with fork().");
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    QSKIP("Sanitizers change what threads cost.");
#else
    const unsigned threads = std::min(8U, std::thread::hardware_concurrency());
    if (threads < 2) {
        QSKIP("One core has no threads to wait for.");
    }
    std::vector<double> alone;
    std::vector<double> shared;
    std::vector<double> control;
    for (int round = 0; round < kRounds; ++round) {
        ThreadPool pool(threads);
        const auto job = [&] { pool.run(kPieces, [](std::size_t, unsigned) { compute(); }); };
        alone.push_back(speed(job));
        const Busy busy(threads);
        shared.push_back(speed(job));
        SpinningGang gang(threads);
        control.push_back(speed([&] { gang.run(); }));
    }
    const double share = median(shared) / median(alone);
    const double of_gang = median(control) / median(alone);
    qInfo("beside %u busy processes: %.2f of the speed alone, a spinning gang %.2f; a fair share is 0.5",
          threads, share, of_gang);
    QVERIFY(share >= 0.5 / 4);
    QVERIFY(share > of_gang);
#endif
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::SharingTest)
#include "sharing_test.moc"
