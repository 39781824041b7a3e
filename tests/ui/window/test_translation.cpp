// SPDX-License-Identifier: Apache-2.0
// The German window: translations are found at run time under the contexts that tr() uses, none is missing,
// mnemonics stay unique.
#include <QAbstractSpinBox>
#include <QAction>
#include <QComboBox>
#include <QDirIterator>
#include <QFile>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QTest>
#include <QTranslator>

#include "tests/ui/window/window_fixture.h"
#include "ui/conversation/accessible_message.h"
#include "ui/conversation/message_frame.h"
#include "ui/window/format.h"
#include "ui/window/settings_dialog.h"

namespace tendril::ui {

class TestTranslation final : public WindowFixture {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase();
    void init() { WindowFixture::init(); }
    void cleanup() { WindowFixture::cleanup(); }
    void menusAreGerman();
    void partsAreGerman();
    void messagesAreGerman();
    void settingsShowTheirWholeText();
    void mnemonicsAreUnique();
    void nothingIsLeftToTranslate();

  private:
    QTranslator translator_;
};

void TestTranslation::initTestCase() {
    if (!QFile::exists(QStringLiteral(":/i18n/tendril_de.qm"))) {
        QSKIP("built without lrelease (qt6-l10n-tools): English only");
    }
    QVERIFY(translator_.load(QLocale(QLocale::German), QStringLiteral("tendril"), QStringLiteral("_"),
                             QStringLiteral(":/i18n")));
    QVERIFY(QCoreApplication::installTranslator(&translator_));
}

void TestTranslation::menusAreGerman() {
    QCOMPARE(action("new")->text(), QStringLiteral("&Neues Gespräch"));
    QCOMPARE(action("quit")->text(), QStringLiteral("&Beenden"));
}

void TestTranslation::partsAreGerman() {
    QCOMPARE(editor()->accessibleName(), QStringLiteral("Ihre Nachricht"));
    QCOMPARE(sendButton()->accessibleName(), QStringLiteral("Senden"));
    QCOMPARE(list()->accessibleName(), QStringLiteral("Gespräche"));
    QCOMPARE(window_->findChild<QWidget*>(QStringLiteral("conversationView"))->accessibleName(),
             QStringLiteral("Gespräch"));
    app::ModelItem model;
    model.neededBytes = 310'000'000;
    model.availableBytes = 20'000'000'000;
    QCOMPARE(describeFit(model), QStringLiteral("Passt: braucht 310 MB, 20 GB frei"));
}

void TestTranslation::messagesAreGerman() {
    QCOMPARE(roleName(app::MessageRole::user), QStringLiteral("Sie"));
    QCOMPARE(interruptedText({}), QStringLiteral("Unterbrochen"));
    QCOMPARE(MessageFrame::tr("Continue"), QStringLiteral("Fortsetzen"));
    markup::Document document;
    document.append("- [x] fertig\n");
    document.finish();
    QVERIFY(!spokenText(document).text.contains(QLatin1String("done")));
}

void TestTranslation::settingsShowTheirWholeText() {
    SettingsDialog dialog(app::Settings{});
    dialog.show();
    QVERIFY(QTest::qWaitForWindowExposed(&dialog));
    for (const QComboBox* box : dialog.findChildren<QComboBox*>()) {
        QVERIFY2(!box->isVisible() || box->width() >= box->sizeHint().width(), qPrintable(box->objectName()));
    }
    for (const QAbstractSpinBox* box : dialog.findChildren<QAbstractSpinBox*>()) {
        QVERIFY2(!box->isVisible() || box->width() >= box->sizeHint().width(), qPrintable(box->text()));
    }
}

void TestTranslation::mnemonicsAreUnique() {
    for (QAction* menu : window_->menuBar()->actions()) {
        QString used;
        for (QAction* each : menu->menu()->actions()) {
            if (!each->isSeparator()) {
                const qsizetype at = each->text().indexOf(QLatin1Char('&'));
                QVERIFY2(at >= 0, qPrintable(each->text()));
                QVERIFY2(!used.contains(each->text().at(at + 1).toLower()), qPrintable(each->text()));
                used += each->text().at(at + 1).toLower();
            }
        }
    }
}

void TestTranslation::nothingIsLeftToTranslate() {
    QDirIterator files(QStringLiteral(TENDRIL_TRANSLATIONS), {QStringLiteral("*.ts")});
    int count = 0;
    while (files.hasNext()) {
        QFile file(files.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll();
        QVERIFY2(!text.contains("type=\"unfinished\""), qPrintable(file.fileName()));
        QVERIFY(text.contains("<name>tendril::ui::MainWindow</name>"));
        ++count;
    }
    QVERIFY(count > 0);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestTranslation)
#include "test_translation.moc"
