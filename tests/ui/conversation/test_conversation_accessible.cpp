// SPDX-License-Identifier: Apache-2.0
// The conversation as a screen reader gets it: every message with its text and buttons, also out of sight,
// and what is announced.
#include <QAccessible>
#include <QClipboard>
#include <QSignalSpy>

#include "tests/ui/conversation/view_fixture.h"
#include "ui/conversation/message_frame.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;
using app::MessageState;

namespace {

struct Told {
    QAccessible::Event type;
    QString name;
    QString text;  ///< of an insertion
};
/// Without a screen reader Qt passes nothing on: the view's own sink hears what it would say.
void listen(ConversationView& view, QVector<Told>& told) {
    view.setAccessibilitySink([&told](QAccessibleEvent* event) {
        QAccessibleInterface* from = event->accessibleInterface();
        const bool inserted = event->type() == QAccessible::TextInserted;
        told.append({event->type(), from == nullptr ? QString() : from->text(QAccessible::Name),
                     inserted ? static_cast<QAccessibleTextInsertEvent*>(event)->textInserted() : QString()});
    });
}

QAccessibleInterface* treeOf(ConversationView& view) {
    return QAccessible::queryAccessibleInterface(&view);
}

}  // namespace

class TestConversationAccessible : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void listHoldsEveryMessage() {
        auto view = shownView();
        view->setMessages(longConversation(500));
        QAccessibleInterface* list = treeOf(*view);
        QVERIFY(list != nullptr);
        QCOMPARE(list->role(), QAccessible::List);
        QCOMPARE(list->text(QAccessible::Name), QStringLiteral("Conversation"));
        QCOMPARE(list->childCount(), 501);  // and the status
        for (const int i : {0, 1, 250, 499}) {
            QAccessibleInterface* item = list->child(i);
            QVERIFY(item != nullptr && item->isValid());
            QCOMPARE(item->role(), QAccessible::ListItem);
            QCOMPARE(item->parent(), list);
            QCOMPARE(list->indexOfChild(item), i);
            QCOMPARE(item->text(QAccessible::Name),
                     QStringLiteral("%1, message %2")
                         .arg(i % 2 == 0 ? QStringLiteral("You") : QStringLiteral("Assistant"))
                         .arg(i + 1));
            QVERIFY(item->textInterface() != nullptr);
            QVERIFY(item->textInterface()->characterCount() > 10);
        }
        QVERIFY(list->child(0)->state().offscreen);
        QVERIFY(!list->child(499)->state().offscreen);
        QVERIFY2(view->transcript().frameCount() < 12, "asking lays nothing out");
        QVERIFY(list->child(501) == nullptr && list->child(-1) == nullptr);
    }

    void namesTellVersionAndState() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        QAccessibleInterface* list = treeOf(*view);
        QCOMPARE(list->child(1)->text(QAccessible::Name), QStringLiteral("Assistant, message 2, 2 of 3"));
        QVERIFY(list->child(0)
                    ->text(QAccessible::Description)
                    .contains(QStringLiteral("not read for the latest answer")));
        QVERIFY(list->child(3)->text(QAccessible::Description).startsWith(QStringLiteral("interrupted")));
        QVERIFY(
            list->child(5)->text(QAccessible::Description).contains(QStringLiteral("The context is full")));
        QVERIFY(list->child(1)->text(QAccessible::Description).contains(QStringLiteral("41.2 tokens/s")));
        QVERIFY(list->child(7)->state().busy);
    }

    void reasonOfAnEarlyEndIsShown() {
        app::MessageItem item = message(1, MessageRole::assistant, QStringLiteral("Earth, Mars"));
        item.state = app::MessageState::interrupted;
        const auto left = [&item](const QString& reason) {
            item.error = reason;
            const ViewTheme theme = makeViewTheme(QApplication::palette(), QApplication::font(), 1);
            const SyntaxLibrary syntaxes;
            const MessageExtras extras;
            MessageFrame frame(item, extras, theme, syntaxes);
            frame.setWidth(800);
            return frame.controlRect({Control::Kind::resume, -1, -1, {}}).left();
        };
        const QString reason = QStringLiteral("The context of 512 tokens is full.");
        QVERIFY(left(reason) > left({}) + 50);  // the reason stands before "Continue"
        QVERIFY(left(reason.repeated(50)) < 800);
        item.error = reason;
        auto view = shownView();
        view->setMessages({item});
        QAccessibleInterface* list = treeOf(*view);
        QVERIFY(list->child(0)->text(QAccessible::Description).contains(reason));
    }

    void textIsReadAsItIsShown() {
        auto view = shownView();
        view->setMessages(
            {message(1, MessageRole::assistant,
                     QStringLiteral("# Head\n\nA **bold** word.\n\n1. one\n2. two\n\n- [x] done it\n\n"
                                    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```c\nint x;\n```"))});
        paint(*view);
        QAccessibleTextInterface* text = treeOf(*view)->child(0)->textInterface();
        const QString expected =
            QStringLiteral("Head\nA bold word.\n1. one\n2. two\n• done: done it\na\tb\n1\t2\nint x;");
        QCOMPARE(text->text(0, text->characterCount()), expected);
        int start = 0;
        int end = 0;
        QCOMPARE(text->textAtOffset(8, QAccessible::WordBoundary, &start, &end), QStringLiteral("bold"));
        QCOMPARE(text->textAtOffset(8, QAccessible::LineBoundary, &start, &end).trimmed(),
                 QStringLiteral("A bold word."));
        // Characters stand where they are painted, and a point finds its character.
        const int at = static_cast<int>(expected.indexOf(QStringLiteral("two")));
        const QRect rect = text->characterRect(at);
        QVERIFY(rect.width() > 2 && rect.height() > 8);
        QCOMPARE(text->offsetAtPoint(rect.center() - QPoint(rect.width() / 4, 0)), at);
        text->setSelection(0, at, at + 3);
        QCOMPARE(view->selectedText(), QStringLiteral("two"));
        text->selection(0, &start, &end);
        QCOMPARE(qMakePair(start, end), qMakePair(at, at + 3));
        QCOMPARE(text->selectionCount(), 1);
        text->removeSelection(0);
        QVERIFY(!view->hasSelection());
    }

    void buttonsHaveNamesAndWork() {
        auto view = shownView();
        view->setMessages(sampleConversation());
        paint(*view);
        QAccessibleInterface* item = treeOf(*view)->child(1);
        QStringList names;
        QAccessibleInterface* next = nullptr;
        for (int i = 0; i < item->childCount(); ++i) {
            QAccessibleInterface* child = item->child(i);
            QCOMPARE(child->parent(), item);
            QCOMPARE(item->indexOfChild(child), i);
            QVERIFY(child->role() == QAccessible::Button || child->role() == QAccessible::Link);
            QVERIFY(!child->rect().isEmpty());
            names.append(child->text(QAccessible::Name));
            next = names.last() == QStringLiteral("Show version 3 of 3") ? child : next;
        }
        for (const char* name :
             {"Show version 1 of 3", "Link to https://en.wikipedia.org/wiki/Insertion_sort",
              "Copy code: python", "Retry: make another answer", "Copy this message"}) {
            QVERIFY2(names.contains(QString::fromLatin1(name)), name);
        }
        QVERIFY(next != nullptr);
        QSignalSpy versions(view.get(), &ConversationView::versionRequested);
        next->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        QCOMPARE(versions.size(), 1);
        QCOMPARE(versions[0][1].toInt(), 3);
    }

    void answersAreAnnounced() {
        QVector<Told> events;
        auto view = shownView();
        listen(*view, events);
        view->setMessages({message(1, MessageRole::user, QStringLiteral("q"))});
        view->setFocus();
        QVERIFY(view->hasFocus());
        events.clear();
        view->appendMessage(message(2, MessageRole::assistant, {}, MessageState::waiting));
        view->appendText(2, QStringLiteral("One sentence"));
        view->appendText(2, QStringLiteral(". And anoth"));
        view->appendText(2, QStringLiteral("er! Rest"));
        app::MessageItem done = view->transcript().item(1);
        done.state = MessageState::complete;
        view->updateMessage(done);
        view->setAccessibilitySink({});
        QStringList said;
        QStringList status;
        for (const Told& event : events) {
            if (event.type == QAccessible::TextInserted) {
                said.append(event.text);
            } else if (event.type == QAccessible::NameChanged &&
                       event.name.startsWith(QStringLiteral("The a"))) {
                status.append(event.name);
            }
        }
        QCOMPARE(said, (QStringList{QStringLiteral("One sentence. "), QStringLiteral("And another! "),
                                    QStringLiteral("Rest")}));
        QCOMPARE(status, (QStringList{QStringLiteral("The assistant is answering"),
                                      QStringLiteral("The answer is complete")}));
        QCOMPARE(treeOf(*view)->child(2)->text(QAccessible::Name), QStringLiteral("The answer is complete"));
    }

    /// Without the focus nothing is read out into what a person does elsewhere.
    void nothingIsSaidWithoutTheFocus() {
        QVector<Told> events;
        auto view = shownView();
        view->setMessages({message(1, MessageRole::assistant, {}, MessageState::streaming)});
        view->clearFocus();
        listen(*view, events);
        view->appendText(1, QStringLiteral("One sentence. Two."));
        view->setAccessibilitySink({});
        for (const Told& event : events) {
            QVERIFY(event.type != QAccessible::TextInserted);
        }
    }

    void focusIsTold() {
        QVector<Told> events;
        auto view = shownView();
        view->setMessages(longConversation(6));
        paint(*view);
        view->setCurrentMessage(5);
        listen(*view, events);
        QTest::keyClick(view.get(), Qt::Key_Tab);
        QTest::keyClick(view.get(), Qt::Key_Home);
        view->setAccessibilitySink({});
        QStringList focused;
        for (const Told& event : events) {
            if (event.type == QAccessible::Focus) {
                focused.append(event.name);
            }
        }
        QCOMPARE(focused, (QStringList{QStringLiteral("Copy code: cpp"), QStringLiteral("You, message 1")}));
        QCOMPARE(treeOf(*view)->focusChild(), treeOf(*view)->child(0));
    }

    void outlivesChanges() {
        auto view = shownView();
        view->setMessages(longConversation(4));
        QAccessibleInterface* list = treeOf(*view);
        QVERIFY(list->child(3)->child(0) != nullptr);
        view->setMessages(longConversation(2));
        QCOMPARE(list->childCount(), 3);
        QCOMPARE(list->child(1)->text(QAccessible::Name), QStringLiteral("Assistant, message 2"));
        view->clear();
        QCOMPARE(list->childCount(), 1);
        QVERIFY(list->child(0) != nullptr);
    }
};

QTEST_MAIN(TestConversationAccessible)
#include "test_conversation_accessible.moc"
