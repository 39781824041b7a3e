// SPDX-License-Identifier: Apache-2.0
// The switch between stacks, in the form for x86-64 and the portable one: order, what a stack keeps, floating
// point.
#include <cmath>
#include <vector>

#include <QTest>

#include "tests/cuda/emulator/context.h"

using tendril::emulator::Context;

namespace {

constexpr size_t kStackBytes = 256 * 1024;
constexpr int kFibers = 5, kRounds = 1000;

struct Fiber {
    Context context;
    std::vector<char> stack = std::vector<char>(kStackBytes);
    double sum = 0;
    bool aligned = false;
};

Context home;
std::vector<Fiber> fibers;
int current = 0, ended = 0;

void next_after(int self, bool ends) {
    Context& from = fibers[static_cast<size_t>(self)].context;
    current = (self + 1) % kFibers;
    if (ends && ++ended == kFibers) {
        Context::switch_to(from, home, true);
    } else {
        Context::switch_to(from, fibers[static_cast<size_t>(current)].context, ends);
    }
}

void body() {
    Context::arrived();
    const int self = current;
    alignas(16) char local[16] = {};
    fibers[static_cast<size_t>(self)].aligned = reinterpret_cast<uintptr_t>(local) % 16 == 0;
    double sum = 0;
    for (int i = 1; i <= kRounds; ++i) {
        sum += std::sqrt(static_cast<double>(i * (self + 1)));  // lives in registers across the switch
        if (i < kRounds) {
            next_after(self, false);
        }
    }
    fibers[static_cast<size_t>(self)].sum = sum;
    next_after(self, true);
}

}  // namespace

class TestContext : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void switchesBetweenStacks() {
        fibers = std::vector<Fiber>(kFibers);
        for (size_t i = 0; i < fibers.size(); ++i) {
            fibers[i].context.start(fibers[i].stack.data(), kStackBytes / 16 * 16, static_cast<unsigned>(i),
                                    body);
        }
        home.adopt_thread_stack();
        current = 0;
        Context::switch_to(home, fibers[0].context, false);
        QCOMPARE(ended, kFibers);
        for (int self = 0; self < kFibers; ++self) {
            double expected = 0;
            for (int i = 1; i <= kRounds; ++i) {
                expected += std::sqrt(static_cast<double>(i * (self + 1)));
            }
            QCOMPARE(fibers[static_cast<size_t>(self)].sum, expected);
            QVERIFY(fibers[static_cast<size_t>(self)].aligned);
        }
    }
};

QTEST_GUILESS_MAIN(TestContext)
#include "test_context.moc"
