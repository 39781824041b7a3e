// SPDX-License-Identifier: Apache-2.0
// The list of conversations, its search and its undo. Offscreen.
#include <QLineEdit>
#include <QTest>

#include "tests/ui/window/window_fixture.h"

namespace tendril::ui {

using app::SearchResult;

class TestSideBar final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void listOpens();
    void listKeepsAnEditorOpenWhileItChanges();
    void renameInPlace();
    void deleteKeyOffersUndo();
    void undoBelongsToTheTextAfterTyping();
    void searchIsDebouncedAndOpens();
    void staleSearchResultsAreIgnored();
};

void TestSideBar::listOpens() {
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

void TestSideBar::listKeepsAnEditorOpenWhileItChanges() {
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

void TestSideBar::renameInPlace() {
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

void TestSideBar::deleteKeyOffersUndo() {
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

void TestSideBar::undoBelongsToTheTextAfterTyping() {
    Q_EMIT port_->conversationDeleted(2, QStringLiteral("Roots"));
    QTest::keyClicks(editor(), QStringLiteral("typed"));
    QTest::keyClick(editor(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(port_->calls.filter(QStringLiteral("restore")).isEmpty());
    QVERIFY(editor()->toPlainText() != QStringLiteral("typed"));
}

void TestSideBar::searchIsDebouncedAndOpens() {
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

void TestSideBar::staleSearchResultsAreIgnored() {
    auto* field = window_->findChild<QLineEdit*>(QStringLiteral("searchField"));
    field->setText(QStringLiteral("new words"));
    Q_EMIT port_->searchFinished(QStringLiteral("old"),
                                 {SearchResult{2, 0, QStringLiteral("Roots"), QString()}});
    QVERIFY(!window_->findChild<QListView*>(QStringLiteral("searchResults"))->isVisible());
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestSideBar)
#include "test_side_bar.moc"
