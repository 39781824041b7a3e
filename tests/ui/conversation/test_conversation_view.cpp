// SPDX-License-Identifier: Apache-2.0
// What a person sees and does in the conversation: scrolling that stays, selecting, copying, finding, states
// and their buttons.
#include <QClipboard>
#include <QSignalSpy>

#include "tests/ui/conversation/view_fixture.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;
using app::MessageState;

class TestConversationView : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QApplication::clipboard()->clear(); }

    void showsTheEnd() {
        auto view = shownView();
        view->setMessages(longConversation(40));
        paint(*view);
        QCOMPARE(view->verticalScrollBar()->value(), view->verticalScrollBar()->maximum());
        QVERIFY(view->verticalScrollBar()->maximum() > 2'000);
        QVERIFY(view->followsTail());
        // The last message's foot is in sight, and only a few messages are laid out.
        const QRect last = view->messageRect(39);
        QVERIFY(last.bottom() <= view->viewport()->height() &&
                last.bottom() > view->viewport()->height() - 60);
        QVERIFY(view->transcript().frameCount() < 12);
    }

    void followsTheAnswerAtTheEnd() {
        auto view = shownView();
        view->setMessages(longConversation(10));
        view->appendMessage(message(100, MessageRole::assistant, {}, MessageState::waiting));
        for (int i = 0; i < 120; ++i) {
            view->appendText(100, QStringLiteral("word and word and more, "));
            paint(*view);
            QCOMPARE(view->verticalScrollBar()->value(), view->verticalScrollBar()->maximum());
        }
        QCOMPARE(view->transcript().item(10).state, MessageState::streaming);
    }

    /// Who has scrolled up reads on, whatever arrives below.
    void staysWhereOneReads() {
        auto view = shownView();
        view->setMessages(longConversation(20));
        paint(*view);
        view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum() - 900);
        paint(*view);
        QVERIFY(!view->followsTail());
        const int index = view->transcript().messageAt(view->verticalScrollBar()->value() + 300);
        const int before = blockY(*view, index, 0);
        view->appendMessage(message(100, MessageRole::assistant, {}, MessageState::streaming));
        for (int i = 0; i < 60; ++i) {
            view->appendText(100, QStringLiteral("a new paragraph\n\n"));
            paint(*view);
            QCOMPARE(blockY(*view, index, 0), before);
        }
        view->updateMessage(message(100, MessageRole::assistant, QStringLiteral("short")));
        paint(*view);
        QCOMPARE(blockY(*view, index, 0), before);
        // The end, by key: follows again.
        QTest::keyClick(view.get(), Qt::Key_End);
        paint(*view);
        QVERIFY(view->followsTail());
    }

    /// Heights above are guesses; when they become known on the way up, what is in sight does not jump.
    void doesNotJumpWhenHeightsAboveBecomeKnown() {
        auto view = shownView();
        view->setMessages(longConversation(60));
        paint(*view);
        int corrected = 0;
        for (int step = 0; step < 60; ++step) {
            QScrollBar* bar = view->verticalScrollBar();
            const int index = view->transcript().messageAt(bar->value() + 60);
            const int block = view->transcript().frame(index).body().blockCount() - 1;
            const int before = blockY(*view, index, block);
            const int heights = view->transcript().totalHeight();
            bar->setValue(bar->value() - 150);
            paint(*view);
            corrected += view->transcript().totalHeight() != heights ? 1 : 0;
            QVERIFY2(qAbs(blockY(*view, index, block) - before - 150) <= 1,
                     "moved by what was scrolled, and by no more");
        }
        QVERIFY2(corrected > 5, "otherwise no guess was wrong and nothing was tested");
    }

    void keepsThePlaceWhenTheWidthChanges() {
        auto view = shownView(1000, 700);
        view->setMessages(longConversation(60));
        view->scrollToMessage(31);
        paint(*view);
        QCOMPARE(view->transcript().messageAt(view->verticalScrollBar()->value() + 30), 30);
        for (const int width : {500, 760, 400, 1000}) {
            view->resize(width, 700);
            paint(*view);
            QCOMPARE(view->transcript().messageAt(view->verticalScrollBar()->value() + 30), 30);
        }
        view->setZoom(1.7);
        paint(*view);
        QCOMPARE(view->transcript().messageAt(view->verticalScrollBar()->value() + 30), 30);
    }

    void updatesAndVersions() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        QSignalSpy versions(view.get(), &ConversationView::versionRequested);
        view->scrollToMessage(2);
        paint(*view);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          controlPoint(*view, 1, Control::Kind::nextVersion));
        QCOMPARE(versions.size(), 1);
        QCOMPARE(versions[0], (QVariantList{qint64(2), 3}));
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          controlPoint(*view, 1, Control::Kind::previousVersion));
        QCOMPARE(versions[1], (QVariantList{qint64(2), 1}));
        app::MessageItem other = view->transcript().item(1);
        other.text = QStringLiteral("Another answer.");
        other.version = 3;
        view->updateMessage(other);
        paint(*view);
        QCOMPARE(view->transcript().frame(1).body().blockCount(), 1);
        QCOMPARE(controlPoint(*view, 1, Control::Kind::nextVersion), QPoint(-1, -1));
    }

    void statesHaveTheirButtons() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        paint(*view);
        QSignalSpy retried(view.get(), &ConversationView::retryRequested);
        QSignalSpy continued(view.get(), &ConversationView::continueRequested);
        QSignalSpy edited(view.get(), &ConversationView::editRequested);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 5, Control::Kind::retry));
        QCOMPARE(retried.size(), 1);
        QCOMPARE(retried[0][0].toLongLong(), 6);
        view->scrollToMessage(4);
        paint(*view);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          controlPoint(*view, 3, Control::Kind::resume));
        QCOMPARE(continued.size(), 1);
        QCOMPARE(continued[0][0].toLongLong(), 4);
        QTest::mouseMove(view->viewport(), view->messageRect(4).center());
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 4, Control::Kind::edit));
        QCOMPARE(edited.size(), 1);
        QCOMPARE(edited[0][0].toLongLong(), 5);
        // A message that is being written cannot be made again yet.
        QCOMPARE(controlPoint(*view, 7, Control::Kind::retry), QPoint(-1, -1));
    }

    void selectsByMouseAcrossMessages() {
        auto view = shownView();
        view->setMessages(
            {message(1, MessageRole::user, QStringLiteral("one *two* three")),
             message(2, MessageRole::assistant, QStringLiteral("# Head\n\nfour **five** six\n\nseven eight")),
             message(3, MessageRole::user, QStringLiteral("nine ten"))});
        paint(*view);
        const auto pointOf = [&](const TextPosition& at) {
            const QRect caret = view->transcript().caretRect(at);
            return caret.center() - QPoint(0, view->verticalScrollBar()->value());
        };
        const auto drag = [&](const TextPosition& from, const TextPosition& to) {
            QTest::mousePress(view->viewport(), Qt::LeftButton, {}, pointOf(from));
            QMouseEvent move(QEvent::MouseMove, pointOf(to), view->viewport()->mapToGlobal(pointOf(to)),
                             Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(view->viewport(), &move);
            QTest::mouseRelease(view->viewport(), Qt::LeftButton, {}, pointOf(to));
        };
        drag({1, 1, 5}, {1, 1, 9});
        QCOMPARE(view->selectedText(), QStringLiteral("five"));  // a part: as it is shown
        drag({1, 1, 5}, {1, 2, 5});
        QCOMPARE(view->selectedText(), QStringLiteral("five six\n\nseven"));
        drag({1, 2, 5}, {0, 0, 4});  // backwards, over messages: whole blocks as they were written
        QCOMPARE(view->selectedText(), QStringLiteral("two three\n\n# Head\n\nfour **five** six\n\nseven"));
        drag({0, 0, 0}, {2, 0, 4});
        QCOMPARE(view->selectedText(),
                 QStringLiteral("one *two* three\n\n# Head\n\nfour **five** six\n\nseven eight\n\nnine"));
        QTest::mouseDClick(view->viewport(), Qt::LeftButton, {}, pointOf({2, 0, 6}));
        QCOMPARE(view->selectedText(), QStringLiteral("ten"));
    }

    /// LM Studio 472: what is copied is what the model wrote, byte for byte.
    void copiesWhatTheModelWrote() {
        const QString source = QStringLiteral(
            "so \\(x_1\\) costs $5\n\n| a | b |\n|---|---|\n| `x \\| y` | 2 |\n\n```c\nint \\(y\\);\n```\n");
        auto view = shownView();
        view->setMessages({message(1, MessageRole::assistant, source)});
        paint(*view);
        view->selectAll();
        QTest::keyClick(view.get(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), source);
        view->select({}, {});
        QApplication::clipboard()->clear();
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          controlPoint(*view, 0, Control::Kind::copyCode));
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("int \\(y\\);\n"));
        // Marks that are only for the eye are not copied.
        const QString hidden = QStringLiteral("```\nif (a\u202E) {\n```");
        view->setMessages({message(1, MessageRole::assistant, hidden)});
        paint(*view);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          controlPoint(*view, 0, Control::Kind::copyCode));
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("if (a\u202E) {\n"));
    }

    void findsAndMarks() {
        auto view = shownView();
        view->setMessages(longConversation(30));
        view->verticalScrollBar()->setValue(0);
        paint(*view);
        QSignalSpy matches(view.get(), &ConversationView::matchesChanged);
        QVERIFY(view->find(QStringLiteral("LAST sentence")));
        paint(*view);
        QTRY_COMPARE(matches.last()[1].toInt(), 15);
        QCOMPARE(matches.last()[0].toInt(), 1);
        for (int number = 2; number <= 15; ++number) {
            QVERIFY(view->find(QStringLiteral("LAST sentence")));
            QTRY_COMPARE(matches.last()[0].toInt(), number);
            const int message = 2 * number - 1;
            QVERIFY(view->messageRect(message).intersects(view->viewport()->rect()));
        }
        QVERIFY(view->find(QStringLiteral("LAST sentence")));  // around the end
        QTRY_COMPARE(matches.last()[0].toInt(), 1);
        QVERIFY(view->find(QStringLiteral("LAST sentence"), false));
        QTRY_COMPARE(matches.last()[0].toInt(), 15);
        // As it is shown: not the Markdown around it.
        QVERIFY(view->find(QStringLiteral("about topic 3 that")));
        QVERIFY(!view->find(QStringLiteral("**topic 3**")));
        QVERIFY(!view->find(QString()));
    }

    void marksAreRemovedFromTheView() {
        auto view = shownView();
        view->setMessages({message(1, MessageRole::assistant, QStringLiteral("needle in hay"))});
        const QImage before = view->grab().toImage();
        view->find(QStringLiteral("needle"));
        QVERIFY(view->grab().toImage() != before);
        view->find({});
        QCOMPARE(view->grab().toImage(), before);
    }

    void dimsWhatTheModelDidNotRead() {
        auto view = shownView();
        view->setMessages(longConversation(2));
        const QImage before = view->grab().toImage();
        view->setLeftOut({1, 2});
        QVERIFY(view->transcript().item(0).leftOut);
        paint(*view);
        QVERIFY(view->grab().toImage() != before);
        view->setLeftOut({});
        paint(*view);
        QCOMPARE(view->grab().toImage(), before);
    }

    void wideCodeMovesSideways() {
        auto view = shownView(600, 500);
        view->setMessages({message(1, MessageRole::assistant,
                                   QStringLiteral("```\n%1\n```").arg(QString(300, QLatin1Char('x'))))});
        paint(*view);
        BlockLayout& code = view->transcript().frame(0).body().layout(0);
        QVERIFY(code.sidewaysRange() > 1'000);
        QCOMPARE(view->horizontalScrollBar()->maximum(), 0);
        const QPoint inside(300, blockY(*view, 0, 0) + 50);
        QWheelEvent wheel(inside, view->viewport()->mapToGlobal(inside), {}, QPoint(-240, 0), Qt::NoButton,
                          Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(view->viewport(), &wheel);
        QCOMPARE(code.sideways(), 120);
        view->setFocus();
        QTest::keyClick(view.get(), Qt::Key_Tab);
        QTest::keyClick(view.get(), Qt::Key_Right);
        QVERIFY(code.sideways() > 120);
    }

    void tellsTheWaiting() {
        auto view = shownView();
        view->setMessages({message(1, MessageRole::user, QStringLiteral("q")),
                           message(2, MessageRole::assistant, {}, MessageState::waiting)});
        view->setPrefillProgress(0.1);
        const QImage before = view->grab().toImage();
        view->setPrefillProgress(0.9);
        QVERIFY(view->grab().toImage() != before);
    }

    void followsThePalette() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        QPalette dark = view->palette();
        dark.setColor(QPalette::Base, QColor(0x1b1d21));
        dark.setColor(QPalette::Text, Qt::white);
        view->setPalette(dark);
        paint(*view);
        QCOMPARE(view->grab().toImage().pixelColor(2, 2), QColor(0x1b1d21));
    }

    void emptyShowsItsPlaceholder() {
        auto view = shownView();
        const QImage before = view->grab().toImage();
        view->setPlaceholder(QStringLiteral("Ask something"));
        QVERIFY(view->grab().toImage() != before);
        for (const int key : {Qt::Key_Up, Qt::Key_Down, Qt::Key_Home, Qt::Key_End, Qt::Key_C, Qt::Key_R}) {
            QTest::keyClick(view.get(), Qt::Key(key));
            QTest::keyClick(view.get(), Qt::Key(key), Qt::ShiftModifier);
        }
        QVERIFY(!view->find(QStringLiteral("x")));
        QVERIFY(view->selectedText().isEmpty());
    }
};

QTEST_MAIN(TestConversationView)
#include "test_conversation_view.moc"
