// SPDX-License-Identifier: Apache-2.0
// The context in the window: the split meter, what it says, the panel behind it, the line before sending, and
// the shortening of the model's memory.
#include <QAccessible>
#include <QApplication>
#include <QCheckBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "tests/ui/window/window_fixture.h"
#include "ui/conversation/conversation_view.h"
#include "ui/window/context_meter.h"
#include "ui/window/context_panel.h"
#include "ui/window/status_line.h"
#include "ui/window/theme.h"

namespace tendril::ui {

using app::ContextPlanItem;
using app::MemoryChange;
using app::MemoryMarkItem;

class TestContext final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void theMeterSaysItsParts();
    void theMeterDrawsItsParts();
    void partsAddUp();
    void thePanelOpensByKeyAndByClick();
    void whatBecomesShorterIsSaidBeforeSending();
    void whatDoesNotFitIsSaidBeforeSending();
    void nothingIsSaidWithoutNeed();
    void shortenNowByKeyAndInThePanel();
    void theSwitchIsASetting();
    void theWorkIsSeenAndCancelled();
    void theNewestMarkIsRestoredByKey();
    void anotherConversationHasAnotherContext();

  private:
    ContextMeter* meter() const { return window_->findChild<ContextMeter*>(); }
    ContextPanel* panel() const { return window_->findChild<ContextPanel*>(); }
    QLabel* planned() const { return window_->findChild<QLabel*>(QStringLiteral("plannedLine")); }
    static ContextPlanItem plan() { return {4'500, 8'000, {500, 1'000, 2'500, 500, 1'000, 8'000}, {}}; }
    static ContextPlanItem full() {
        ContextPlanItem made = plan();
        made.ifSent = {{MemoryChange::summarised, {10, 11}, 0, 3'900, 420},
                       {MemoryChange::compressed, {}, 7, 12'300, 6'100}};
        return made;
    }
};

void TestContext::theMeterSaysItsParts() {
    Q_EMIT port_->contextPlanned(plan());
    QVERIFY(meter()->isVisible());
    QCOMPARE(meter()->accessibleName(), QStringLiteral("4,500 of 8,000 tokens of context used"));
    for (const char* part : {"System prompt: 500", "Documents: 1,000", "Conversation: 2,500",
                             "Your message: 500", "Kept for the answer: 1,000", "Free: 2,500"}) {
        QVERIFY2(meter()->accessibleDescription().contains(QString::fromLatin1(part)),
                 qPrintable(meter()->accessibleDescription()));
        QVERIFY(meter()->toolTip().contains(QString::fromLatin1(part)));
    }
    QVERIFY(QAccessible::queryAccessibleInterface(meter())->role() == QAccessible::Button);
}

void TestContext::theMeterDrawsItsParts() {
    Q_EMIT port_->contextPlanned(plan());
    const QImage image = meter()->grab().toImage();
    const int y = image.height() / 2;
    QVector<QColor> met;
    for (int x = 0; x < image.width(); ++x) {
        if (const QColor color = image.pixelColor(x, y); met.isEmpty() || met.last() != color) {
            met << color;
        }
    }
    using Kind = ContextPart::Kind;
    qsizetype at = -1;
    for (const Kind kind : {Kind::system, Kind::documents, Kind::turns, Kind::draft}) {
        const qsizetype found = met.indexOf(contextColor(kind));
        QVERIFY2(found > at, qPrintable(QString::number(static_cast<int>(kind))));
        at = found;
    }
    for (const bool dark : {false, true}) {
        const ThemeColors& colors = themeColors(dark);
        for (const QColor& part :
             {colors.shareSystem, colors.shareDocuments, colors.accent, colors.shareDraft}) {
            QVERIFY(contrastRatio(part, colors.base) >= 3);
        }
    }
}

void TestContext::partsAddUp() {
    const auto sum = [](const QVector<ContextPart>& parts) {
        quint32 all = 0;
        for (const ContextPart& part : parts) {
            all += part.tokens;
        }
        return all;
    };
    QCOMPARE(sum(contextParts({500, 1'000, 2'500, 500, 1'000, 8'000}, 4'500)), 8'000U);
    QCOMPARE(contextParts({500, 1'000, 2'500, 500, 1'000, 8'000}, 5'500)[2].tokens, 3'500U);  // it is written
    const auto over = contextParts({500, 9'000, 2'500, 500, 1'000, 8'000}, 12'500);
    QCOMPARE(over[4].tokens + over[5].tokens, 0U);
    QCOMPARE(contextParts({0, 9'000, 0, 10, 500, 8'000}, 9'510)[2].tokens, 0U);  // it does not fit
    QVERIFY(contextParts({}, 100).isEmpty());
}

void TestContext::thePanelOpensByKeyAndByClick() {
    Q_EMIT port_->contextPlanned(full());
    QVERIFY(!panel()->isVisible());
    meter()->setFocus();
    QTest::keyClick(meter(), Qt::Key_Return);
    QVERIFY(panel()->isVisible());
    QStringList texts;
    for (const QLabel* label : panel()->findChildren<QLabel*>()) {
        texts << label->text();
    }
    const QString all = texts.join(QLatin1Char('\n'));
    for (const char* text : {"Documents", "1,000", "Kept for the answer", "2,500",
                             "2 earlier messages become a summary, 3,900 → 420 tokens",
                             "A document is shortened, 12,300 → 6,100 tokens"}) {
        QVERIFY2(all.contains(QString::fromUtf8(text)), qPrintable(all));
    }
    QVERIFY(panel()->accessibleDescription().contains(QStringLiteral("become a summary")));
    QTest::keyClick(panel(), Qt::Key_Escape);
    QVERIFY(!panel()->isVisible());
    QTest::mouseClick(meter(), Qt::LeftButton);
    QVERIFY(panel()->isVisible());
    panel()->close();
    QTest::keyClick(window_.get(), Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
    QVERIFY(panel()->isVisible());
    // The offscreen platform gives popups a frame of two pixels.
    QVERIFY(window_->screen()->geometry().adjusted(-2, -2, 2, 2).contains(panel()->geometry()));
}

void TestContext::whatBecomesShorterIsSaidBeforeSending() {
    Q_EMIT port_->attachmentsChanged({FakePort::document(7, QStringLiteral("report.md"))});
    ContextPlanItem plan = full();
    plan.ifSent.append({MemoryChange::left_out, {9}, 0, 800, 0});
    Q_EMIT port_->contextPlanned(plan);
    QVERIFY(planned()->isVisible());
    QCOMPARE(planned()->text(),
             QString::fromUtf8("When sent: 2 earlier messages become a summary, 3,900 → 420 tokens; "
                               "One earlier message is left out, 800 tokens."));
    QTest::mouseClick(window_->findChild<QPushButton*>(QStringLiteral("plannedDetails")), Qt::LeftButton);
    QVERIFY(panel()->isVisible());
    QVERIFY(panel()
                ->findChild<QLabel*>(QStringLiteral("contextPlanned"))
                ->text()
                .contains(QString::fromUtf8("report.md is shortened, 12,300 → 6,100 tokens")));
}

void TestContext::whatDoesNotFitIsSaidBeforeSending() {
    ContextPlanItem large = plan();
    large.used = 12'500;
    large.limit = 8'000;
    Q_EMIT port_->contextPlanned(large);
    QVERIFY(planned()->isVisible());
    QCOMPARE(planned()->text(),
             QStringLiteral("This does not fit: with room for the answer it takes 12,500 tokens, and the "
                            "context holds 8,000."));
    const auto* said = panel()->findChild<QLabel*>(QStringLiteral("contextPlanned"));
    QVERIFY2(said->text().contains(QStringLiteral("does not fit")), qPrintable(said->text()));
    Q_EMIT port_->contextPlanned(plan());
    QVERIFY(!planned()->isVisible());
}

void TestContext::nothingIsSaidWithoutNeed() {
    Q_EMIT port_->contextPlanned(plan());
    QVERIFY(!planned()->isVisible());
    QVERIFY(panel()
                ->findChild<QLabel*>(QStringLiteral("contextPlanned"))
                ->text()
                .contains(QStringLiteral("nothing is shortened or left out")));
    Q_EMIT port_->contextPlanned(full());
    Q_EMIT port_->contextPlanned(plan());
    QVERIFY(!planned()->isVisible());
}

void TestContext::shortenNowByKeyAndInThePanel() {
    QVERIFY2(!action("shorten")->isEnabled(), "there is nothing to shorten");
    port_->open(1, talk());
    port_->taken();
    QTest::keyClick(window_.get(), Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("shorten")));
    action("context")->trigger();
    auto* button = panel()->findChild<QPushButton*>(QStringLiteral("shortenNow"));
    QVERIFY(button->hasFocus());
    QTest::keyClick(button, Qt::Key_Space);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("shorten")));
    generating(true);
    QVERIFY(!button->isEnabled() && !action("shorten")->isEnabled());
    generating(false);
    QVERIFY(button->isEnabled() && action("shorten")->isEnabled());
}

void TestContext::theSwitchIsASetting() {
    action("context")->trigger();
    auto* box = panel()->findChild<QCheckBox*>(QStringLiteral("shortenMemory"));
    QVERIFY(box->isChecked());
    QTest::keyClick(box, Qt::Key_Space);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("settings")));
    QVERIFY(!port_->settings.shortenMemory);
    panel()->close();
    action("context")->trigger();
    QVERIFY(!box->isChecked());
    QVERIFY(port_->taken().isEmpty());  // showing it is not choosing
}

void TestContext::theWorkIsSeenAndCancelled() {
    auto* cancel = window_->findChild<QToolButton*>(QStringLiteral("cancelShortening"));
    QVERIFY(!cancel->isVisible());
    Q_EMIT port_->memoryWorkChanged({QStringLiteral("Summarising old turns"), 0.4, true});
    QVERIFY2(statusText().contains(QStringLiteral("Summarising old turns, 40 %")), qPrintable(statusText()));
    QVERIFY(cancel->isVisible());
    QVERIFY(!action("shorten")->isEnabled());
    QTest::keyClick(cancel, Qt::Key_Space);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("cancelMemory")));
    action("context")->trigger();
    auto* other = panel()->findChild<QPushButton*>(QStringLiteral("cancelMemory"));
    QVERIFY(other->isVisible());
    QTest::mouseClick(other, Qt::LeftButton);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("cancelMemory")));
    Q_EMIT port_->memoryWorkChanged({QStringLiteral("There is nothing to shorten."), 1, false});
    QVERIFY(statusText().contains(QStringLiteral("There is nothing to shorten.")));
    Q_EMIT port_->memoryWorkChanged({});
    QVERIFY(!cancel->isVisible() && !other->isVisible());
    QVERIFY(!statusText().contains(QStringLiteral("Summarising")));
}

void TestContext::theNewestMarkIsRestoredByKey() {
    port_->open(1, talk());
    port_->taken();
    QVERIFY(!action("restore")->isEnabled());
    Q_EMIT port_->memoryMarksChanged(
        {{5, 10, MemoryChange::summarised, {}, 900, 90, QStringLiteral("s"), true},
         {6, 11, MemoryChange::left_out, {}, 900, 0, {}, true},
         {0, 11, MemoryChange::window, {}, 0, 0, {}, false}});
    QTest::keyClick(window_.get(), Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port_->taken(), QStringList(QStringLiteral("restoreText 6")));
    Q_EMIT port_->memoryMarksChanged({});
    QVERIFY(!action("restore")->isEnabled());
}

void TestContext::anotherConversationHasAnotherContext() {
    port_->open(1, talk());
    Q_EMIT port_->contextPlanned(full());
    Q_EMIT port_->memoryMarksChanged(
        {{5, 10, MemoryChange::summarised, {}, 900, 90, QStringLiteral("s"), true}});
    Q_EMIT port_->memoryWorkChanged({QStringLiteral("Summarising old turns"), 0.4, true});
    port_->open(2, talk());
    QVERIFY(!planned()->isVisible());
    QVERIFY(!action("restore")->isEnabled());
    QVERIFY(window_->findChild<ConversationView*>()->transcript().extras(0).marks.isEmpty());
    QVERIFY(!window_->findChild<QToolButton*>(QStringLiteral("cancelShortening"))->isVisible());
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestContext)
#include "test_context.moc"
