// SPDX-License-Identifier: Apache-2.0
// What a person does in the window reaches the port, and what the port says is seen. Offscreen.
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include "tests/ui/window/window_fixture.h"
#include "ui/conversation/conversation_view.h"
#include "ui/window/message_bar.h"

namespace tendril::ui {

using app::MessageRole;
using app::ModelItem;
using app::ModelState;
using app::TurnStatus;

class TestMainWindow final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void retryContinueAndCopy();
    void droppedModelIsLoaded();
    void otherFilesAreNotTaken();
    void privateIsSwitchedAndSeen();
    void cacheIsShownAndCleared();
    void contextIsCountedWhileTyping();
    void newestMessageIsOneKeyAway();
    void modelErrorStaysVisible();
    void modelWarningIsShown();
    void welcomeOffersAModelThatFits();
    void chooserChoosesByKeyboard();
    void noticesStackAndClose();
    void noticesStayWithTheirConversation();
    void statusSaysAll();
    void systemPromptIsEdited();
    void exportAsksForAFile();
    void findFieldOpensAndCloses();
    void geometryIsRemembered();
    void textSizeAndThemeAreApplied();
};

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

void TestMainWindow::privateIsSwitchedAndSeen() {
    auto* mark = window_->findChild<QToolButton*>(QStringLiteral("privateMark"));
    QVERIFY(!mark->isChecked());
    QTest::keyClick(window_.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("private")));
    QVERIFY(mark->isChecked() && action("private")->isChecked());
    QVERIFY(!mark->text().isEmpty());
    QVERIFY2(mark->toolTip().contains(QStringLiteral("never kept on the disk")), qPrintable(mark->toolTip()));
    const QString spoken = mark->accessibleName();
    QTest::mouseClick(mark, Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("not private")));
    QVERIFY(!mark->isChecked() && !action("private")->isChecked() && mark->text().isEmpty());
    QVERIFY(mark->accessibleName() != spoken);
    app::OpenedConversation other;  // the port knows best
    other.id = 2;
    other.isPrivate = true;
    Q_EMIT port_->conversationOpened(other);
    QVERIFY(mark->isChecked());
    fillList();
    app::ConversationItem item{2, QStringLiteral("Roots"), QDateTime::currentDateTime(), true};
    Q_EMIT port_->conversationsChanged({item});
    QAccessibleInterface* rows = QAccessible::queryAccessibleInterface(list());
    QCOMPARE(rows->child(1)->text(QAccessible::Name), QStringLiteral("Roots, private"));
    item.isPrivate = false;
    Q_EMIT port_->conversationsChanged({item});
    QVERIFY(!mark->isChecked());
    QCOMPARE(rows->child(1)->text(QAccessible::Name), QStringLiteral("Roots"));
}

void TestMainWindow::cacheIsShownAndCleared() {
    action("chooseModel")->trigger();
    auto* panel = window_->findChild<QWidget*>(QStringLiteral("cachePanel"));
    QVERIFY(panel->isVisible());
    QVERIFY(port_->taken().contains(QStringLiteral("cache?")));
    app::CacheStatus status;
    status.memoryBytes = 300'000'000;
    status.memoryUsed = 120'000'000;
    status.tokensKept = 4321;
    status.diskBytes = 80'000'000;
    status.diskQuota = 16'000'000'000;
    Q_EMIT port_->cacheChanged(status);
    QCOMPARE(panel->findChild<QLabel*>(QStringLiteral("cacheMemory"))->text(),
             QStringLiteral("In memory: 120 MB of 300 MB, 4,321 tokens"));
    QCOMPARE(panel->findChild<QLabel*>(QStringLiteral("cacheDisk"))->text(),
             QStringLiteral("On the disk: 80 MB of at most 16 GB"));
    auto* clear = panel->findChild<QPushButton*>(QStringLiteral("clearCache"));
    QCOMPARE(clear->text(), QStringLiteral("Clear (200 MB)"));
    clear->setFocus();
    QTest::keyClick(clear, Qt::Key_Space);
    QVERIFY(port_->taken().contains(QStringLiteral("clear")));
    status = {};
    status.diskNote = QStringLiteral("the disk is full.");
    status.cleared = true;
    Q_EMIT port_->cacheChanged(status);
    QVERIFY(!clear->isEnabled());
    QCOMPARE(panel->findChild<QLabel*>(QStringLiteral("cacheDisk"))->text(),
             QStringLiteral("Not on the disk: the disk is full."));
    QVERIFY(statusText().contains(QStringLiteral("cleared")));
    auto* kv = panel->findChild<QComboBox*>(QStringLiteral("kvType"));
    QCOMPARE(kv->currentIndex(), 0);
    kv->setFocus();
    QTest::keyClick(kv, Qt::Key_Down);
    QVERIFY(port_->taken().contains(QStringLiteral("settings")));
    QCOMPARE(port_->settings.kvOf.value(QStringLiteral("/models/SmolLM2.gguf")), app::KvChoice::q8_0);
    QTest::keyClick(kv, Qt::Key_Up);
    QVERIFY(port_->settings.kvOf.isEmpty());
    port_->taken();
    window_->findChild<QWidget*>(QStringLiteral("modelPopup"))->close();
    QTest::qWait(1200);  // it asks now and then, but only while it is seen
    QVERIFY(!port_->calls.contains(QStringLiteral("cache?")));
    Q_EMIT port_->modelChanged({});
    action("chooseModel")->trigger();
    QVERIFY(!panel->isVisible());
}

void TestMainWindow::contextIsCountedWhileTyping() {
    Q_EMIT port_->contextPlanned({1234, 8192, {}, {}});
    QVERIFY2(statusText().contains(QStringLiteral("1,234 / 8,192")), qPrintable(statusText()));
    app::TurnStatus turn;
    turn.generating = true;
    turn.contextUsed = 2000;
    turn.contextLimit = 8192;
    Q_EMIT port_->turnChanged(turn);
    Q_EMIT port_->contextPlanned({1240, 8192, {}, {}});  // the answer that is written knows better
    QVERIFY2(statusText().contains(QStringLiteral("2,000 / 8,192")), qPrintable(statusText()));
    turn.generating = false;
    Q_EMIT port_->turnChanged(turn);
    port_->ready(QStringLiteral("Other"));
    QVERIFY2(statusText().contains(QStringLiteral("0 / 8,192")), qPrintable(statusText()));
}

void TestMainWindow::newestMessageIsOneKeyAway() {
    QVector<app::MessageItem> many;
    for (int i = 0; i < 60; ++i) {
        many << FakePort::message(i + 10, i % 2 == 0 ? MessageRole::user : MessageRole::assistant,
                                  QStringLiteral("Words.\n\nMore words.\n\n").repeated(3));
    }
    port_->open(2, many);
    auto* view = window_->findChild<ConversationView*>();
    auto* jump = window_->findChild<QToolButton*>(QStringLiteral("jumpToNewest"));
    QTRY_VERIFY(view->verticalScrollBar()->value() > 1000);
    QVERIFY(!jump->isVisible());
    view->verticalScrollBar()->setValue(0);
    QTRY_VERIFY(jump->isVisible());
    const QRect inView(view->mapTo(window_.get(), QPoint(0, 0)), view->size());
    QVERIFY(inView.contains(QRect(jump->mapTo(window_.get(), QPoint(0, 0)), jump->size())));
    Q_EMIT port_->messageTextAppended(69, QStringLiteral("And more."));
    QCOMPARE(view->verticalScrollBar()->value(), 0);
    QTest::mouseClick(jump, Qt::LeftButton);
    QTRY_COMPARE(view->verticalScrollBar()->value(), view->verticalScrollBar()->maximum());
    QTRY_VERIFY(!jump->isVisible());
    view->verticalScrollBar()->setValue(0);
    QTRY_VERIFY(jump->isVisible());
    QTest::keyClick(window_.get(), Qt::Key_J, Qt::ControlModifier);
    QTRY_VERIFY(view->isAtEnd() && !jump->isVisible());
    view->verticalScrollBar()->setValue(0);
    QTRY_VERIFY(jump->isVisible());
    port_->open(3);  // the welcome page
    QTRY_VERIFY(!jump->isVisible());
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
    const auto* view = window_->findChild<QWidget*>(QStringLiteral("conversationView"));
    const auto* bar = window_->findChild<QWidget*>(QStringLiteral("topBar"));
    QTRY_COMPARE(view->mapTo(window_.get(), QPoint(0, 0)).y(),  // no strip where notices may come
                 bar->mapTo(window_.get(), QPoint(0, bar->height())).y());
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
    QVERIFY(port_->taken().contains(QStringLiteral("describe ")));
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

void TestMainWindow::noticesStayWithTheirConversation() {
    fillList();
    const QString own = QStringLiteral("It was not shortened.");
    const QString all = QStringLiteral("The disk is full.");
    Q_EMIT port_->notice(own, 1);
    Q_EMIT port_->notice(QStringLiteral("Of another one."), 2);
    Q_EMIT port_->notice(all);
    QCOMPARE(notices(), QStringList({own, all}));
    port_->open(2);
    QCOMPARE(notices(), QStringList({QStringLiteral("Of another one."), all}));
    port_->open(2);  // another version of it
    QCOMPARE(notices().size(), 2);
    port_->open(1);
    QCOMPARE(notices(), QStringList({own, all}));
    for (int i = 0; i < 6; ++i) {
        Q_EMIT port_->notice(QStringLiteral("Number %1.").arg(i), 2);
    }
    QCOMPARE(notices(), QStringList({own, all}));  // none is pushed out by what is not seen
    port_->open(2);
    QCOMPARE(notices().size(), 3);
    Q_EMIT port_->conversationDeleted(1, QStringLiteral("Vines"));
    port_->open(1);
    QVERIFY(!notices().contains(own));
}

void TestMainWindow::noticesStackAndClose() {
    Q_EMIT port_->notice(QStringLiteral("The disk is full."));
    Q_EMIT port_->notice(QStringLiteral("The disk is full."));
    Q_EMIT port_->notice(QStringLiteral("Two."));
    QCOMPARE(notices(), QStringList({QStringLiteral("The disk is full."), QStringLiteral("Two.")}));
    window_->resize(1400, 800);
    const auto middle = [this](const QWidget* widget) {
        return widget->mapTo(window_.get(), widget->rect().center()).x();
    };
    const auto* frame = window_->findChild<QWidget*>(QStringLiteral("composerFrame"));
    for (const MessageBar* bar : window_->findChildren<MessageBar*>()) {
        if (bar->isVisible()) {
            QTRY_VERIFY2(std::abs(middle(bar) - middle(frame)) <= 1, "they stand in one column");
        }
    }
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
    app::TurnStatus waits;
    waits.generating = true;  // for a document
    Q_EMIT port_->turnChanged(waits);
    QVERIFY2(statusText().endsWith(QStringLiteral("The answer waits · 3,116 / 8,192 tokens")),
             qPrintable(statusText()));
    QVERIFY(action("stop")->isEnabled());
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
    QCOMPARE(editor()->font().pointSize(), before + 1);
    QCOMPARE(window_->findChild<QWidget*>(QStringLiteral("conversationView"))->font().pointSize(),
             before + 1);
    for (int i = 0; i < 12; ++i) {
        action("bigger")->trigger();
    }
    const auto* button = window_->findChild<QWidget*>(QStringLiteral("newConversation"));
    QTRY_VERIFY(button->width() >= button->sizeHint().width());  // its text is not cut
    action("normal")->trigger();
    QCOMPARE(editor()->font().pointSize(), before);
    QCOMPARE(QApplication::font().pointSize(), before);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestMainWindow)
#include "test_main_window.moc"
