// SPDX-License-Identifier: Apache-2.0
// What a person does in the window reaches the port, and what the port says is seen. Offscreen.
#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QUrl>

#include "tests/ui/window/fake_port.h"
#include "ui/window/main_window.h"
#include "ui/window/message_bar.h"
#include "ui/window/status_line.h"

using tendril::app::ConversationItem;
using tendril::app::MessageItem;
using tendril::app::MessageRole;
using tendril::app::MessageState;
using tendril::app::ModelItem;
using tendril::app::ModelState;
using tendril::app::SearchResult;
using tendril::app::TurnStatus;

namespace tendril::ui {

class TestMainWindow final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init();
    void cleanup();
    void enterSendsAndClears();
    void shiftEnterBreaksTheLine();
    void enterDoesNotSendWhileAnInputMethodComposes();
    void nothingIsSentWithoutAModel();
    void escapeStops();
    void buttonStops();
    void enterWaitsForTheAnswer();
    void draftIsSavedAfterAPause();
    void draftIsSavedBeforeAnotherConversationOpens();
    void draftIsRestored();
    void reopeningTheSameConversationKeepsTheText();
    void upEditsTheLastMessage();
    void escapeEndsEditing();
    void retryContinueAndCopy();
    void listOpens();
    void listKeepsAnEditorOpenWhileItChanges();
    void renameInPlace();
    void deleteKeyOffersUndo();
    void undoBelongsToTheTextAfterTyping();
    void searchIsDebouncedAndOpens();
    void staleSearchResultsAreIgnored();
    void droppedModelIsLoaded();
    void otherFilesAreNotTaken();
    void modelErrorStaysVisible();
    void modelWarningIsShown();
    void welcomeOffersAModelThatFits();
    void chooserChoosesByKeyboard();
    void noticesStackAndClose();
    void statusSaysAll();
    void systemPromptIsEdited();
    void exportAsksForAFile();
    void findFieldOpensAndCloses();
    void geometryIsRemembered();
    void textSizeAndThemeAreApplied();

  private:
    QPlainTextEdit* editor() const {
        return window_->findChild<QPlainTextEdit*>(QStringLiteral("composerEdit"));
    }
    QToolButton* sendButton() const { return window_->findChild<QToolButton*>(QStringLiteral("sendButton")); }
    QListView* list() const { return window_->findChild<QListView*>(QStringLiteral("conversationList")); }
    QAction* action(const char* name) const {
        return window_->findChild<QAction*>(QString::fromLatin1(name));
    }
    QString statusText() const { return window_->findChild<StatusLine*>()->text(); }
    QStringList notices() const;
    void fillList();
    static QVector<MessageItem> talk();
    void generating(bool on);

    std::unique_ptr<FakePort> port_;
    std::unique_ptr<MainWindow> window_;
};

void TestMainWindow::init() {
    port_ = std::make_unique<FakePort>();
    window_ = std::make_unique<MainWindow>(*port_, app::Settings(), QString());
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    port_->ready();
    port_->open(1);
    port_->taken();
}

void TestMainWindow::cleanup() {
    window_.reset();
    port_.reset();
}

QStringList TestMainWindow::notices() const {
    QStringList texts;
    for (const MessageBar* bar : window_->findChildren<MessageBar*>()) {
        if (bar->isVisible()) {
            texts << bar->text();
        }
    }
    return texts;
}

QVector<MessageItem> TestMainWindow::talk() {
    return {FakePort::message(10, MessageRole::user, QStringLiteral("What is a vine?")),
            FakePort::message(11, MessageRole::assistant, QStringLiteral("A *climbing* plant."),
                              MessageState::interrupted)};
}

void TestMainWindow::fillList() {
    const QDateTime now = QDateTime::currentDateTime();
    Q_EMIT port_->conversationsChanged({{1, QStringLiteral("Vines"), now},
                                        {2, QStringLiteral("Roots"), now.addDays(-1)},
                                        {3, QStringLiteral("Leaves"), now.addDays(-5)}});
}

void TestMainWindow::generating(bool on) {
    TurnStatus status;
    status.generating = on;
    Q_EMIT port_->turnChanged(status);
}

void TestMainWindow::enterSendsAndClears() {
    QVERIFY(editor()->hasFocus());
    QTest::keyClicks(editor(), QStringLiteral("Hello there"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.contains(QStringLiteral("send Hello there")));
    QVERIFY(editor()->toPlainText().isEmpty());
    port_->taken();
    QTest::keyClick(editor(), Qt::Key_Return);  // nothing to send
    QTest::keyClicks(editor(), QStringLiteral("  "));
    QTest::keyClick(editor(), Qt::Key_Enter, Qt::KeypadModifier);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
}

void TestMainWindow::shiftEnterBreaksTheLine() {
    const int before = editor()->height();
    QTest::keyClicks(editor(), QStringLiteral("one"));
    QTest::keyClick(editor(), Qt::Key_Return, Qt::ShiftModifier);
    QTest::keyClicks(editor(), QStringLiteral("two"));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("one\ntwo"));
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QVERIFY2(editor()->height() > before, "the editor grows with its lines");
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.contains(QStringLiteral("send one\ntwo")));
    QCOMPARE(editor()->height(), before);
}

void TestMainWindow::enterDoesNotSendWhileAnInputMethodComposes() {
    QInputMethodEvent composing(QStringLiteral("にほ"), {});
    QApplication::sendEvent(editor(), &composing);
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QInputMethodEvent done;
    done.setCommitString(QStringLiteral("日本"));
    QApplication::sendEvent(editor(), &done);
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.contains(QStringLiteral("send 日本")));
}

void TestMainWindow::nothingIsSentWithoutAModel() {
    Q_EMIT port_->modelChanged(ModelState());
    QTest::keyClicks(editor(), QStringLiteral("Hello"));
    QVERIFY(!sendButton()->isEnabled());
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QCOMPARE(editor()->toPlainText(), QStringLiteral("Hello"));
    QVERIFY2(statusText().contains(QStringLiteral("Choose a model")), qPrintable(statusText()));
}

void TestMainWindow::escapeStops() {
    QTest::keyClick(editor(), Qt::Key_Escape);
    QVERIFY(port_->calls.isEmpty());
    generating(true);
    QTest::keyClick(editor(), Qt::Key_Escape);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("stop")));
}

void TestMainWindow::buttonStops() {
    QVERIFY(!sendButton()->isEnabled());
    generating(true);
    QVERIFY(sendButton()->isEnabled());
    QCOMPARE(sendButton()->accessibleName(), QStringLiteral("Stop the answer"));
    QTest::mouseClick(sendButton(), Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("stop")));
    generating(false);
    QCOMPARE(sendButton()->accessibleName(), QStringLiteral("Send"));
}

void TestMainWindow::enterWaitsForTheAnswer() {
    generating(true);
    QTest::keyClicks(editor(), QStringLiteral("And then?"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QCOMPARE(editor()->toPlainText(), QStringLiteral("And then?"));
}

void TestMainWindow::draftIsSavedAfterAPause() {
    QTest::keyClicks(editor(), QStringLiteral("half a thou"));
    QVERIFY2(port_->calls.isEmpty(), "not at each key");
    QTRY_COMPARE(port_->calls, QStringList(QStringLiteral("draft half a thou")));
}

void TestMainWindow::draftIsSavedBeforeAnotherConversationOpens() {
    fillList();
    QTest::keyClicks(editor(), QStringLiteral("unsent"));
    action("next")->trigger();
    QCOMPARE(port_->taken(), QStringList({QStringLiteral("draft unsent"), QStringLiteral("open 2")}));
}

void TestMainWindow::draftIsRestored() {
    port_->open(2, {}, QStringLiteral("from yesterday"));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("from yesterday"));
    QTest::qWait(
        400);  // longer than the pause after which a draft is saved: what was only shown is not saved again
    QVERIFY(port_->calls.isEmpty());
}

void TestMainWindow::reopeningTheSameConversationKeepsTheText() {
    QTest::keyClicks(editor(), QStringLiteral("kept"));
    port_->open(1, talk(), QStringLiteral("old"));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("kept"));
}

void TestMainWindow::upEditsTheLastMessage() {
    port_->open(2, talk(), QStringLiteral("x"));
    QTest::keyClick(editor(), Qt::Key_Up);
    QCOMPARE(editor()->toPlainText(), QStringLiteral("x"));  // something is written: Up is Up
    port_->open(3, talk());
    QTest::keyClick(editor(), Qt::Key_Up);
    QCOMPARE(editor()->toPlainText(), QStringLiteral("What is a vine?"));
    QTest::keyClicks(editor(), QStringLiteral(" Really?"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.contains(QStringLiteral("edit 10 What is a vine? Really?")));
    QVERIFY(editor()->toPlainText().isEmpty());
    QVERIFY2(port_->calls.filter(QStringLiteral("draft")).isEmpty(), "an edit is not a draft");
}

void TestMainWindow::escapeEndsEditing() {
    port_->open(3, talk(), QStringLiteral("my draft"));
    action("editLast")->trigger();
    QCOMPARE(editor()->toPlainText(), QStringLiteral("What is a vine?"));
    QTest::keyClick(editor(), Qt::Key_Escape);
    QCOMPARE(editor()->toPlainText(), QStringLiteral("my draft"));
    QVERIFY(port_->calls.filter(QStringLiteral("edit")).isEmpty());
}

void TestMainWindow::retryContinueAndCopy() {
    port_->open(2, talk());
    action("continue")->trigger();
    action("retry")->trigger();
    QCOMPARE(port_->taken(), QStringList({QStringLiteral("continue 11"), QStringLiteral("retry 11")}));
    Q_EMIT port_->messageTextAppended(11, QStringLiteral(" It climbs."));
    action("copyLast")->trigger();
    QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("A *climbing* plant. It climbs."));
    Q_EMIT port_->messageChanged(FakePort::message(11, MessageRole::assistant, QStringLiteral("Done.")));
    QVERIFY2(!action("continue")->isEnabled(), "a complete answer is not continued");
    generating(true);
    QVERIFY(!action("retry")->isEnabled());
}

void TestMainWindow::listOpens() {
    fillList();
    QCOMPARE(list()->model()->rowCount(), 6);  // three headings
    list()->setFocus();
    QTest::keyClick(list(), Qt::Key_Down);
    QTest::keyClick(list(), Qt::Key_Return);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("open 2")));
    const QModelIndex last = list()->model()->index(5, 0);
    QTest::mouseClick(list()->viewport(), Qt::LeftButton, {}, list()->visualRect(last).center());
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("open 3")));
}

void TestMainWindow::listKeepsAnEditorOpenWhileItChanges() {
    fillList();
    action("rename")->trigger();
    auto* edit = list()->findChild<QLineEdit*>();
    QVERIFY(edit != nullptr);
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("Half"));
    const QDateTime now = QDateTime::currentDateTime();
    Q_EMIT port_->conversationsChanged(
        {{4, QStringLiteral("Newest"), now}, {1, QStringLiteral("Vines"), now}});
    QCOMPARE(list()->findChild<QLineEdit*>(), edit);
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_COMPARE(port_->calls, QStringList(QStringLiteral("rename 1 Half")));
}

void TestMainWindow::renameInPlace() {
    fillList();
    QTest::keyClick(window_.get(), Qt::Key_F2);
    auto* edit = list()->findChild<QLineEdit*>();
    QVERIFY(edit != nullptr);
    QCOMPARE(edit->text(), QStringLiteral("Vines"));
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("Climbing plants"));
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_COMPARE(port_->calls, QStringList(QStringLiteral("rename 1 Climbing plants")));
}

void TestMainWindow::deleteKeyOffersUndo() {
    fillList();
    list()->setFocus();
    QTest::keyClick(list(), Qt::Key_Backspace);
    QVERIFY2(port_->calls.isEmpty(), "Backspace never deletes");
    QVERIFY(!action("undoDelete")->isEnabled());
    QTest::keyClick(list(), Qt::Key_Delete);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("delete 1")));
    Q_EMIT port_->conversationDeleted(1, QStringLiteral("Vines"));
    QCOMPARE(notices(), QStringList(QStringLiteral("“Vines” deleted")));
    editor()->setFocus();
    QTest::keyClick(editor(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("restore 1")));
    QVERIFY(notices().isEmpty());
}

void TestMainWindow::undoBelongsToTheTextAfterTyping() {
    Q_EMIT port_->conversationDeleted(2, QStringLiteral("Roots"));
    QTest::keyClicks(editor(), QStringLiteral("typed"));
    QTest::keyClick(editor(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(port_->calls.filter(QStringLiteral("restore")).isEmpty());
    QVERIFY(editor()->toPlainText() != QStringLiteral("typed"));
}

void TestMainWindow::searchIsDebouncedAndOpens() {
    fillList();
    QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
    auto* field = window_->findChild<QLineEdit*>(QStringLiteral("searchField"));
    QVERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("root"));
    QVERIFY(port_->calls.isEmpty());
    QTRY_COMPARE(port_->calls, QStringList(QStringLiteral("search root")));
    port_->taken();
    Q_EMIT port_->searchFinished(
        QStringLiteral("root"),
        {SearchResult{2, 21, QStringLiteral("Roots"), QStringLiteral("the \u0002root\u0003 grows")},
         SearchResult{3, 0, QStringLiteral("Root beer"), QString()}});
    auto* results = window_->findChild<QListView*>(QStringLiteral("searchResults"));
    QVERIFY(results->isVisible());
    QCOMPARE(results->model()->index(0, 0).data(Qt::AccessibleTextRole).toString(),
             QStringLiteral("Roots: the root grows"));
    QTest::keyClick(field, Qt::Key_Down);
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("open 3")));
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(field->text().isEmpty());
    QVERIFY(list()->isVisible());
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("search ")));
}

void TestMainWindow::staleSearchResultsAreIgnored() {
    auto* field = window_->findChild<QLineEdit*>(QStringLiteral("searchField"));
    field->setText(QStringLiteral("new words"));
    Q_EMIT port_->searchFinished(QStringLiteral("old"),
                                 {SearchResult{2, 0, QStringLiteral("Roots"), QString()}});
    QVERIFY(!window_->findChild<QListView*>(QStringLiteral("searchResults"))->isVisible());
}

void TestMainWindow::droppedModelIsLoaded() {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(QStringLiteral("/somewhere/My Model.GGUF"))});
    QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &drop);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("load /somewhere/My Model.GGUF")));
}

void TestMainWindow::otherFilesAreNotTaken() {
    for (const QUrl& url : {QUrl(QStringLiteral("https://example.org/model.gguf")),
                            QUrl::fromLocalFile(QStringLiteral("/a/picture.png"))}) {
        QMimeData data;
        data.setUrls({url});
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window_.get(), &enter);
        QVERIFY(!enter.isAccepted());
    }
    QVERIFY(port_->calls.isEmpty());
}

void TestMainWindow::modelErrorStaysVisible() {
    port_->open(2, talk());
    ModelState failed;
    failed.kind = ModelState::Kind::failed;
    failed.text = QStringLiteral("The file ends inside its header.");
    Q_EMIT port_->modelChanged(failed);
    QCOMPARE(notices(), QStringList(failed.text));
    port_->open(3);  // no messages: the welcome page says it
    QCOMPARE(window_->findChild<QLabel*>(QStringLiteral("welcomeText"))->text(), failed.text);
    port_->open(2, talk());
    port_->ready();
    QVERIFY(notices().isEmpty());
}

void TestMainWindow::modelWarningIsShown() {
    ModelState state;
    state.kind = ModelState::Kind::ready;
    state.text = QStringLiteral("This model has no chat template; ChatML is used.");
    Q_EMIT port_->modelChanged(ModelState());
    Q_EMIT port_->modelChanged(state);
    QCOMPARE(notices(), QStringList(state.text));
}

void TestMainWindow::welcomeOffersAModelThatFits() {
    Q_EMIT port_->modelChanged(ModelState());
    QVERIFY(port_->taken().contains(QStringLiteral("describe ")));
    ModelItem large;
    large.path = QStringLiteral("/m/large.gguf");
    large.name = QStringLiteral("Large");
    large.neededBytes = 90'000'000'000;
    large.availableBytes = 20'000'000'000;
    ModelItem broken;
    broken.path = QStringLiteral("/m/broken.gguf");
    broken.error = QStringLiteral("This is not a GGUF file.");
    ModelItem good = large;
    good.path = QStringLiteral("/m/good.gguf");
    good.name = QStringLiteral("Good");
    good.neededBytes = 1'200'000'000;
    Q_EMIT port_->modelsDescribed({broken, large, good});
    auto* button = window_->findChild<QPushButton*>(QStringLiteral("suggestedModel"));
    QVERIFY(button->isVisible());
    QCOMPARE(button->text(), QStringLiteral("Use Good"));
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("load /m/good.gguf")));
    Q_EMIT port_->modelsDescribed({broken, large});
    QVERIFY(!button->isVisible());
}

void TestMainWindow::chooserChoosesByKeyboard() {
    QTest::keyClick(window_.get(), Qt::Key_M, Qt::ControlModifier);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("describe ")));
    ModelItem a;
    a.path = QStringLiteral("/m/a.gguf");
    a.name = QStringLiteral("A");
    a.quantisation = QStringLiteral("Q4_1");
    a.parameters = 134'500'000;
    a.fileBytes = 92'000'000;
    a.neededBytes = 1'200'000'000;
    a.availableBytes = 20'000'000'000;
    ModelItem b = a;
    b.path = QStringLiteral("/m/b.gguf");
    b.name = QStringLiteral("B");
    Q_EMIT port_->modelsDescribed({b, a});
    auto* models = window_->findChild<QListView*>(QStringLiteral("modelList"));
    QVERIFY(models->isVisible());
    const QString spoken = models->model()->index(0, 0).data(Qt::AccessibleTextRole).toString();
    QCOMPARE(spoken,
             QStringLiteral("A, Q4_1 · 135 million parameters · 92 MB, Fits: needs 1.2 GB, 20 GB free"));
    QTest::keyClick(models, Qt::Key_Down);
    QTest::keyClick(models, Qt::Key_Return);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("load /m/b.gguf")));
    QVERIFY(!models->isVisible());
}

void TestMainWindow::noticesStackAndClose() {
    Q_EMIT port_->notice(QStringLiteral("The disk is full."));
    Q_EMIT port_->notice(QStringLiteral("The disk is full."));
    Q_EMIT port_->notice(QStringLiteral("Two."));
    QCOMPARE(notices(), QStringList({QStringLiteral("The disk is full."), QStringLiteral("Two.")}));
    for (MessageBar* bar : window_->findChildren<MessageBar*>()) {
        if (bar->isVisible() && bar->text() == QStringLiteral("Two.")) {
            QTest::mouseClick(bar->findChild<QToolButton*>(), Qt::LeftButton);
        }
    }
    QTRY_COMPARE(notices(), QStringList(QStringLiteral("The disk is full.")));
}

void TestMainWindow::statusSaysAll() {
    TurnStatus status;
    status.generating = true;
    status.prefillShare = 0.45;
    status.contextUsed = 3116;
    status.contextLimit = 8192;
    Q_EMIT port_->turnChanged(status);
    QVERIFY2(statusText().contains(QStringLiteral("45")), qPrintable(statusText()));
    status.tokensPerSecond = 41.23;
    status.readTokens = 12;
    status.reusedTokens = 3104;
    Q_EMIT port_->turnChanged(status);
    QCOMPARE(
        statusText(),
        QStringLiteral("CPU, AVX-512 VNNI, 4 threads (no CUDA plugin) · 41.2 tokens/s · read 12 new, 3,104 "
                       "reused · 3,116 / 8,192 tokens"));
}

void TestMainWindow::systemPromptIsEdited() {
    action("prompt")->trigger();
    auto* edit = window_->findChild<QPlainTextEdit*>(QStringLiteral("promptEdit"));
    QVERIFY(edit != nullptr);
    edit->setPlainText(QStringLiteral("Be brief."));
    QTest::keyClick(edit, Qt::Key_Tab);
    for (QPushButton* button : edit->window()->findChildren<QPushButton*>()) {
        if (button->text().contains(QStringLiteral("Save"))) {
            QTest::keyClick(button, Qt::Key_Space);
            break;
        }
    }
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("prompt Be brief.")));
}

void TestMainWindow::exportAsksForAFile() {
    QTemporaryDir folder;
    action("export")->trigger();
    auto* dialog = window_->findChild<QFileDialog*>(QStringLiteral("exportDialog"));
    QVERIFY(dialog != nullptr);
    QVERIFY2(!dialog->isModal() || dialog->windowModality() == Qt::WindowModal, "nothing blocks");
    Q_EMIT dialog->fileSelected(folder.filePath(QStringLiteral("talk.json")));
    QCOMPARE(
        port_->taken(),
        QStringList(QStringLiteral("export 1 %1 json").arg(folder.filePath(QStringLiteral("talk.json")))));
    dialog->close();
    Q_EMIT port_->exported(QStringLiteral("/x"), QStringLiteral("The disk is full."));
    QVERIFY(notices().join(QLatin1Char(' ')).contains(QStringLiteral("The disk is full.")));
}

void TestMainWindow::findFieldOpensAndCloses() {
    port_->open(2, talk());
    QTest::keyClick(window_.get(), Qt::Key_F, Qt::ControlModifier);
    auto* field = window_->findChild<QLineEdit*>(QStringLiteral("findField"));
    QVERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("zebra"));
    bool told = false;
    for (const QLabel* label : field->parentWidget()->findChildren<QLabel*>()) {
        told = told || label->text() == QStringLiteral("Not found");
    }
    QVERIFY(told);
    generating(true);
    QTest::keyClick(field, Qt::Key_Escape);  // closes the field, stops nothing
    QVERIFY(!field->isVisible());
    QVERIFY(port_->calls.isEmpty());
    QVERIFY(editor()->hasFocus());
}

void TestMainWindow::geometryIsRemembered() {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("window.ini"));
    {
        FakePort port;
        MainWindow window(port, app::Settings(), file);
        window.resize(700, 500);
        window.show();
        window.findChild<QAction*>(QStringLiteral("sidebar"))->setChecked(false);
        window.close();
    }
    FakePort port;
    MainWindow window(port, app::Settings(), file);
    window.show();
    QCOMPARE(window.size(), QSize(700, 500));
    QVERIFY(!window.findChild<QListView*>(QStringLiteral("conversationList"))->isVisible());
}

void TestMainWindow::textSizeAndThemeAreApplied() {
    action("themeDark")->trigger();
    QVERIFY(isDark(window_->palette()));
    QCOMPARE(port_->settings.theme, app::ThemeChoice::dark);
    action("themeLight")->trigger();
    QVERIFY(!isDark(window_->palette()));
    const int before = QApplication::font().pointSize();
    action("bigger")->trigger();
    QCOMPARE(QApplication::font().pointSize(), before + 1);
    QCOMPARE(port_->settings.fontPoints, before + 1);
    action("normal")->trigger();
    QCOMPARE(QApplication::font().pointSize(), before);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestMainWindow)
#include "test_main_window.moc"
