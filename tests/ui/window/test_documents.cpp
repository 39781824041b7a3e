// SPDX-License-Identifier: Apache-2.0
// Documents of a message in the window: dropped, pasted or chosen, shown as chips, their choice by mouse and
// by keyboard.
#include <QApplication>
#include <QClipboard>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QMenu>
#include <QMimeData>
#include <QTest>
#include <QTimer>

#include "tests/ui/window/window_fixture.h"
#include "ui/window/attachment_strip.h"
#include "ui/window/composer.h"

namespace tendril::ui {

using app::AttachmentChoice;
using app::AttachmentItem;
using app::MessageRole;

class TestDocuments final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void droppedFilesAreAttached();
    void picturesAreNotTaken();
    void tooManyFilesAreSaid();
    void pastedFilesAreAttached();
    void theButtonAndTheKeyAsk();
    void aChipSaysWhatTheModelGets();
    void progressAndErrorsAreSaid();
    void theChoiceIsMadeByKey();
    void chipsAreWalkedAndRemovedByKey();
    void aBrokenDocumentIsNotSent();
    void chipsGoWithTheConversation();
    void anEditHidesTheDraftsDocuments();
    void manyChipsAreScrolled();

  private:
    QVector<AttachmentChip*> chips() const {
        QVector<AttachmentChip*> shown;
        for (AttachmentChip* chip : window_->findChildren<AttachmentChip*>()) {
            if (chip->isVisible()) {
                shown.append(chip);
            }
        }
        return shown;
    }
    void show(const QVector<AttachmentItem>& documents) {
        Q_EMIT port_->attachmentsChanged(documents);
        QApplication::processEvents();
    }
    bool drop(const QStringList& paths);
};

bool TestDocuments::drop(const QStringList& paths) {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& path : paths) {
        urls << QUrl::fromLocalFile(path);
    }
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &enter);
    QDropEvent dropped(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &dropped);
    return enter.isAccepted();
}

void TestDocuments::droppedFilesAreAttached() {
    QTest::keyClicks(editor(), QStringLiteral("See this: "));
    port_->taken();
    QVERIFY(drop(
        {QStringLiteral("/a/notes.txt"), QStringLiteral("/a/paper.pdf"), QStringLiteral("/a/picture.png")}));
    QVERIFY(port_->calls.contains(QStringLiteral("attach /a/notes.txt,/a/paper.pdf")));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("See this: "));  // the text is not in the draft
    QVERIFY(editor()->hasFocus());
    port_->taken();
    QVERIFY(drop({QStringLiteral("/a/notes.txt"), QStringLiteral("/a/m.gguf")}));
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("load /a/m.gguf")));  // a model is a model
}

void TestDocuments::picturesAreNotTaken() {
    QVERIFY(!drop({QStringLiteral("/a/picture.png"), QStringLiteral("/a/film.mp4")}));
    QVERIFY(port_->calls.isEmpty());
}

void TestDocuments::tooManyFilesAreSaid() {
    QStringList paths;
    for (int i = 0; i < 20; ++i) {
        paths << QStringLiteral("/a/%1.txt").arg(i);
    }
    QVERIFY(drop(paths));
    QCOMPARE(port_->taken(),
             QStringList(QStringLiteral("attach ") + paths.mid(0, 16).join(QLatin1Char(','))));
    QCOMPARE(notices(), QStringList(QStringLiteral("Only the first 16 of 20 files are attached.")));
}

void TestDocuments::pastedFilesAreAttached() {
    auto* data = new QMimeData;
    data->setUrls({QUrl::fromLocalFile(QStringLiteral("/a/notes.txt"))});
    data->setText(QStringLiteral("file:///a/notes.txt"));
    QApplication::clipboard()->setMimeData(data);
    editor()->paste();
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("attach /a/notes.txt")));
    QVERIFY(editor()->toPlainText().isEmpty());
}

void TestDocuments::theButtonAndTheKeyAsk() {
    auto* button = window_->findChild<QToolButton*>(QStringLiteral("attachButton"));
    QCOMPARE(button->accessibleName(), QStringLiteral("Attach documents"));
    QTest::mouseClick(button, Qt::LeftButton);
    auto* dialog = window_->findChild<QFileDialog*>(QStringLiteral("attachDialog"));
    QVERIFY(dialog != nullptr && dialog->isVisible());
    Q_EMIT dialog->filesSelected({QStringLiteral("/a/b.md")});
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("attach /a/b.md")));
    delete dialog;
    window_->activateWindow();
    QTRY_VERIFY(window_->isActiveWindow());
    QTest::keyClick(window_.get(), Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(window_->findChild<QFileDialog*>(QStringLiteral("attachDialog")) != nullptr);
}

void TestDocuments::aChipSaysWhatTheModelGets() {
    AttachmentItem item = FakePort::document(7, QStringLiteral("report.md"));
    show({item});
    QCOMPARE(chips().size(), 1);
    QCOMPARE(chips()[0]->accessibleName(),
             QStringLiteral("Document report.md, Markdown, 48 kB · 12,300 tokens, whole"));
    item.choice = AttachmentChoice::shortened;
    item.plannedTokens = 6'100;
    show({item});
    QVERIFY2(chips()[0]->accessibleName().contains(QStringLiteral("12,300 tokens, 6,100 in short form")),
             qPrintable(chips()[0]->accessibleName()));
    item.choice = AttachmentChoice::searched;
    show({item});
    QVERIFY(
        chips()[0]->accessibleName().contains(QStringLiteral("12,300 tokens, searched, at most 6,100 read")));
    QVERIFY(chips()[0]->toolTip().contains(QStringLiteral("report.md")));
    item.tokens = item.plannedTokens = 0;  // no model is loaded
    show({item});
    QVERIFY2(chips()[0]->accessibleName().endsWith(QString::fromUtf8("48 kB · searched")),
             qPrintable(chips()[0]->accessibleName()));
    item.tokens = 12'300;
    QVERIFY2(chips()[0]->mapTo(window_.get(), QPoint()).y() < editor()->mapTo(window_.get(), QPoint()).y(),
             "chips stand above the text");
}

void TestDocuments::progressAndErrorsAreSaid() {
    AttachmentItem item = FakePort::document(7, QStringLiteral("<b>paper</b>.pdf"), 0);
    item.progress = 0.4;
    show({item});
    QVERIFY(chips()[0]->accessibleName().contains(QStringLiteral("being read, 40 %")));
    item.tokens = 900;
    item.choice = AttachmentChoice::shortened;
    show({item});
    QVERIFY(chips()[0]->accessibleName().contains(QStringLiteral("being shortened, 40 %")));
    item.error = QStringLiteral("The file holds no text.");
    show({item});
    QVERIFY(chips()[0]->accessibleName().contains(item.error));
    QVERIFY(!chips()[0]->toolTip().contains(QStringLiteral("<b>paper")));  // names are no markup
    for (const QAction* action : chips()[0]->menu()->actions()) {
        QVERIFY(!action->isCheckable() || !action->isEnabled());
    }
}

void TestDocuments::theChoiceIsMadeByKey() {
    show({FakePort::document(7, QStringLiteral("report.md"))});
    chips()[0]->setFocus();
    bool shown = false;
    QTimer poll;
    poll.callOnTimeout(this, [&] {  // the menu has a loop of its own
        if (QWidget* menu = QApplication::activePopupWidget()) {
            poll.stop();
            shown = menu == chips()[0]->menu();
            QTest::keyClick(menu, Qt::Key_S);
        }
    });
    poll.start(5);
    QTest::keyClick(chips()[0], Qt::Key_Return);
    QVERIFY(shown);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("choice 7 1")));
}

void TestDocuments::chipsAreWalkedAndRemovedByKey() {
    const QVector<AttachmentItem> three = {FakePort::document(7, QStringLiteral("a.md")),
                                           FakePort::document(8, QStringLiteral("b.md")),
                                           FakePort::document(9, QStringLiteral("c.md"))};
    show(three);
    editor()->setFocus();
    QTest::keyClick(editor(), Qt::Key_Backtab, Qt::ShiftModifier);
    QCOMPARE(QApplication::focusWidget()->objectName(), QStringLiteral("attachButton"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Backtab, Qt::ShiftModifier);
    QCOMPARE(QApplication::focusWidget(), chips()[2]);
    chips()[0]->setFocus();
    QTest::keyClick(chips()[0], Qt::Key_Right);
    QVERIFY(chips()[1]->hasFocus());
    QTest::keyClick(chips()[1], Qt::Key_Delete);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("detach 8")));
    show({three[0], three[2]});
    QTRY_COMPARE(chips().size(), 2);
    QVERIFY2(chips()[1]->hasFocus(), "the focus goes to the neighbour");
    QTest::mouseClick(chips()[0]->findChild<QToolButton*>(QStringLiteral("removeAttachment")),
                      Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("detach 7")));
    show({});
    QVERIFY2(editor()->hasFocus(), "without a chip one writes on");
    QVERIFY(!window_->findChild<AttachmentStrip*>()->isVisible());
}

void TestDocuments::aBrokenDocumentIsNotSent() {
    AttachmentItem item = FakePort::document(7, QStringLiteral("x.bin"));
    item.error = QStringLiteral("x.bin is no text.");
    show({item});
    QTest::keyClicks(editor(), QStringLiteral("What is it?"));
    port_->taken();
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->taken().filter(QStringLiteral("send")).isEmpty());
    QVERIFY2(statusText().contains(QStringLiteral("x.bin cannot be used. Remove it first.")),
             qPrintable(statusText()));
    QVERIFY(chips()[0]->hasFocus());
    QVERIFY2(!chips()[0]->accessibleName().contains(QStringLiteral("x.bin is")), "the name is said once");
    show({FakePort::document(6, QStringLiteral("a.md")), item});
    editor()->setFocus();
    QTest::keyClick(editor(), Qt::Key_Return);
    const QVector<AttachmentChip*> both = chips();
    QCOMPARE(both.size(), 2);
    for (AttachmentChip* chip : both) {
        QCOMPARE(chip->hasFocus(), !chip->item().error.isEmpty());  // the one that is meant
    }
    item.error.clear();
    show({item});
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->taken().contains(QStringLiteral("send What is it?")));
}

void TestDocuments::chipsGoWithTheConversation() {
    show({FakePort::document(7, QStringLiteral("a.md"))});
    port_->open(2);
    QTRY_VERIFY(chips().isEmpty());
}

void TestDocuments::anEditHidesTheDraftsDocuments() {
    port_->open(1, talk());
    show({FakePort::document(7, QStringLiteral("a.md"))});
    action("editLast")->trigger();
    QVERIFY(chips().isEmpty());
    port_->taken();
    drop({QStringLiteral("/a/notes.txt")});
    QVERIFY(port_->taken().filter(QStringLiteral("attach")).isEmpty());
    window_->findChild<Composer*>()->cancelEdit();
    QTRY_COMPARE(chips().size(), 1);
}

void TestDocuments::manyChipsAreScrolled() {
    QVector<AttachmentItem> many;
    for (int i = 0; i < 16; ++i) {
        many << FakePort::document(100 + i,
                                   QStringLiteral("A document with a long name, number %1.md").arg(i));
    }
    show(many.mid(0, 15));
    show(many);
    auto* strip = window_->findChild<AttachmentStrip*>();
    QVERIFY(strip->height() < window_->height() / 3);
    QCOMPARE(chips().size(), 16);
    QTRY_VERIFY2(!chips().last()->visibleRegion().isEmpty(), "the newest is in sight");
    for (const AttachmentChip* chip : chips()) {
        QVERIFY(chip->geometry().right() <= strip->width());
    }
    chips().last()->setFocus(Qt::TabFocusReason);
    QVERIFY(editor()->isVisible());
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestDocuments)
#include "test_documents.moc"
