// SPDX-License-Identifier: Apache-2.0
// Limits on another program bite, each of them: memory, processor time, time, output; and it gets nothing of
// ours.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <QtTest>

#include "app/documents/child_process.h"

using namespace tendril;
using namespace tendril::app;
using End = ChildResult::End;

namespace {

ChildOrder order(const char* what) {
    ChildOrder order;
    order.arguments = {TENDRIL_HOSTILE, what};
    order.limits.wall = std::chrono::seconds(20);
    return order;
}

Result<ChildResult> run(const ChildOrder& order) {
    return run_child(order, [] { return false; });
}

}  // namespace

class TestChildProcess : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void whatItSaysComesBack() {
        const auto result = run(order("hello"));
        QVERIFY(result.has_value());
        QCOMPARE(result->end, End::exited);
        QCOMPARE(result->code, 3);
        QCOMPARE(result->output, std::string("hello\n"));
    }

    void aProgramThatIsNotThereIsAnError() {
        ChildOrder none = order("hello");
        none.arguments[0] = "/nonexistent/program";
        QVERIFY(!run(none));
        none.arguments.clear();
        QVERIFY(!run(none));
    }

    void memoryIsLimited() {
        ChildOrder eats = order("memory");
        eats.limits.address_space = 256U << 20U;
        const auto result = run(eats);
        QCOMPARE(result->end, End::exited);
        const int taken = std::stoi(result->output);
        QVERIFY2(taken >= 64 && taken < 256, result->output.c_str());
        eats.limits.address_space = 512U << 20U;  // the control: twice the room, and it takes more
        QVERIFY(std::stoi(run(eats)->output) > taken + 128);
    }

    void processorTimeIsLimited() {
        ChildOrder loops = order("loop");
        loops.limits.cpu_seconds = 1;
        QElapsedTimer clock;
        clock.start();
        const auto result = run(loops);
        QCOMPARE(result->end, End::too_long);
        QVERIFY(result->code != 0);  // the kernel ended it, not our clock
        QVERIFY(clock.elapsed() < 19'000);
    }

    void timeIsLimited() {
        for (const char* what : {"wait", "close"}) {
            ChildOrder waits = order(what);
            waits.limits.wall = std::chrono::milliseconds(300);
            QElapsedTimer clock;
            clock.start();
            const auto result = run(waits);
            QCOMPARE(result->end, End::too_long);
            QVERIFY(clock.elapsed() >= 290 && clock.elapsed() < 10'000);
        }
    }

    void outputIsLimited() {
        ChildOrder writes = order("forever");
        writes.limits.output = 1U << 20U;
        const auto result = run(writes);
        QCOMPARE(result->end, End::too_much);
        QVERIFY(result->output.size() <= (1U << 20U) + 1);
    }

    void cancellingKillsIt() {
        ChildOrder writes = order("wait");
        int asked = 0;
        const auto result = run_child(writes, [&asked] { return ++asked > 3; });
        QCOMPARE(result->end, End::cancelled);
    }

    void aCrashIsNotOurs() {
        const auto result = run(order("crash"));
        QCOMPARE(result->end, End::killed);
        QCOMPARE(result->code, SIGABRT);
    }

    void nothingOfItStays() {
        ChildOrder leaves = order("child");
        leaves.limits.wall = std::chrono::milliseconds(1500);
        const auto result = run(leaves);
        const auto space = result->output.find(' ');
        QVERIFY(space != std::string::npos);
        const int child = std::stoi(result->output.substr(space));
        // Where we are root it could begin one, which the pipe waited for: that is dead by now as its group
        // is.
        if (child > 0) {
            QTRY_VERIFY(::kill(child, 0) != 0 ||
                        QFile::exists(QStringLiteral("/proc/%1/stat").arg(child)) == false || [&] {
                            QFile stat(QStringLiteral("/proc/%1/stat").arg(child));
                            return stat.open(QIODevice::ReadOnly) && stat.readAll().contains(") Z");
                        }());
        }
    }

    void itGetsNothingOfOurs() {
        ::setenv("TENDRIL_SECRET", "yes", 1);
        const int inherited = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library might
        QVERIFY(inherited > 2);
        const auto result = run(order("look"));
        ::close(inherited);
        ::unsetenv("TENDRIL_SECRET");
        QCOMPARE(result->end, End::exited);
        const QString seen = QString::fromStdString(result->output);
        QVERIFY2(seen.contains("open 0 1 2\n"), result->output.c_str());
        QVERIFY2(!seen.contains("SECRET") && seen.count("env ") == 2, result->output.c_str());
        QVERIFY2(seen.contains("privileges 0") && seen.contains("group 1"), result->output.c_str());
        QVERIFY2(seen.contains("file 0"), result->output.c_str());
#if defined(__x86_64__)
        QVERIFY2(seen.contains("socket 0"), result->output.c_str());
#endif
    }
};

QTEST_GUILESS_MAIN(TestChildProcess)
#include "test_child_process.moc"
