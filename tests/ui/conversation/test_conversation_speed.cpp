// SPDX-License-Identifier: Apache-2.0
// A long conversation costs no more than a short one: time to show, frames while streaming, memory. The
// figures are printed; what is asserted leaves room for a loaded machine.
#include <time.h>

#include <algorithm>
#include <vector>

#include <QElapsedTimer>
#include <QFile>

#include "tests/ui/conversation/view_fixture.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;
using app::MessageState;

namespace {

double residentMiB() {
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly)) {
        return 0;
    }
    return file.readAll().split(' ').value(1).toDouble() * 4096 / 1048576;
}

/// Of this thread alone: what a frame costs, whatever else the machine does.
double cpuMs() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Frames {
    std::vector<double> ms;   // by the clock
    std::vector<double> cpu;  // of the thread
    double costAt(double share) {
        std::sort(cpu.begin(), cpu.end());
        return cpu.empty() ? 0
                           : cpu[std::min(cpu.size() - 1,
                                          static_cast<std::size_t>(share * static_cast<double>(cpu.size())))];
    }
    double at(double share) {
        std::sort(ms.begin(), ms.end());
        return ms.empty() ? 0
                          : ms[std::min(ms.size() - 1,
                                        static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
    }
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kChecked = 15;  // what the sanitizers slow down; memory is theirs then
#else
constexpr double kChecked = 1;
#endif
constexpr double kFrame = 16 * kChecked;  // ms of the GUI thread
constexpr double kSlack = 2 * kChecked;   // for a loaded machine

/// Streams `text` in tokens, as many at a time as arrive in a thirtieth of a second at 100 tokens/s; gives
/// the time of each frame.
Frames stream(ConversationView& view, qint64 id, const QString& text, int characters = 14) {
    Frames frames;
    QElapsedTimer timer;
    for (qsizetype at = 0; at < text.size(); at += characters) {
        timer.start();
        const double before = cpuMs();
        view.appendText(id, text.mid(at, characters));
        view.viewport()->repaint();
        frames.ms.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        frames.cpu.push_back(cpuMs() - before);
    }
    return frames;
}

}  // namespace

class TestConversationSpeed : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void twoThousandMessages() {
        auto view = shownView(1'000, 800);
        view->setMessages(longConversation(4));
        paint(*view);
        const double before = residentMiB();
        const QVector<app::MessageItem> messages = longConversation(2'000);
        QElapsedTimer timer;
        timer.start();
        view->setMessages(messages);
        view->viewport()->repaint();
        const double shown = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        qInfo("2,000 messages: set and first painting %.1f ms, %.1f MiB more", shown, residentMiB() - before);
        QVERIFY(shown < 105 * kSlack);
        view->appendMessage(message(9'999, MessageRole::assistant, {}, MessageState::streaming));
        Frames frames = stream(*view, 9'999, longAnswer(1).repeated(12));
        qInfo("streaming below them: %zu frames, median %.2f ms, p99 %.2f ms, worst %.2f ms",
              frames.ms.size(), frames.at(0.5), frames.at(0.99), frames.at(1.0));
        QVERIFY(frames.costAt(0.99) < kFrame);
        Frames scrolling;
        QScrollBar* bar = view->verticalScrollBar();
        for (int i = 0; i < 400; ++i) {
            timer.start();
            const double start = cpuMs();
            bar->setValue(bar->value() - 120);
            view->viewport()->repaint();
            scrolling.ms.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
            scrolling.cpu.push_back(cpuMs() - start);
        }
        qInfo("scrolling: median %.2f ms, p99 %.2f ms, worst %.2f ms", scrolling.at(0.5), scrolling.at(0.99),
              scrolling.at(1.0));
        QVERIFY(scrolling.costAt(0.99) < kFrame);
        timer.start();
        bar->setValue(0);
        view->viewport()->repaint();
        qInfo("jump to the beginning: %.1f ms; kept laid out: %d messages; %.1f MiB more",
              static_cast<double>(timer.nsecsElapsed()) / 1e6, view->transcript().frameCount(),
              residentMiB() - before);
        QVERIFY(view->transcript().frameCount() < 60);
        QVERIFY(kChecked > 1 || residentMiB() - before < 40);
    }

    /// A frame at the end of a long answer takes as long as one at its beginning.
    void longAnswerStreamsEvenly() {
        auto view = shownView(1'000, 800);
        view->setMessages({message(1, MessageRole::assistant, {}, MessageState::streaming)});
        Frames first = stream(*view, 1, longAnswer(1).repeated(8));
        view->appendText(1, longAnswer(2).repeated(8'000));  // 2 MB
        view->viewport()->repaint();
        Frames last = stream(*view, 1, longAnswer(3).repeated(8));
        qInfo("median frame: %.2f ms at first, %.2f ms behind 2 MB; p99 %.2f and %.2f ms", first.at(0.5),
              last.at(0.5), first.at(0.99), last.at(0.99));
        QVERIFY(view->transcript().item(0).text.size() > 2'000'000);
        QVERIFY(last.costAt(0.5) < 2 * first.costAt(0.5) + 1);
        QVERIFY(last.costAt(0.99) < kFrame);
    }

    void growingCodeStreamsEvenly() {
        auto view = shownView(1'000, 800);
        view->setMessages(
            {message(1, MessageRole::assistant, QStringLiteral("```cpp\n"), MessageState::streaming)});
        const QString code = QStringLiteral("    if (x > 0) { y += f(x, \"text\"); } // and so on\n");
        Frames first = stream(*view, 1, code.repeated(100));
        view->appendText(1, code.repeated(40'000));
        view->viewport()->repaint();
        Frames last = stream(*view, 1, code.repeated(100));
        qInfo("median frame in code: %.2f ms at first, %.2f ms behind 2 MB; p99 %.2f ms", first.at(0.5),
              last.at(0.5), last.at(0.99));
        QVERIFY(last.costAt(0.5) < 2 * first.costAt(0.5) + 1);
        QVERIFY(last.costAt(0.99) < kFrame);
    }

    void twoMegabytesOpen() {
        auto view = shownView(1'000, 800);
        QElapsedTimer timer;
        timer.start();
        view->setMessages({message(1, MessageRole::user, QStringLiteral("q")),
                           message(2, MessageRole::assistant, longAnswer(5).repeated(8'000))});
        view->viewport()->repaint();
        const double shown = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        timer.start();
        view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum() / 2);
        view->viewport()->repaint();
        qInfo("2 MB in one answer: shown in %.1f ms, jump to its middle %.1f ms", shown,
              static_cast<double>(timer.nsecsElapsed()) / 1e6);
        QVERIFY(shown < 300 * kSlack);
        QVERIFY(view->find(QStringLiteral("last sentence")));
    }
};

QTEST_MAIN(TestConversationSpeed)
#include "test_conversation_speed.moc"
