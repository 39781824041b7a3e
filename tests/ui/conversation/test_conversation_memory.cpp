// SPDX-License-Identifier: Apache-2.0
// Pinned and excluded messages, documents of messages, sources of answers and the lines where the model's
// memory was shortened: by mouse, by keyboard, for a screen reader.
#include <QAccessible>
#include <QDialog>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTest>

#include "tests/ui/conversation/view_fixture.h"
#include "ui/conversation/accessible_message.h"
#include "ui/conversation/documents.h"

namespace tendril::ui {

using app::MemoryChange;
using app::MemoryMarkItem;
using app::MessageItem;
using app::MessageMemory;
using app::MessageRole;
using Kind = Control::Kind;

class TestConversationMemory final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void pinAndExcludeByKey();
    void pinAndExcludeByMouse();
    void theMemoryOfAMessageIsSeenAndSpoken();
    void documentsAreShownAndSpoken();
    void sourcesUnfold();
    void aSourceShowsTheSentenceThatIsAskedFor();
    void aSourceShowsItsExcerpt();
    void aMarkStandsBehindItsMessage();
    void aMarkShowsWhatTheModelHas();
    void whatIsOpenedComesIntoSight();
    void aLongMarkShowsAllInADialog();
    void theFullTextIsRestoredByKey();
    void theReadPlaceStaysWhenAMarkComes();
    void marksSurviveAChangeOfTheMessage();
    void linesSayWhatHappened();
    void everyRoleHasItsControls();

  private:
    static QVector<MessageItem> talk();
    static MemoryMarkItem mark(qint64 id, qint64 after) {
        return {id,
                after,
                MemoryChange::summarised,
                QStringLiteral("summary"),
                3'900,
                420,
                QStringLiteral("They spoke of vines and of what they climb."),
                true};
    }
    static QString description(ConversationView& view, int message) {
        return accessibleMessage(&view, message)->text(QAccessible::Description);
    }
    static QStringList buttons(ConversationView& view, int message) {
        QStringList names;
        QAccessibleInterface* item = accessibleMessage(&view, message);
        for (int i = 0; i < item->childCount(); ++i) {
            names << item->child(i)->text(QAccessible::Name);
        }
        return names;
    }
};

QVector<MessageItem> TestConversationMemory::talk() {
    QVector<MessageItem> items = longConversation(4);
    app::AttachmentItem document;
    document.id = 7;
    document.name = QStringLiteral("report.md");
    document.bytes = 48'000;
    document.tokens = 12'300;
    document.plannedTokens = 6'100;
    document.choice = app::AttachmentChoice::shortened;
    items[2].documents = {document};
    items[3].sources = {{7, QStringLiteral("report.md"), 0, QStringLiteral("The first place.")},
                        {7, QStringLiteral("report.md"), 4, QStringLiteral("Another <b>place</b> in it.")}};
    return items;
}

void TestConversationMemory::pinAndExcludeByKey() {
    auto view = shownView();
    QVector<MessageItem> items = talk();
    view->setMessages(items);
    paint(*view);
    QSignalSpy asked(view.get(), &ConversationView::memoryRequested);
    view->setCurrentMessage(1);
    QTest::keyClick(view.get(), Qt::Key_P);
    QTest::keyClick(view.get(), Qt::Key_X);
    QCOMPARE(asked.size(), 2);
    QCOMPARE(asked[0][0].toLongLong(), items[1].id);
    QCOMPARE(asked[0][1].value<MessageMemory>(), MessageMemory::pinned);
    QCOMPARE(asked[1][1].value<MessageMemory>(), MessageMemory::excluded);
    items[1].memory = MessageMemory::pinned;
    view->updateMessage(items[1]);
    QTest::keyClick(view.get(), Qt::Key_P);
    QCOMPARE(asked[2][1].value<MessageMemory>(), MessageMemory::normal);  // the same key takes it back
}

void TestConversationMemory::pinAndExcludeByMouse() {
    auto view = shownView();
    view->setMessages(talk());
    paint(*view);
    QSignalSpy asked(view.get(), &ConversationView::memoryRequested);
    for (const int index : {2, 3}) {
        view->scrollToMessage(view->transcript().item(index).id);
        paint(*view);
        view->transcript().frame(index).layOut(0, 5'000);
        view->transcript().heightChanged(index);
        const QPoint pin = controlPoint(*view, index, Kind::pin);
        const QPoint exclude = controlPoint(*view, index, Kind::exclude);
        QVERIFY(pin != exclude && pin.x() > 0);
        view->verticalScrollBar()->setValue(view->verticalScrollBar()->value() + qMax(0, pin.y() - 400));
        paint(*view);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, index, Kind::exclude));
    }
    QCOMPARE(asked.size(), 2);
    QCOMPARE(asked[1][1].value<MessageMemory>(), MessageMemory::excluded);
}

void TestConversationMemory::theMemoryOfAMessageIsSeenAndSpoken() {
    auto view = shownView();
    QVector<MessageItem> items = talk();
    view->setMessages(items);
    paint(*view);
    view->setCurrentMessage(0, false);
    const QImage before = view->viewport()->grab(view->messageRect(3)).toImage();
    items[3].memory = MessageMemory::excluded;
    view->updateMessage(items[3]);
    paint(*view);
    QVERIFY2(view->viewport()->grab(view->messageRect(3)).toImage() != before, "the mark is seen");
    QVERIFY(description(*view, 3).contains(QStringLiteral("excluded: never read")));
    QVERIFY(buttons(*view, 3).contains(QStringLiteral("Include: the model gets it again")));
    items[0].memory = MessageMemory::pinned;
    view->updateMessage(items[0]);
    QVERIFY(description(*view, 0).contains(QStringLiteral("pinned: always read in full")));
    QVERIFY(!description(*view, 1).contains(QStringLiteral("pinned")));
}

void TestConversationMemory::documentsAreShownAndSpoken() {
    auto view = shownView();
    QVector<MessageItem> items = talk();
    view->setMessages(items);
    paint(*view);
    const int with = view->transcript().frame(2).height();
    QVERIFY(description(*view, 2).contains(
        QString::fromUtf8("Documents: report.md, 48 kB · read shortened, 12,300 → 6,100 tokens")));
    items[2].documents.clear();
    view->updateMessage(items[2]);
    QVERIFY2(view->transcript().frame(2).height() < with, "they have a place of their own");
    QVERIFY(!description(*view, 2).contains(QStringLiteral("Documents")));
}

void TestConversationMemory::sourcesUnfold() {
    auto view = shownView();
    view->setMessages(talk());
    paint(*view);
    const int folded = view->transcript().frame(3).height();
    view->setCurrentMessage(3);
    QVERIFY(buttons(*view, 3).contains(QStringLiteral("Show the 2 sources")));
    QTest::keyClick(view.get(), Qt::Key_S);
    paint(*view);
    QVERIFY(view->transcript().frame(3).height() > folded);
    QVERIFY(buttons(*view, 3).contains(
        QStringLiteral("Source: report.md, place 5: Another <b>place</b> in it.")));
    QTest::keyClick(view.get(), Qt::Key_S);
    QCOMPARE(view->transcript().frame(3).height(), folded);
}

void TestConversationMemory::aSourceShowsItsExcerpt() {
    auto view = shownView();
    bool opened = false;
    view->setLinkOpener([&opened](const QUrl&) { opened = true; });
    view->setMessages(talk());
    view->setCurrentMessage(3);
    QTest::keyClick(view.get(), Qt::Key_S);
    paint(*view);
    for (const Control& control : view->transcript().frame(3).controls()) {
        if (control.kind == Kind::source && control.link == 1) {
            QVERIFY(view->transcript().frame(3).controlRect(control).height() > 10);
            view->activate(3, control);
        }
    }
    auto* dialog = view->findChild<QDialog*>(QStringLiteral("textDialog"));
    QVERIFY(dialog != nullptr && dialog->isVisible());
    auto* text = dialog->findChild<QPlainTextEdit*>();
    QCOMPARE(text->toPlainText(), QStringLiteral("Another <b>place</b> in it."));  // as it is
    QVERIFY(text->isReadOnly());
    QCOMPARE(text->accessibleName(), QStringLiteral("report.md, place 5"));
    QTest::keyClick(dialog, Qt::Key_Escape);
    QVERIFY(!opened);
}

void TestConversationMemory::aSourceShowsTheSentenceThatIsAskedFor() {
    auto view = shownView();
    QVector<MessageItem> items = talk();
    const QString before = QStringLiteral("A line about nothing.\n").repeated(60);
    const QString line = QStringLiteral("The pump has the code 4711.");
    items[3].sources[1].excerpt = before + line + QStringLiteral("\nMore.");
    items[3].sources[1].line = line;
    view->setMessages(items);
    view->setCurrentMessage(3);
    QTest::keyClick(view.get(), Qt::Key_S);
    paint(*view);
    QVERIFY(buttons(*view, 3).contains(QStringLiteral("Source: report.md, place 5: ") + line));
    for (const Control& control : view->transcript().frame(3).controls()) {
        if (control.kind == Kind::source && control.link == 1) {
            view->activate(3, control);
        }
    }
    auto* dialog = view->findChild<QDialog*>(QStringLiteral("textDialog"));
    QVERIFY(dialog != nullptr);
    auto* text = dialog->findChild<QPlainTextEdit*>();
    QCOMPARE(text->toPlainText(), items[3].sources[1].excerpt);
    QCOMPARE(text->textCursor().selectedText(), line);
    QTRY_VERIFY(text->viewport()->rect().contains(text->cursorRect()));
}

void TestConversationMemory::aMarkStandsBehindItsMessage() {
    auto view = shownView();
    const QVector<MessageItem> items = talk();
    view->setMessages(items);
    paint(*view);
    const int before = view->transcript().frame(1).height();
    view->setMemoryMarks({mark(5, items[1].id)});
    paint(*view);
    QVERIFY(view->transcript().frame(1).height() > before);
    QVERIFY(description(*view, 1).contains(
        QString::fromUtf8("From here up the model has a summary: 3,900 → 420 tokens")));
    QVERIFY(!description(*view, 0).contains(QStringLiteral("summary")));
    QCOMPARE(view->statusText(),
             QString::fromUtf8("From here up the model has a summary: 3,900 → 420 tokens"));
    view->setMemoryMarks({});
    QCOMPARE(view->transcript().frame(1).height(), before);
    QVERIFY(!description(*view, 1).contains(QStringLiteral("summary")));
}

void TestConversationMemory::aMarkShowsWhatTheModelHas() {
    auto view = shownView();
    const QVector<MessageItem> items = talk();
    view->setMessages(items);
    view->setMemoryMarks({mark(5, items[1].id)});
    paint(*view);
    const int hidden = view->transcript().frame(1).height();
    view->setCurrentMessage(1);
    QTest::keyClick(view.get(), Qt::Key_M);
    paint(*view);
    QVERIFY(view->transcript().frame(1).height() > hidden);
    QCOMPARE(view->statusText(), mark(5, 0).text);  // it is spoken
    view->scrollToMessage(items[1].id);
    paint(*view);
    view->verticalScrollBar()->setValue(view->transcript().top(1) + view->transcript().height(1) - 400);
    paint(*view);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 1, Kind::markText));
    QCOMPARE(view->transcript().frame(1).height(), hidden);
}

/// At the lower edge, by key and by mouse: what is opened comes into sight.
void TestConversationMemory::whatIsOpenedComesIntoSight() {
    auto view = shownView();
    QVector<MessageItem> items = longConversation(20);
    items[9].sources = talk()[3].sources;
    view->setMessages(items);
    MemoryMarkItem notes = mark(5, items[9].id);
    notes.text = QStringLiteral("A line of notes.\n").repeated(8);
    view->setMemoryMarks({notes});
    const auto toLowerEdge = [&](Kind kind) {
        view->scrollToMessage(items[9].id);
        paint(*view);
        view->transcript().frame(9).layOut(0, 50'000);
        view->transcript().heightChanged(9);
        paint(*view);
        const int y = controlPoint(*view, 9, kind).y();
        view->verticalScrollBar()->setValue(view->verticalScrollBar()->value() + y -
                                            view->viewport()->height() + 20);
        paint(*view);
    };
    const auto unfolded = [&](Kind kind) {
        paint(*view);
        for (const Control& control : view->transcript().frame(9).controls()) {
            if (control.kind == kind) {
                return view->transcript().frame(9).unfoldedRect(control).translated(
                    0, view->transcript().top(9) - view->verticalScrollBar()->value());
            }
        }
        return QRect();
    };
    const QRect sight = view->viewport()->rect();
    toLowerEdge(Kind::markText);
    view->setCurrentMessage(9, false);
    QTest::keyClick(view.get(), Qt::Key_M);
    QVERIFY(unfolded(Kind::markText).height() > 100);
    QVERIFY(unfolded(Kind::markText).top() >= 0 && unfolded(Kind::markText).bottom() < sight.bottom());
    QTest::keyClick(view.get(), Qt::Key_M);
    toLowerEdge(Kind::markText);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 9, Kind::markText));
    QVERIFY(unfolded(Kind::markText).height() > 100);
    QVERIFY(unfolded(Kind::markText).bottom() < sight.bottom());
    toLowerEdge(Kind::sources);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 9, Kind::sources));
    QVERIFY(unfolded(Kind::sources).height() > 60);
    QVERIFY(unfolded(Kind::sources).bottom() < sight.bottom());
    // What is larger than the view begins at its upper edge.
    notes.text = QStringLiteral("A line of notes.\n").repeated(80);
    view->resize(900, 300);
    view->setMemoryMarks({});
    notes.id = 6;
    view->setMemoryMarks({notes});
    toLowerEdge(Kind::markText);
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 9, Kind::markText));
    QVERIFY(unfolded(Kind::markText).height() > 300);
    QVERIFY(unfolded(Kind::markText).top() >= 0 && unfolded(Kind::markText).top() < 60);
}

void TestConversationMemory::aLongMarkShowsAllInADialog() {
    auto view = shownView();
    const QVector<MessageItem> items = talk();
    view->setMessages(items);
    MemoryMarkItem big = mark(5, items[1].id);
    big.text = QStringLiteral("word ").repeated(20'000);
    view->setMemoryMarks({big});
    view->setCurrentMessage(1);
    QTest::keyClick(view.get(), Qt::Key_M);
    paint(*view);
    QVERIFY(view->transcript().frame(1).height() < 4'000);
    for (const Control& control : view->transcript().frame(1).controls()) {
        if (control.kind == Kind::markAll) {
            view->activate(1, control);
        }
    }
    auto* dialog = view->findChild<QDialog*>(QStringLiteral("textDialog"));
    QVERIFY(dialog != nullptr);
    QCOMPARE(dialog->findChild<QPlainTextEdit*>()->toPlainText(), big.text);
}

void TestConversationMemory::theFullTextIsRestoredByKey() {
    auto view = shownView();
    const QVector<MessageItem> items = talk();
    view->setMessages(items);
    MemoryMarkItem window = mark(0, items[3].id);
    window.kind = MemoryChange::window;
    window.undoable = false;
    window.text.clear();
    view->setMemoryMarks({mark(5, items[1].id), window});
    QSignalSpy asked(view.get(), &ConversationView::restoreRequested);
    view->setCurrentMessage(3);
    QTest::keyClick(view.get(), Qt::Key_F);
    QVERIFY2(asked.isEmpty(), "what cannot be undone is not offered");
    view->setCurrentMessage(1);
    QTest::keyClick(view.get(), Qt::Key_F);
    QCOMPARE(asked.size(), 1);
    QCOMPARE(asked[0][0].toLongLong(), 5);
}

void TestConversationMemory::theReadPlaceStaysWhenAMarkComes() {
    auto view = shownView();
    const QVector<MessageItem> items = longConversation(20);
    view->setMessages(items);
    paint(*view);
    view->scrollToMessage(items[11].id);
    paint(*view);
    const int y = blockY(*view, 11, 1);
    view->setMemoryMarks({mark(5, items[9].id), mark(6, items[3].id)});
    paint(*view);
    QCOMPARE(blockY(*view, 11, 1), y);
}

void TestConversationMemory::marksSurviveAChangeOfTheMessage() {
    auto view = shownView();
    QVector<MessageItem> items = talk();
    view->setMessages(items);
    view->setMemoryMarks({mark(5, items[3].id)});
    items[3].text = QStringLiteral("Quite another answer.");
    view->updateMessage(items[3]);
    paint(*view);
    QVERIFY(description(*view, 3).contains(QStringLiteral("has a summary")));
}

void TestConversationMemory::linesSayWhatHappened() {
    MemoryMarkItem one = mark(1, 1);
    one.kind = MemoryChange::left_out;
    QVERIFY(markLine(one).contains(QStringLiteral("only notes")));
    one.tokensAfter = 0;
    QCOMPARE(markLine(one), QStringLiteral("From here up the model has nothing: 3,900 tokens left out"));
    one.document = QStringLiteral("trees.txt");
    QCOMPARE(markLine(one),
             QStringLiteral("The model does not have trees.txt any more: 3,900 tokens left out"));
    one.kind = MemoryChange::compressed;
    one.tokensAfter = 420;
    QCOMPARE(markLine(one),
             QString::fromUtf8("From here up the model has a shortened text: 3,900 → 420 tokens"));
    one.kind = MemoryChange::pruned;
    QVERIFY(markLine(one).contains(QStringLiteral("what matters most")));
    one.kind = MemoryChange::window;
    one.tokensBefore = 0;
    QCOMPARE(markLine(one), QStringLiteral("The context was full: the answer went on with the beginning and "
                                           "the newest part only"));
    app::PlannedItem planned{MemoryChange::left_out, {1}, 0, 1, 0};
    QCOMPARE(plannedLine(planned, {}), QStringLiteral("One earlier message is left out, 1 token"));
}

void TestConversationMemory::everyRoleHasItsControls() {
    const auto has = [](const MessageItem& item, Kind kind) {
        for (const Control& control : ownControls(item, {})) {
            if (control.kind == kind) {
                return true;
            }
        }
        return false;
    };
    QVERIFY(has(message(1, MessageRole::user, QStringLiteral("x")), Kind::pin));
    QVERIFY(has(message(1, MessageRole::assistant, QStringLiteral("x")), Kind::exclude));
    QVERIFY(!has(message(1, MessageRole::system, QStringLiteral("x")), Kind::pin));
    MessageItem growing = message(1, MessageRole::assistant, QStringLiteral("x"));
    growing.state = app::MessageState::streaming;
    QVERIFY(!has(growing, Kind::pin));
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestConversationMemory)
#include "test_conversation_memory.moc"
