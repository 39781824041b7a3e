// SPDX-License-Identifier: Apache-2.0
// Writing: what reaches the port from the composer, and what does not. Offscreen.
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QInputMethodEvent>
#include <QMimeData>
#include <QTest>

#include "tests/ui/window/window_fixture.h"

namespace tendril::ui {

using app::ModelState;

class TestComposer final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void enterSendsAndClears();
    void shiftEnterBreaksTheLine();
    void anEmptyClipboardPastesNothing();
    void hintIsNeverCut();
    void enterDoesNotSendWhileAnInputMethodComposes();
    void nothingIsSentWithoutAModel();
    void escapeStops();
    void buttonStops();
    void enterWaitsForTheAnswer();
    void draftIsSavedAfterAPause();
    void draftIsToldWhileTypingGoesOn();
    void draftIsSavedBeforeAnotherConversationOpens();
    void draftIsRestored();
    void reopeningTheSameConversationKeepsTheText();
    void upEditsTheLastMessage();
    void escapeEndsEditing();
};

void TestComposer::enterSendsAndClears() {
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

void TestComposer::shiftEnterBreaksTheLine() {
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

void TestComposer::anEmptyClipboardPastesNothing() {
    QGuiApplication::clipboard()->setMimeData(new QMimeData);
    QVERIFY(QGuiApplication::clipboard()->mimeData() != nullptr);  // or nothing would be pasted at all
    QTest::keyClicks(editor(), QStringLiteral("ab"));
    QTest::keyClick(editor(), Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(editor()->toPlainText(), QStringLiteral("ab"));
}

void TestComposer::hintIsNeverCut() {
    window_->resize(1080, 760);
    QTRY_VERIFY(editor()->placeholderText().contains(QLatin1String("Shift+Enter")));
    window_->resize(window_->minimumSize());
    const auto cut = [this] {
        return editor()->fontMetrics().horizontalAdvance(editor()->placeholderText()) >
               editor()->viewport()->width();
    };
    QTRY_VERIFY(!cut());
    QVERIFY(!editor()->placeholderText().isEmpty());
}

void TestComposer::enterDoesNotSendWhileAnInputMethodComposes() {
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

void TestComposer::nothingIsSentWithoutAModel() {
    Q_EMIT port_->modelChanged(ModelState());
    QTest::keyClicks(editor(), QStringLiteral("Hello"));
    QVERIFY(!sendButton()->isEnabled());
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QCOMPARE(editor()->toPlainText(), QStringLiteral("Hello"));
    QVERIFY2(statusText().contains(QStringLiteral("Choose a model")), qPrintable(statusText()));
}

void TestComposer::escapeStops() {
    QTest::keyClick(editor(), Qt::Key_Escape);
    QVERIFY(port_->calls.isEmpty());
    generating(true);
    QTest::keyClick(editor(), Qt::Key_Escape);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("stop")));
}

void TestComposer::buttonStops() {
    QVERIFY(!sendButton()->isEnabled());
    generating(true);
    QVERIFY(sendButton()->isEnabled());
    QCOMPARE(sendButton()->accessibleName(), QStringLiteral("Stop the answer"));
    QTest::mouseClick(sendButton(), Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("stop")));
    generating(false);
    QCOMPARE(sendButton()->accessibleName(), QStringLiteral("Send"));
}

void TestComposer::enterWaitsForTheAnswer() {
    generating(true);
    QTest::keyClicks(editor(), QStringLiteral("And then?"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QVERIFY(port_->calls.filter(QStringLiteral("send")).isEmpty());
    QCOMPARE(editor()->toPlainText(), QStringLiteral("And then?"));
}

void TestComposer::draftIsSavedAfterAPause() {
    QTest::keyClicks(editor(), QStringLiteral("half a thou"));
    QVERIFY2(port_->calls.isEmpty(), "not at each key");
    QTRY_COMPARE(port_->calls, QStringList(QStringLiteral("draft half a thou")));
}

void TestComposer::draftIsToldWhileTypingGoesOn() {
    QElapsedTimer time;
    time.start();
    while (port_->calls.isEmpty() && time.elapsed() < 5000) {  // no pause ever
        QTest::keyClicks(editor(), QStringLiteral("a "));
        QTest::qWait(20);
    }
    QVERIFY(time.elapsed() >= 900 && time.elapsed() < 3000);
    QVERIFY(port_->taken().first().startsWith(QStringLiteral("draft a a")));
    QTest::keyClicks(editor(), QStringLiteral("b"));
    const QStringList rest(QStringLiteral("draft ") + editor()->toPlainText());
    QTRY_COMPARE(port_->calls, rest);
    QTest::qWait(1200);
    QCOMPARE(port_->calls, rest);  // and not again
}

void TestComposer::draftIsSavedBeforeAnotherConversationOpens() {
    fillList();
    QTest::keyClicks(editor(), QStringLiteral("unsent"));
    action("next")->trigger();
    QCOMPARE(port_->taken(), QStringList({QStringLiteral("draft unsent"), QStringLiteral("open 2")}));
}

void TestComposer::draftIsRestored() {
    port_->open(2, {}, QStringLiteral("from yesterday"));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("from yesterday"));
    QTest::qWait(
        400);  // longer than the pause after which a draft is saved: what was only shown is not saved again
    QVERIFY(port_->calls.isEmpty());
}

void TestComposer::reopeningTheSameConversationKeepsTheText() {
    QTest::keyClicks(editor(), QStringLiteral("kept"));
    port_->open(1, talk(), QStringLiteral("old"));
    QCOMPARE(editor()->toPlainText(), QStringLiteral("kept"));
}

void TestComposer::upEditsTheLastMessage() {
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

void TestComposer::escapeEndsEditing() {
    port_->open(3, talk(), QStringLiteral("my draft"));
    action("editLast")->trigger();
    QCOMPARE(editor()->toPlainText(), QStringLiteral("What is a vine?"));
    QTest::keyClick(editor(), Qt::Key_Escape);
    QCOMPARE(editor()->toPlainText(), QStringLiteral("my draft"));
    QVERIFY(port_->calls.filter(QStringLiteral("edit")).isEmpty());
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestComposer)
#include "test_composer.moc"
