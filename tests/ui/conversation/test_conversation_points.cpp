// SPDX-License-Identifier: Apache-2.0
// An answer that grows in several points at once: headings at once, texts in place, and what a person reads,
// selects or has Tab on stays where it is.
#include <QAccessible>
#include <QClipboard>
#include <QSignalSpy>
#include <QTreeWidget>

#include "tests/ui/conversation/points_fixture.h"
#include "ui/conversation/accessible_message.h"
#include "ui/conversation/expansion_dialog.h"
#include "ui/conversation/points.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;
using app::MessageState;
using State = app::PointItem::State;

class TestConversationPoints : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cleanup() { QApplication::clipboard()->clear(); }

    void headingsShowAtOnce() {
        auto view = viewWithQuestion();
        view->setExpansion(2, outlineOf(5));
        paint(*view);
        MessageBody& body = view->transcript().frame(1).body();
        QCOMPARE(body.blockCount(), 5);
        for (int i = 0; i < 5; ++i) {
            QVERIFY(body.isLaidOut(i));
            QCOMPARE(plainText(body.block(i)), QStringLiteral("%1. Factor number %1").arg(i + 1));
            QVERIFY(blockY(*view, 1, i) < view->viewport()->height());
        }
    }

    /// Whatever comes first, the text is what the points say in their order.
    void pointsFillInPlace() {
        auto view = viewWithQuestion();
        view->setExpansion(2, outlineOf(3));
        view->appendPointText(2, 2, QStringLiteral("Third "));
        view->appendPointText(2, 0, QStringLiteral("First."));
        view->appendPointText(2, 2, QStringLiteral("text."));
        view->appendPointText(2, 0, QStringLiteral("\n\n- item\n- item two"));
        paint(*view);
        const MessageBody& body = view->transcript().frame(1).body();
        QStringList shown;
        for (int i = 0; i < body.blockCount(); ++i) {
            shown.append(plainText(body.block(i)));
        }
        QCOMPARE(shown.join(QLatin1Char('|')),
                 QStringLiteral("1. Factor number 1|First.|item|item two|2. Factor number 2|3. Factor number "
                                "3|Third text."));
        QCOMPARE(view->transcript().item(1).state, MessageState::streaming);
        QVERIFY(!view->transcript().item(1).text.contains(QLatin1String("First")));
        QCOMPARE(
            view->textOf(2),
            QStringLiteral("**1. Factor number 1**\n\nFirst.\n\n- item\n- item two\n\n**2. Factor number "
                           "2**\n\n**3. Factor number 3**\n\nThird text."));
        // Nonsense is not taken.
        view->appendPointText(2, 3, QStringLiteral("x"));
        view->appendPointText(2, -1, QStringLiteral("x"));
        view->appendPointText(77, 0, QStringLiteral("x"));
        QCOMPARE(body.blockCount(), 7);
    }

    void statesAreSeenAndSaid() {
        auto view = viewWithQuestion();
        app::ExpansionItem outline = outlineOf(4);
        view->setExpansion(2, outline);
        paint(*view);
        QImage before = view->grab().toImage();
        for (const State state : {State::growing, State::done, State::stopped}) {
            outline.points[1].state = state;
            view->setExpansion(2, outline);
            paint(*view);
            QImage now = view->grab().toImage();
            QVERIFY(now != before);
            before = now;
        }
        outline.points[0].state = State::growing;
        view->setExpansion(2, outline);
        QAccessibleInterface* spoken = accessibleMessage(view.get(), 1);
        const QString description = spoken->text(QAccessible::Description);
        QVERIFY2(description.contains(QLatin1String("1 of 4 written, 1 being written")),
                 qPrintable(description));
        const QString text = spoken->textInterface()->text(0, spoken->textInterface()->characterCount());
        QVERIFY2(text.startsWith(QLatin1String("being written: 1. Factor number 1\ncut short: 2. Factor")),
                 qPrintable(text));
        QVERIFY(text.contains(QLatin1String("waiting: 3.")));
    }

    /// Nothing flickers for show: without a new token only the mark that streaming text has blinks.
    void restsWithoutTokens() {
        QApplication::setCursorFlashTime(0);
        auto view = viewWithQuestion();
        app::ExpansionItem outline = outlineOf(4);
        outline.points[0].state = State::growing;
        view->setExpansion(2, outline);
        view->appendPointText(2, 0, QStringLiteral("word"));
        paint(*view);
        PaintCounter counter(*view);
        QTest::qWait(150);
        QCOMPARE(counter.count(), 0);
        QApplication::setCursorFlashTime(1000);
    }

    /// What stands below a growing point moves; what is read does not, wherever it stands in the answer.
    void readingPlaceStays() {
        auto view = viewWithQuestion(900, 500);
        view->setExpansion(2, growing(outlineOf(6)));
        for (int i = 0; i < 6; ++i) {
            view->appendPointText(2, i, sentences(30, i));
        }
        paint(*view);
        for (const int read : {1, 3, 5}) {
            // The heading of the point that is read stands at the top, as somebody scrolls who reads it.
            scrollHeadingTo(*view, read, 30);
            QVERIFY(!view->followsTail());
            const int before = headingY(*view, read);
            for (int step = 0; step < 40; ++step) {
                view->appendPointText(2, step % 6, sentences(1, step));
                paint(*view);
                QCOMPARE(headingY(*view, read), before);
            }
        }
    }

    /// The first lines in sight belong to a point that grows: they stay, what is below is pushed down.
    void growingTextInSightStays() {
        auto view = viewWithQuestion(900, 500);
        view->setExpansion(2, growing(outlineOf(4)));
        for (int i = 0; i < 4; ++i) {
            view->appendPointText(2, i, sentences(40, i));
        }
        paint(*view);
        scrollHeadingTo(*view, 1, 300);  // above it the end of the first point, still growing
        const int block = firstBlockInSight(*view);
        QVERIFY(blockY(*view, 1, block) < 0);
        const int before = blockY(*view, 1, block);
        for (int step = 0; step < 60; ++step) {
            view->appendPointText(2, step % 4, QStringLiteral("word and word and more, "));
            paint(*view);
            QCOMPARE(blockY(*view, 1, block), before);
        }
    }

    /// Several changes between two frames, and a person who scrolls between them.
    void scrollingBetweenFramesStays() {
        auto view = viewWithQuestion(900, 500);
        view->setExpansion(2, growing(outlineOf(6)));
        for (int i = 0; i < 6; ++i) {
            view->appendPointText(2, i, sentences(12, i));
        }
        paint(*view);
        scrollHeadingTo(*view, 4, 30);
        for (int round = 0; round < 10; ++round) {
            const int before = headingY(*view, 4);
            for (int i = 0; i < 6; ++i) {
                view->appendPointText(2, i, QStringLiteral("\n\nA paragraph more.\n\n- and\n- items"));
            }
            const int by = round % 2 == 0 ? 7 : -7;
            view->verticalScrollBar()->setValue(view->verticalScrollBar()->value() + by);
            view->appendPointText(2, 0, QStringLiteral(" And on."));
            paint(*view);
            QCOMPARE(headingY(*view, 4), before - by);
        }
    }

    /// Who follows the answer is not dragged behind its end: its beginning stays in sight.
    void followingHoldsTheBeginning() {
        auto view = viewWithQuestion(900, 500);
        view->setExpansion(2, growing(outlineOf(6)));
        paint(*view);
        QVERIFY(view->isAtEnd());
        for (int step = 0; step < 120; ++step) {
            view->appendPointText(2, step % 6, sentences(1, step));
            paint(*view);
            QVERIFY2(headingY(*view, 0) >= 0 && headingY(*view, 0) < 500, "the first point is in sight");
        }
        const int held = view->verticalScrollBar()->value();
        QVERIFY(held < view->verticalScrollBar()->maximum());
        QVERIFY(!view->isAtEnd());
        // Who asks for the end follows it.
        QTest::keyClick(view.get(), Qt::Key_End);
        for (int step = 0; step < 30; ++step) {
            view->appendPointText(2, step % 6, sentences(1, step));
            paint(*view);
            QCOMPARE(view->verticalScrollBar()->value(), view->verticalScrollBar()->maximum());
        }
    }

    /// The outline may come with the message itself.
    void outlineWithTheMessageIsTheSame() {
        auto view = viewWithQuestion(900, 500);
        app::MessageItem item = view->transcript().item(1);
        item.state = MessageState::streaming;
        item.expansion = growing(outlineOf(6));
        view->updateMessage(item);
        QVERIFY(view->statusText().startsWith(QLatin1String("Outline of 6 points")));
        view->setExpansion(2, item.expansion);
        for (int step = 0; step < 120; ++step) {
            view->appendPointText(2, step % 6, sentences(1, step));
            paint(*view);
        }
        QVERIFY(headingY(*view, 0) >= 0 && headingY(*view, 0) < 500);
    }

    /// The stitched text takes the place of the points without anything moving or being laid out again.
    void becomesOneTextWithoutAJump() {
        auto view = viewWithQuestion(900, 500);
        app::ExpansionItem outline = growing(outlineOf(5));
        view->setExpansion(2, outline);
        for (int i = 0; i < 5; ++i) {
            view->appendPointText(2, i,
                                  sentences(10, i) + QStringLiteral("\n\n```cpp\nint x;\n```\n\n- a\n- b"));
        }
        paint(*view);
        scrollHeadingTo(*view, 2, 40);
        view->select({1, 1, 2}, {1, 1, 9});
        const QString selected = view->selectedText();
        const int before = headingY(*view, 2);
        const int height = view->transcript().height(1);
        const int made = view->transcript().frame(1).body().layoutsMade();
        app::MessageItem done = view->transcript().item(1);
        done.text = stitched(done.expansion);
        done.state = MessageState::complete;
        for (app::PointItem& point : done.expansion.points) {
            point.state = State::done;
            point.text.clear();
        }
        view->updateMessage(done);
        paint(*view);
        QCOMPARE(headingY(*view, 2), before);
        QCOMPARE(view->transcript().height(1), height);
        QCOMPARE(view->transcript().frame(1).body().layoutsMade(), made);
        QCOMPARE(view->selectedText(), selected);
        QCOMPARE(view->transcript().frame(1).body().document().sections(), std::size_t{1});
        view->select({}, {});
        view->copy();
        QCOMPARE(QApplication::clipboard()->text(), done.text);
    }

    /// A point without text is left out of the answer: what stands behind it keeps its layout.
    void emptyPointsGo() {
        auto view = viewWithQuestion();
        view->setExpansion(2, growing(outlineOf(4)));
        for (const int i : {0, 1, 3}) {
            view->appendPointText(2, i, sentences(4, i));
        }
        paint(*view);
        const int made = view->transcript().frame(1).body().layoutsMade();
        app::MessageItem done = view->transcript().item(1);
        done.expansion.points[2].state = State::stopped;
        done.text = stitched(done.expansion);
        done.state = MessageState::interrupted;
        view->updateMessage(done);
        paint(*view);
        const MessageBody& body = view->transcript().frame(1).body();
        QCOMPARE(body.blockCount(), 6);
        QCOMPARE(plainText(body.block(4)), QStringLiteral("4. Factor number 4"));
        QCOMPARE(body.layoutsMade(), made);
    }

    void selectionMovesWithItsText() {
        auto view = viewWithQuestion();
        view->setExpansion(2, growing(outlineOf(3)));
        view->appendPointText(2, 1, QStringLiteral("Some words that are selected."));
        paint(*view);
        view->select({1, 2, 5}, {1, 2, 15});
        QCOMPARE(view->selectedText(), QStringLiteral("words that"));
        view->appendPointText(2, 0, QStringLiteral("First.\n\nSecond.\n\n- three\n- four\n\n"));
        view->appendPointText(2, 1, QStringLiteral(" And more."));
        view->appendPointText(2, 2, QStringLiteral("Behind."));
        paint(*view);
        QCOMPARE(view->selectedText(), QStringLiteral("words that"));
        QCOMPARE(view->selection().first.block, 6);
        QTest::keyClick(view.get(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("words that"));
        // Over points: as written, a blank line between them.
        view->select({1, 5, 0}, {1, 8, 7});
        QCOMPARE(view->selectedText(),
                 QStringLiteral("**2. Factor number 2**\n\nSome words that are selected. And "
                                "more.\n\n**3. Factor number 3**\n\nBehind."));
        view->selectAll();
        QVERIFY(view->selectedText().endsWith(view->textOf(2)));
    }

    /// What Tab has reached keeps its ring when links arrive in front of it.
    void focusMovesWithItsControl() {
        auto view = viewWithQuestion();
        view->setExpansion(2, growing(outlineOf(3)));
        view->appendPointText(2, 1, QStringLiteral("See [here](https://example.org/b).\n\nMore."));
        paint(*view);
        view->setCurrentMessage(1);
        QTest::keyClick(view.get(), Qt::Key_Tab);
        QSignalSpy activated(view.get(), &ConversationView::linkActivated);
        view->appendPointText(2, 0, QStringLiteral("See [there](https://example.org/a).\n\nMore.\n\n"));
        paint(*view);
        QTest::keyClick(view.get(), Qt::Key_Return);
        QCOMPARE(activated.size(), 1);
        QCOMPARE(activated[0][0].toString(), QStringLiteral("https://example.org/b"));
    }

    void findsWhileItGrows() {
        auto view = viewWithQuestion();
        view->setExpansion(2, growing(outlineOf(3)));
        view->appendPointText(2, 1, QStringLiteral("a needle here"));
        QVERIFY(view->find(QStringLiteral("needle")));
        view->appendPointText(2, 0, QStringLiteral("one\n\ntwo\n\nand another needle"));
        QSignalSpy matches(view.get(), &ConversationView::matchesChanged);
        QTRY_VERIFY(!matches.isEmpty() && matches.last()[1].toInt() == 2);
        QCOMPARE(matches.last()[0].toInt(), 2);  // the place that was found, not the one that came
    }

    /// A normal answer says why; an outline that failed makes room for ordinary text.
    void normalAnswersSayWhy() {
        auto view = viewWithQuestion();
        view->setExpansion(2, outlineOf(4));
        paint(*view);
        app::ExpansionItem normal;
        normal.reasonKey = QStringLiteral("alike");
        normal.reason = QStringLiteral("The outline's titles are alike.");
        view->setExpansion(2, normal);
        view->appendText(2, QStringLiteral("An ordinary answer."));
        paint(*view);
        const MessageBody& body = view->transcript().frame(1).body();
        QCOMPARE(body.blockCount(), 1);
        QCOMPARE(plainText(body.block(0)), QStringLiteral("An ordinary answer."));
        QCOMPARE(expansionLine(view->transcript().item(1)),
                 QStringLiteral("Normal answer: The outline's titles are alike."));
        QVERIFY(accessibleMessage(view.get(), 1)
                    ->text(QAccessible::Description)
                    .contains(QLatin1String("Normal answer: The outline's titles are alike.")));
    }

    void retriesAndTellsByKey() {
        auto view = viewWithQuestion();
        app::MessageItem done = finished(4);
        view->updateMessage(done);
        paint(*view);
        view->setCurrentMessage(1);
        QSignalSpy retried(view.get(), &ConversationView::retryNormallyRequested);
        QTest::keyClick(view.get(), Qt::Key_N);
        QCOMPARE(retried.size(), 1);
        QCOMPARE(retried[0][0].toLongLong(), 2);
        QTest::keyClick(view.get(), Qt::Key_D);
        auto* dialog = view->findChild<ExpansionDialog*>();
        QVERIFY(dialog != nullptr);
        auto* outline = dialog->findChild<QTreeWidget*>();
        QVERIFY(!outline->accessibleName().isEmpty());
        QCOMPARE(outline->topLevelItemCount(), 4);
        QCOMPARE(outline->topLevelItem(1)->text(0), QStringLiteral("2. Factor number 2"));
        QCOMPARE(outline->topLevelItem(1)->text(1), QStringLiteral("written"));
        QCOMPARE(outline->topLevelItem(1)->text(2), QStringLiteral("81"));
        QCOMPARE(outline->topLevelItem(1)->text(3), QStringLiteral("2.5 s"));
        auto* again = dialog->findChild<QWidget*>(QStringLiteral("retryNormally"));
        again->setFocus();
        QTest::keyClick(again, Qt::Key_Space);
        QCOMPARE(retried.size(), 2);
        // An ordinary answer has nothing to retry in another way.
        view->updateMessage(message(2, MessageRole::assistant, QStringLiteral("Plain.")));
        QTest::keyClick(view.get(), Qt::Key_N);
        QCOMPARE(retried.size(), 2);
    }

    /// A screen reader hears the outline, then the points in their order, although they grow side by side.
    void pointsAreSpokenInOrder() {
        auto view = viewWithQuestion();
        QStringList spoken;
        QStringList status;
        view->setAccessibilitySink([&](QAccessibleEvent* event) {
            if (event->type() == QAccessible::TextInserted) {
                auto* insert = static_cast<QAccessibleTextInsertEvent*>(event);
                QAccessibleTextInterface* text = event->accessibleInterface()->textInterface();
                spoken.append(insert->textInserted().trimmed());
                const QString there = text->text(insert->changePosition(), text->characterCount());
                QVERIFY2(there.startsWith(insert->textInserted().section(QLatin1Char('\n'), -1).left(5)) ||
                             insert->textInserted().contains(QLatin1Char('\n')),
                         qPrintable(there));
            } else if (event->type() == QAccessible::NameChanged) {
                status.append(view->statusText());
            }
        });
        app::ExpansionItem outline = growing(outlineOf(2));
        view->setExpansion(2, outline);
        QCOMPARE(status.last(),
                 QStringLiteral("Outline of 2 points: 1. Factor number 1, 2. Factor number 2"));
        view->appendPointText(2, 1, QStringLiteral("Second one. "));
        QVERIFY(spoken.isEmpty());
        view->appendPointText(2, 0, QStringLiteral("First one. First"));
        QCOMPARE(spoken.join(QLatin1Char('|')), QStringLiteral("1. Factor number 1\nFirst one."));
        view->appendPointText(2, 0, QStringLiteral(" two"));
        outline.points[0].state = State::done;
        view->setExpansion(2, outline);
        QCOMPARE(spoken.mid(1).join(QLatin1Char('|')),
                 QStringLiteral("First two|2. Factor number 2\nSecond one."));
        QCOMPARE(status.last(), QStringLiteral("Points in parallel: 1 of 2 written, 1 being written"));
        view->appendPointText(2, 1, QStringLiteral("The end"));
        app::MessageItem done = view->transcript().item(1);
        done.text = stitched(done.expansion);
        done.state = MessageState::complete;
        view->updateMessage(done);
        QCOMPARE(spoken.last(), QStringLiteral("The end"));
        QCOMPARE(status.last(), QStringLiteral("The answer is complete"));
    }

    /// Work for a token: only the blocks that it changes are laid out, and as many bytes are read again
    /// however long the answer is.
    void workStaysTheSame() {
        const auto workOf = [](int paragraphs) {
            auto view = viewWithQuestion(1'000, 800);
            view->setExpansion(2, growing(outlineOf(8)));
            for (int i = 0; i < 8; ++i) {
                for (int p = 0; p < paragraphs; ++p) {
                    view->appendPointText(2, i, sentences(3, p) + QStringLiteral("\n\n"));
                }
                view->appendPointText(2, i, QStringLiteral("Open"));
            }
            paint(*view);
            scrollHeadingTo(*view, 1, 400);  // the end of the first point is in sight
            MessageBody& body = view->transcript().frame(1).body();
            const auto bytes = body.document().parsed_bytes();
            const int layouts = body.layoutsMade();
            for (int step = 0; step < 80; ++step) {
                view->appendPointText(2, step % 8, QStringLiteral(" word"));
                paint(*view);
            }
            return QPair<qulonglong, int>(body.document().parsed_bytes() - bytes,
                                          body.layoutsMade() - layouts);
        };
        const auto [fewBytes, fewLayouts] = workOf(1);
        const auto [manyBytes, manyLayouts] = workOf(60);
        qInfo(
            "80 tokens in 8 points: %llu bytes read, %d blocks laid out; in an answer 60 times as long: "
            "%llu, %d",
            fewBytes, fewLayouts, manyBytes, manyLayouts);
        QVERIFY(fewBytes > 0);
        QCOMPARE(manyBytes, fewBytes);
        // At most the one block that a token changes; of those out of sight none.
        QVERIFY(fewLayouts <= 80 && manyLayouts >= 10 && manyLayouts <= fewLayouts);
    }

    /// Opened in the middle: what is there is shown, and it goes on.
    void opensWhileItGrows() {
        auto view = shownView();
        app::MessageItem half = message(2, MessageRole::assistant, {}, MessageState::streaming);
        half.expansion = growing(outlineOf(3));
        half.expansion.points[1].text = QStringLiteral("Half of");
        view->setMessages({message(1, MessageRole::user, QStringLiteral("q")), half});
        view->appendPointText(2, 1, QStringLiteral(" it."));
        paint(*view);
        QCOMPARE(plainText(view->transcript().frame(1).body().block(2)), QStringLiteral("Half of it."));
        // Out of sight and not laid out it is read from its points as well.
        view->transcript().forgetLayouts();
        QCOMPARE(view->transcript().document(1).size(), std::size_t{4});
        view->appendPointText(2, 1, QStringLiteral(" More."));
        QCOMPARE(view->transcript().document(1)[2].content.text, std::u16string(u"Half of it. More."));
    }
};

QTEST_MAIN(TestConversationPoints)
#include "test_conversation_points.moc"
