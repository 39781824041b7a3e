// SPDX-License-Identifier: Apache-2.0
// Answers in parallel in the window: the switch beside the composer, an outline that fills, retry as a normal
// answer, all by keyboard.
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QLabel>
#include <QMenu>
#include <QTest>
#include <QTimer>

#include "tests/ui/window/window_fixture.h"
#include "ui/conversation/conversation_view.h"
#include "ui/window/answer_mode_button.h"

namespace tendril::ui {

using app::AnswerMode;
using app::MessageRole;
using app::MessageState;

class TestAnswerModes final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void theSwitchIsUsedByKey();
    void theSwitchShowsTheConversation();
    void anAnswerGrowsInPoints();
    void stopAndEditKeepTheirKeys();
    void retryAsANormalAnswerByKey();
    void theShortcutsAreListed();

  private:
    AnswerModeButton* button() const { return window_->findChild<AnswerModeButton*>(); }
    ConversationView* view() const { return window_->findChild<ConversationView*>(); }
    static app::ExpansionItem outline();
    void ask();
};

app::ExpansionItem TestAnswerModes::outline() {
    app::ExpansionItem expansion;
    expansion.skeleton = true;
    expansion.reasonKey = QStringLiteral("suits");
    expansion.points = {{QStringLiteral("**1. Price**\n\n"), {}, app::PointItem::State::growing, 0, 0},
                        {QStringLiteral("**2. Habit**\n\n"), {}, app::PointItem::State::waiting, 0, 0}};
    return expansion;
}

void TestAnswerModes::ask() {
    Q_EMIT port_->messageAdded(
        FakePort::message(20, MessageRole::user, QStringLiteral("Why do people buy?")));
    Q_EMIT port_->messageAdded(FakePort::message(21, MessageRole::assistant, {}, MessageState::waiting));
    generating(true);
    Q_EMIT port_->outlineChanged(21, outline());
}

void TestAnswerModes::theSwitchIsUsedByKey() {
    QVERIFY(button()->isVisible());
    QCOMPARE(button()->accessibleName(), QStringLiteral("Answers in parallel: where it suits the question"));
    QVERIFY(button()->toolTip().contains(QLatin1String("an outline whose points grow at the same time")));
    editor()->setFocus();
    QTest::keyClick(editor(), Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), button());
    const auto choose = [this](const auto& openMenu, Qt::Key key) {
        window_->activateWindow();  // offscreen, a menu that closes leaves no window active
        QTRY_VERIFY(window_->isActiveWindow() && QApplication::activePopupWidget() == nullptr);
        bool shown = false;
        QTimer poll;
        poll.callOnTimeout(this, [&] {  // the menu has a loop of its own
            if (QWidget* menu = QApplication::activePopupWidget()) {
                poll.stop();
                shown = menu == button()->menu();
                QTest::keyClick(menu, key);
            }
        });
        poll.start(5);
        openMenu();
        QVERIFY(shown);
    };
    choose([this] { QTest::keyClick(button(), Qt::Key_Return); }, Qt::Key_P);
    QCOMPARE(port_->taken(), QStringList{QStringLiteral("mode 1")});
    QCOMPARE(button()->accessibleName(), QStringLiteral("Answers in parallel: always"));
    QVERIFY(statusText().startsWith(QLatin1String("Answers always in parallel")));
    const auto byShortcut = [this] {
        editor()->setFocus();
        QTRY_COMPARE(QApplication::focusWidget(), editor());
        QTest::keyClick(editor(), Qt::Key_O, Qt::ControlModifier | Qt::ShiftModifier);
    };
    choose(byShortcut, Qt::Key_O);
    QCOMPARE(port_->taken(), QStringList{QStringLiteral("mode 2")});
    // Chosen again it is no change.
    choose([this] { QTest::keyClick(button(), Qt::Key_Space); }, Qt::Key_O);
    QCOMPARE(port_->taken(), QStringList());
}

void TestAnswerModes::theSwitchShowsTheConversation() {
    app::OpenedConversation conversation;
    conversation.id = 2;
    conversation.answerMode = AnswerMode::never;
    Q_EMIT port_->conversationOpened(conversation);
    QCOMPARE(button()->mode(), AnswerMode::never);
    QCOMPARE(button()->accessibleName(), QStringLiteral("Answers in parallel: never"));
    conversation.id = 3;
    conversation.answerMode = AnswerMode::automatic;
    Q_EMIT port_->conversationOpened(conversation);
    QCOMPARE(button()->mode(), AnswerMode::automatic);
    QVERIFY(
        !port_->taken().join(QLatin1Char(' ')).contains(QLatin1String("mode")));  // showing is not choosing
}

void TestAnswerModes::anAnswerGrowsInPoints() {
    ask();
    Q_EMIT port_->pointTextAppended(21, 1, QStringLiteral("They are used to it."));
    Q_EMIT port_->pointTextAppended(21, 0, QStringLiteral("It is cheap."));
    QCOMPARE(view()->textOf(21),
             QStringLiteral("**1. Price**\n\nIt is cheap.\n\n**2. Habit**\n\nThey are used to it."));
    action("copyLast")->trigger();
    QCOMPARE(QApplication::clipboard()->text(), view()->textOf(21));
    app::MessageItem done = FakePort::message(21, MessageRole::assistant, view()->textOf(21));
    done.expansion = outline();
    Q_EMIT port_->messageChanged(done);
    generating(false);
    QCOMPARE(view()->transcript().item(1).text, done.text);
    // Of another conversation nothing is taken.
    Q_EMIT port_->outlineChanged(99, outline());
    Q_EMIT port_->pointTextAppended(99, 0, QStringLiteral("x"));
}

void TestAnswerModes::stopAndEditKeepTheirKeys() {
    ask();
    port_->taken();
    QTest::keyClick(editor(), Qt::Key_Escape);
    QCOMPARE(port_->taken(), QStringList{QStringLiteral("stop")});
    QVERIFY(!action("retryNormally")->isEnabled());  // not before it has ended
}

void TestAnswerModes::retryAsANormalAnswerByKey() {
    ask();
    app::MessageItem done =
        FakePort::message(21, MessageRole::assistant, QStringLiteral("**1. Price**\n\nCheap."));
    done.expansion = outline();
    Q_EMIT port_->messageChanged(done);
    generating(false);
    port_->taken();
    QTest::keyClick(window_.get(), Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port_->taken(), QStringList{QStringLiteral("retryNormally 21")});
    QTest::keyClick(window_.get(), Qt::Key_2, Qt::ControlModifier);
    QCOMPARE(QApplication::focusWidget(), view());
    QTest::keyClick(view(), Qt::Key_N);
    QCOMPARE(port_->taken(), QStringList{QStringLiteral("retryNormally 21")});
    // An ordinary answer: the keys do nothing.
    Q_EMIT port_->messageChanged(FakePort::message(21, MessageRole::assistant, QStringLiteral("Plain.")));
    QTest::keyClick(window_.get(), Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    QTest::keyClick(view(), Qt::Key_N);
    QCOMPARE(port_->taken(), QStringList());
}

void TestAnswerModes::theShortcutsAreListed() {
    action("shortcuts")->trigger();
    const auto* dialog = window_->findChild<QDialog*>(QStringLiteral("shortcutsDialog"));
    QVERIFY(dialog != nullptr);
    QStringList shown;
    for (const QLabel* label : dialog->findChildren<QLabel*>()) {
        shown.append(label->text());
    }
    for (const char* wanted : {"Ctrl+Shift+N", "Ctrl+Shift+O", "N", "D"}) {
        QVERIFY2(shown.contains(QLatin1String(wanted)), wanted);
    }
    QVERIFY(shown.count(QStringLiteral("Retry as a normal answer")) == 2);
    QVERIFY(shown.contains(QStringLiteral("Answers in parallel")));
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestAnswerModes)
#include "test_answer_modes.moc"
