// SPDX-License-Identifier: Apache-2.0
// Everything that can be done in the conversation can be done without a mouse.
#include <QClipboard>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QVBoxLayout>

#include "tests/ui/conversation/view_fixture.h"
#include "ui/conversation/link_dialog.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;
using app::MessageState;

class TestConversationKeys : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void arrowsGoFromMessageToMessage() {
        auto view = shownView();
        view->setMessages(longConversation(20));
        paint(*view);
        QCOMPARE(view->currentMessage(), 19);
        for (int i = 0; i < 200 && view->currentMessage() > 0; ++i) {
            QTest::keyClick(view.get(), Qt::Key_Up);
            paint(*view);
            QVERIFY(view->messageRect(view->currentMessage()).intersects(view->viewport()->rect()));
        }
        QCOMPARE(view->currentMessage(), 0);
        QTest::keyClick(view.get(), Qt::Key_End);
        QCOMPARE(view->currentMessage(), 19);
        QTest::keyClick(view.get(), Qt::Key_Home);
        QCOMPARE(view->currentMessage(), 0);
        QCOMPARE(view->verticalScrollBar()->value(), 0);
        QTest::keyClick(view.get(), Qt::Key_PageDown);
        QVERIFY(view->verticalScrollBar()->value() > 300);
    }

    void longMessageIsScrolledThrough() {
        auto view = shownView(600, 400);
        QString text;
        for (int i = 0; i < 100; ++i) {
            text += QStringLiteral("Paragraph %1\n\n").arg(i);
        }
        view->setMessages({message(1, MessageRole::user, QStringLiteral("q")),
                           message(2, MessageRole::assistant, text),
                           message(3, MessageRole::user, QStringLiteral("r"))});
        paint(*view);
        QTest::keyClick(view.get(), Qt::Key_Home);
        QTest::keyClick(view.get(), Qt::Key_Down);
        int presses = 0;
        while (view->currentMessage() < 2 && presses < 500) {
            const int before = view->verticalScrollBar()->value();
            QTest::keyClick(view.get(), Qt::Key_Down);
            paint(*view);
            QVERIFY2(view->verticalScrollBar()->value() - before <= 400, "nothing is skipped");
            ++presses;
        }
        QVERIFY(presses > 20 && presses < 500);
    }

    void lettersAct() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        paint(*view);
        QSignalSpy retried(view.get(), &ConversationView::retryRequested);
        QSignalSpy edited(view.get(), &ConversationView::editRequested);
        QSignalSpy continued(view.get(), &ConversationView::continueRequested);
        QSignalSpy versions(view.get(), &ConversationView::versionRequested);
        view->setCurrentMessage(1);
        QTest::keyClick(view.get(), Qt::Key_R);
        QTest::keyClick(view.get(), Qt::Key_E);  // an answer is not edited
        QTest::keyClick(view.get(), Qt::Key_Right);
        QTest::keyClick(view.get(), Qt::Key_Left);
        QTest::keyClick(view.get(), Qt::Key_C);
        QCOMPARE(QApplication::clipboard()->text(), view->transcript().item(1).text);
        view->setCurrentMessage(2);
        QTest::keyClick(view.get(), Qt::Key_E);
        view->setCurrentMessage(3);
        QTest::keyClick(view.get(), Qt::Key_G);
        QCOMPARE(retried.size(), 1);
        QCOMPARE(retried[0][0].toLongLong(), 2);
        QCOMPARE(edited.size(), 1);
        QCOMPARE(edited[0][0].toLongLong(), 3);
        QCOMPARE(continued.size(), 1);
        QCOMPARE(continued[0][0].toLongLong(), 4);
        QCOMPARE(versions.size(), 2);
        QCOMPARE(versions[0][1].toInt(), 3);
        QCOMPARE(versions[1][1].toInt(), 1);
    }

    /// Tab visits every control of the message once, Enter presses it, and then Tab leaves the view.
    void tabVisitsControlsAndLeaves() {
        QWidget window;
        auto* layout = new QVBoxLayout(&window);
        auto* before = new QLineEdit(&window);
        auto* view = new ConversationView(&window);
        auto* after = new QLineEdit(&window);
        layout->addWidget(before);
        layout->addWidget(view);
        layout->addWidget(after);
        window.resize(800, 700);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        view->setMessages({message(1, MessageRole::assistant,
                                   QStringLiteral("[a](https://one.org) text\n\n```c\nint x;\n```\n"))});
        view->transcript();
        before->setFocus();
        QTest::keyClick(before, Qt::Key_Tab);
        QVERIFY(view->hasFocus());
        QSignalSpy links(view, &ConversationView::linkActivated);
        QSignalSpy retried(view, &ConversationView::retryRequested);
        QSignalSpy copied(view, &ConversationView::copied);
        const int controls = static_cast<int>(view->transcript().frame(0).controls().size());
        QCOMPARE(controls, 6);  // link, copy code, retry, pin, exclude, copy
        for (int i = 0; i < controls; ++i) {
            QTest::keyClick(view, Qt::Key_Tab);
            QVERIFY(view->hasFocus());
            QTest::keyClick(view, i % 2 == 0 ? Qt::Key_Return : Qt::Key_Space);
            if (auto* dialog = view->findChild<LinkDialog*>()) {
                dialog->reject();
                view->setFocus(Qt::OtherFocusReason);
            }
        }
        QCOMPARE(links.size(), 1);
        QCOMPARE(links[0][0].toString(), QStringLiteral("https://one.org"));
        QCOMPARE(retried.size(), 1);
        QCOMPARE(copied.size(), 2);
        QTest::keyClick(view, Qt::Key_Tab);
        QVERIFY(after->hasFocus());
        QTest::keyClick(after, Qt::Key_Tab, Qt::ShiftModifier);
        QVERIFY(view->hasFocus());
        QTest::keyClick(view, Qt::Key_Tab, Qt::ShiftModifier);
        QVERIFY(before->hasFocus());
    }

    void shiftSelects() {
        auto view = shownView();
        view->setMessages({message(1, MessageRole::user, QStringLiteral("one two")),
                           message(2, MessageRole::assistant, QStringLiteral("three\n\nfour five"))});
        paint(*view);
        view->setCurrentMessage(0);
        const auto shift = [&](Qt::Key key, int times = 1, Qt::KeyboardModifiers more = {}) {
            for (int i = 0; i < times; ++i) {
                QTest::keyClick(view.get(), key, Qt::ShiftModifier | more);
            }
            return view->selectedText();
        };
        QCOMPARE(shift(Qt::Key_Right, 3), QStringLiteral("one"));
        QCOMPARE(shift(Qt::Key_Left), QStringLiteral("on"));
        QCOMPARE(shift(Qt::Key_End), QStringLiteral("one two"));
        QCOMPARE(shift(Qt::Key_Right, 6), QStringLiteral("one two\n\nthree"));
        QCOMPARE(shift(Qt::Key_Right, 5), QStringLiteral("one two\n\nthree\n\nfour"));
        QCOMPARE(shift(Qt::Key_Up), QStringLiteral("one two\n\nthree").left(view->selectedText().size()));
        QCOMPARE(shift(Qt::Key_End, 1, Qt::ControlModifier), QStringLiteral("one two\n\nthree\n\nfour five"));
        QCOMPARE(shift(Qt::Key_Home, 1, Qt::ControlModifier), QString());
        QTest::keyClick(view.get(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(view.get(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("one two\n\nthree\n\nfour five"));
        QTest::keyClick(view.get(), Qt::Key_Escape);
        QVERIFY(!view->hasSelection());
    }

    void menuKeyOpensTheMenuWithEveryAction() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        paint(*view);
        view->setCurrentMessage(3);
        QContextMenuEvent event(QContextMenuEvent::Keyboard, QPoint(10, 10),
                                view->mapToGlobal(QPoint(10, 10)));
        QApplication::sendEvent(view.get(), &event);
        auto* menu = view->findChild<QMenu*>();
        QVERIFY(menu != nullptr);
        QStringList keys;
        QSignalSpy continued(view.get(), &ConversationView::continueRequested);
        for (QAction* action : menu->actions()) {
            keys.append(action->shortcut().toString());
            if (action->shortcut() == QKeySequence(Qt::Key_G)) {
                action->trigger();
            }
        }
        QVERIFY(keys.contains(QStringLiteral("R")) && keys.contains(QStringLiteral("C")));
        QCOMPARE(continued.size(), 1);
        menu->close();
    }

    void zooms() {
        auto view = shownView();
        view->setMessages(longConversation(4));
        paint(*view);
        const int height = view->transcript().height(3);
        QTest::keyClick(view.get(), Qt::Key_Plus, Qt::ControlModifier);
        paint(*view);
        QVERIFY(view->zoom() > 1.05);
        QVERIFY(view->transcript().height(3) > height);
        QTest::keyClick(view.get(), Qt::Key_0, Qt::ControlModifier);
        paint(*view);
        QCOMPARE(view->zoom(), 1.0);
        QCOMPARE(view->transcript().height(3), height);
        QTest::keyClick(view.get(), Qt::Key_Minus, Qt::ControlModifier);
        QVERIFY(view->zoom() < 0.95);
        for (int i = 0; i < 40; ++i) {
            QTest::keyClick(view.get(), Qt::Key_Minus, Qt::ControlModifier);
        }
        QCOMPARE(view->zoom(), 0.5);
        paint(*view);
    }
};

QTEST_MAIN(TestConversationKeys)
#include "test_conversation_keys.moc"
