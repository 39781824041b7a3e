// SPDX-License-Identifier: Apache-2.0
// The settings dialog shows what it is given, tells what is changed, at once, and nothing else.
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include "ui/window/settings_dialog.h"

namespace tendril::ui {

class TestSettingsDialog final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void roundTrip();
    void changesAreTold();
    void textIsToldAfterAPause();
    void anEmptyClipboardPastesNothing();
    void closingTellsWhatWaits();
    void resetKeepsTheModels();
    void wheelChangesNothingWithoutFocus();
    void seedNeedsItsBox();
    void modelFilesThatAreMissingAreSaid_data();
    void modelFilesThatAreMissingAreSaid();
    void modelFilesAreChosenByKeyboard();
    void eachWayToShortenTextsDoesSomethingElse();

  private:
    static app::Settings unusual();
};

app::Settings TestSettingsDialog::unusual() {
    app::Settings s;
    s.systemPrompt = QStringLiteral("Answer in verse.\nAlways.");
    s.sampler.temperature = 1.25F;
    s.sampler.top_k = 7;
    s.sampler.top_p = 0.5F;
    s.sampler.min_p = 0.25F;
    s.sampler.repetition_penalty = 1.5F;
    s.sampler.presence_penalty = -0.5F;
    s.sampler.seed = 12345;
    s.fixedSeed = true;
    s.maxAnswerTokens = 512;
    s.threads = 3;
    s.context = 4096;
    s.modelFolders = QStringList({QStringLiteral("/models"), QStringLiteral("/more")});
    s.lastModel = QStringLiteral("/models/a.gguf");
    s.theme = app::ThemeChoice::dark;
    s.fontPoints = 13;
    s.kvOf.insert(QStringLiteral("/models/a.gguf"), app::KvChoice::q8_0);
    s.readAhead = false;
    s.answerMode = app::AnswerMode::never;
    s.titlesByModel = false;
    s.workOnBattery = false;
    s.diskCache = false;
    s.cacheQuota = 2'500'000'000;
    s.shortenMemory = false;
    s.pruneDocuments = true;
    s.memoryMethod = app::MemoryMethod::shortened;
    s.compressMethod = app::TextMethod::selective;
    s.compressRate = 0.35;
    s.scorerModel = QStringLiteral("/models/small.gguf");
    s.embeddingModel = QStringLiteral("/models/embedding.gguf");
    return s;
}

void TestSettingsDialog::roundTrip() {
    const app::Settings before = unusual().clamped();
    SettingsDialog dialog(before);
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    QVERIFY(dialog.settings() == before);
    dialog.show();
    dialog.close();
    QCOMPARE(told.count(), 0);  // looking is not changing
    SettingsDialog plain{app::Settings()};
    QVERIFY(plain.settings() == app::Settings());
}

void TestSettingsDialog::changesAreTold() {
    SettingsDialog dialog{app::Settings()};
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    dialog.findChild<QComboBox*>(QStringLiteral("theme"))->setCurrentIndex(2);
    dialog.findChild<QComboBox*>(QStringLiteral("answerMode"))->setCurrentIndex(1);
    dialog.findChild<QDoubleSpinBox*>(QStringLiteral("temperature"))->setValue(0.3);
    dialog.findChild<QSpinBox*>(QStringLiteral("threads"))->setValue(2);
    dialog.findChild<QCheckBox*>(QStringLiteral("readAhead"))->setChecked(false);
    dialog.findChild<QCheckBox*>(QStringLiteral("workOnBattery"))->setChecked(false);
    auto* quota = dialog.findChild<QDoubleSpinBox*>(QStringLiteral("cacheQuota"));
    QVERIFY(quota->isEnabled());
    quota->setValue(1.5);
    QTRY_COMPARE(told.count(), 1);  // together
    const auto settings = told[0][0].value<app::Settings>();
    QCOMPARE(settings.theme, app::ThemeChoice::dark);
    QCOMPARE(settings.answerMode, app::AnswerMode::always);
    QCOMPARE(settings.sampler.temperature, 0.3F);
    QCOMPARE(settings.threads, 2U);
    QVERIFY(!settings.readAhead && !settings.workOnBattery && settings.titlesByModel && settings.diskCache);
    QCOMPARE(settings.cacheQuota, quint64{1'500'000'000});
    dialog.findChild<QCheckBox*>(QStringLiteral("diskCache"))->setChecked(false);
    QVERIFY(!quota->isEnabled());
}

void TestSettingsDialog::textIsToldAfterAPause() {
    SettingsDialog dialog{app::Settings()};
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    auto* prompt = dialog.findChild<QPlainTextEdit*>(QStringLiteral("systemPrompt"));
    QTest::keyClicks(prompt, QStringLiteral("Be brief."));
    QCOMPARE(told.count(), 0);
    QTRY_COMPARE(told.count(), 1);
    QCOMPARE(told[0][0].value<app::Settings>().systemPrompt, QStringLiteral("Be brief."));
}

void TestSettingsDialog::anEmptyClipboardPastesNothing() {
    SettingsDialog dialog{app::Settings()};
    auto* prompt = dialog.findChild<QPlainTextEdit*>(QStringLiteral("systemPrompt"));
    QGuiApplication::clipboard()->setMimeData(new QMimeData);
    prompt->paste();
    QCOMPARE(prompt->toPlainText(), QString());
}

void TestSettingsDialog::closingTellsWhatWaits() {
    SettingsDialog dialog{app::Settings()};
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    dialog.show();
    dialog.findChild<QSpinBox*>(QStringLiteral("contextTokens"))->setValue(8192);
    QTest::keyClick(&dialog, Qt::Key_Escape);
    QCOMPARE(told.count(), 1);
    QCOMPARE(told[0][0].value<app::Settings>().context, 8192U);
}

void TestSettingsDialog::resetKeepsTheModels() {
    SettingsDialog dialog(unusual());
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    QTest::mouseClick(dialog.findChild<QPushButton*>(QStringLiteral("resetSettings")), Qt::LeftButton);
    QCOMPARE(told.count(), 1);
    app::Settings wanted;
    wanted.lastModel = unusual().lastModel;
    wanted.modelFolders = unusual().modelFolders;
    wanted.kvOf = unusual().kvOf;
    QVERIFY(told[0][0].value<app::Settings>() == wanted);
    QVERIFY(dialog.settings() == wanted);
}

void TestSettingsDialog::wheelChangesNothingWithoutFocus() {
    SettingsDialog dialog{app::Settings()};
    dialog.show();
    auto* threads = dialog.findChild<QSpinBox*>(QStringLiteral("threads"));
    threads->setValue(4);
    QWheelEvent wheel(QPointF(5, 5), threads->mapToGlobal(QPointF(5, 5)), {}, QPoint(0, 120), Qt::NoButton,
                      Qt::NoModifier, Qt::NoScrollPhase, false);
    QApplication::sendEvent(threads, &wheel);
    QCOMPARE(threads->value(), 4);
}

void TestSettingsDialog::seedNeedsItsBox() {
    SettingsDialog dialog{app::Settings()};
    auto* seed = dialog.findChild<QSpinBox*>(QStringLiteral("seed"));
    QVERIFY(!seed->isEnabled());
    dialog.findChild<QCheckBox*>(QStringLiteral("fixedSeed"))->setChecked(true);
    QVERIFY(seed->isEnabled());
}

void TestSettingsDialog::modelFilesThatAreMissingAreSaid_data() {
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("instead");
    QTest::newRow("judge") << "scorerModel"
                           << "The loaded model judges.";
    QTest::newRow("search") << "embeddingModel"
                            << "Documents are searched by their words alone.";
}

void TestSettingsDialog::modelFilesThatAreMissingAreSaid() {
    QFETCH(QString, field);
    QFETCH(QString, instead);
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("small.gguf"));
    SettingsDialog dialog{app::Settings()};
    QSignalSpy told(&dialog, &SettingsDialog::changed);
    auto* edit = dialog.findChild<QLineEdit*>(field);
    auto* note = dialog.findChild<QLabel*>(field + QStringLiteral("Note"));
    QVERIFY(edit != nullptr && note != nullptr && !edit->accessibleName().isEmpty());
    QVERIFY(note->isHidden());
    edit->setText(path);
    QVERIFY(!note->isHidden());
    QCOMPARE(note->text(), QStringLiteral("There is no such file. ") + instead);
    QCOMPARE(edit->accessibleDescription(), note->text());
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QTRY_COMPARE(told.count(), 1);  // it is taken all the same: a disk may come back
    const auto settings = told[0][0].value<app::Settings>();
    QCOMPARE(field == QLatin1String("scorerModel") ? settings.scorerModel : settings.embeddingModel, path);
    dialog.setSettings(settings);
    QVERIFY(note->isHidden());
    edit->setText(folder.path());  // no file
    QVERIFY(!note->isHidden());
    edit->clear();
    QVERIFY(note->isHidden());
}

void TestSettingsDialog::modelFilesAreChosenByKeyboard() {
    app::Settings settings;
    QTemporaryDir folder;
    settings.lastModel = folder.filePath(QStringLiteral("model.gguf"));
    SettingsDialog dialog(settings);
    auto* tabs = dialog.findChild<QTabWidget*>();
    tabs->setCurrentWidget(dialog.findChild<QLineEdit*>(QStringLiteral("embeddingModel"))
                               ->parentWidget()
                               ->parentWidget()
                               ->parentWidget());
    dialog.show();
    auto* edit = dialog.findChild<QLineEdit*>(QStringLiteral("embeddingModel"));
    edit->setFocus();
    QTest::keyClick(edit, Qt::Key_Tab);
    auto* button = dialog.findChild<QPushButton*>(QStringLiteral("embeddingModelChoose"));
    QTRY_VERIFY(button->hasFocus());
    QTest::keyClick(button, Qt::Key_Space);
    auto* chosen = dialog.findChild<QFileDialog*>(QStringLiteral("embeddingModelDialog"));
    QVERIFY(chosen != nullptr);
    QCOMPARE(chosen->directory().absolutePath(), folder.path());
    Q_EMIT chosen->fileSelected(QStringLiteral("/models/meaning.gguf"));
    QCOMPARE(edit->text(), QStringLiteral("/models/meaning.gguf"));
    chosen->close();
}

/// Those made for one question are for the command line: in a chat they would do what the automatic one does.
void TestSettingsDialog::eachWayToShortenTextsDoesSomethingElse() {
    SettingsDialog dialog{app::Settings()};
    const auto* box = dialog.findChild<QComboBox*>(QStringLiteral("compressMethod"));
    QVERIFY(box->count() > 1);
    QStringList seen;
    for (int i = 0; i < box->count(); ++i) {
        QVERIFY2(!box->itemText(i).contains(QStringLiteral("question")), qPrintable(box->itemText(i)));
        seen << app::nameOf(static_cast<app::TextMethod>(box->itemData(i).toInt()));
    }
    QCOMPARE(seen.removeDuplicates(), qsizetype{0});
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestSettingsDialog)
#include "test_settings_dialog.moc"
