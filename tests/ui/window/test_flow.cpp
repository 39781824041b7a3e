// SPDX-License-Identifier: Apache-2.0
// The GUI thread stays free while an answer streams: a watchdog timer counts how late it gets its turn.
#include <QAction>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QPlainTextEdit>
#include <QTest>
#include <QTimer>

#include "tests/ui/window/fake_port.h"
#include "ui/window/main_window.h"

namespace tendril::ui {

class TestFlow final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void streamingKeepsTheWindowFree();
    void longDraftKeepsTheWindowFree();
};

void TestFlow::streamingKeepsTheWindowFree() {
    constexpr int kTokens = 1000;
    constexpr int kWatchMs = 5;
    constexpr qint64 kLateMs =
        100;  // stop must be seen within this; a sanitizer build and a busy machine are within it too
    FakePort port;
    MainWindow window(port, app::Settings(), QString());
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    port.ready();
    QVector<app::MessageItem> messages;
    for (int i = 1; i <= 200; ++i) {
        messages.append(FakePort::message(i,
                                          i % 2 == 1 ? app::MessageRole::user : app::MessageRole::assistant,
                                          QStringLiteral("Some **text** with `code`, number %1.").arg(i)));
    }
    messages.append(FakePort::message(201, app::MessageRole::user, QStringLiteral("Go")));
    port.open(1, messages);
    Q_EMIT port.messageAdded(
        FakePort::message(202, app::MessageRole::assistant, QString(), app::MessageState::streaming));
    QTest::qWait(50);

    QElapsedTimer since;
    qint64 worst = 0;
    QTimer watchdog;
    watchdog.setInterval(kWatchMs);
    connect(&watchdog, &QTimer::timeout, this, [&] { worst = std::max(worst, since.restart() - kWatchMs); });
    int told = 0;
    QEventLoop loop;  // not QTRY: that sleeps between its looks
    QTimer::singleShot(60000, &loop, &QEventLoop::quit);
    QTimer source;
    source.setInterval(1);
    connect(&source, &QTimer::timeout, this, [&] {
        app::TurnStatus status;
        status.generating = true;
        status.tokensPerSecond = 40;
        status.contextUsed = static_cast<quint32>(told);
        status.contextLimit = 8192;
        Q_EMIT port.turnChanged(status);
        Q_EMIT port.messageTextAppended(
            202, told % 12 == 11 ? QStringLiteral("end.\n\n") : QStringLiteral("token "));
        if (++told == kTokens) {
            loop.quit();
        }
    });
    since.start();
    watchdog.start();
    source.start();
    loop.exec();
    source.stop();
    watchdog.stop();
    QCOMPARE(told, kTokens);
    QVERIFY2(worst < kLateMs, qPrintable(QStringLiteral("the event loop was late by %1 ms").arg(worst)));

    QTest::keyClick(window.findChild<QPlainTextEdit*>(QStringLiteral("composerEdit")), Qt::Key_Escape);
    QVERIFY(port.calls.contains(QStringLiteral("stop")));
}

void TestFlow::longDraftKeepsTheWindowFree() {
    FakePort port;
    MainWindow window(port, app::Settings(), QString());
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    auto* editor = window.findChild<QPlainTextEdit*>(QStringLiteral("composerEdit"));
    editor->setPlainText(QStringLiteral("a line of a long text that was pasted\n").repeated(20000));
    editor->moveCursor(QTextCursor::End);
    QTest::qWait(10);
    QElapsedTimer clock;
    clock.start();
    QTest::keyClicks(editor, QStringLiteral("0123456789"));
    QCoreApplication::processEvents();
    QVERIFY2(clock.elapsed() < 1000, qPrintable(QStringLiteral("%1 ms for ten keys").arg(clock.elapsed())));
    QVERIFY2(editor->height() < window.height() / 2, "the editor leaves room for the conversation");
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestFlow)
#include "test_flow.moc"
