// SPDX-License-Identifier: Apache-2.0
// What a person does in the window reaches the port, and what the port says is seen. Offscreen.
#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include "tests/ui/window/window_fixture.h"
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
