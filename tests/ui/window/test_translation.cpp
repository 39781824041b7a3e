// SPDX-License-Identifier: Apache-2.0
// The German window: translations are found at run time under the contexts that tr() uses, none is missing,
// mnemonics stay unique.
#include <QAbstractSpinBox>
#include <QAction>
#include <QComboBox>
#include <QDirIterator>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QTest>
#include <QTranslator>

#include "app/sentences.h"
#include "app/shown_values.h"
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
    void sentencesOfTheOtherRoomsAreGerman();
    void sentencesAreStillSaid();
    void reasonsAreGerman();
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
    markup::Sections document;
    document.append(0, "- [x] fertig\n");
    document.finish();
    QVERIFY(!spokenText(document).text.contains(QLatin1String("done")));
}

void TestTranslation::sentencesOfTheOtherRoomsAreGerman() {
    const auto german = [](const char* english) { return app::in_their_language(english); };
    QCOMPARE(german("CPU, AVX-512 VNNI, 4 threads (no CUDA plugin)"),
             QStringLiteral("CPU, AVX-512 VNNI, 4 Threads (kein CUDA-Plugin)"));
    QCOMPARE(german("CPU, AVX2, 1 thread (CUDA: the driver is too old)"),
             QStringLiteral("CPU, AVX2, 1 Thread (CUDA: Der Treiber ist zu alt)"));
    QCOMPARE(german("CUDA, RTX 3060, 13 GB: 20/30 layers; CPU, AVX2, 4 threads: 10/30 layers"),
             QStringLiteral("CUDA, RTX 3060, 13 GB: 20/30 Schichten; CPU, AVX2, 4 Threads: 10/30 Schichten"));
    QCOMPARE(
        german("The graphics card stopped working while multiplying. The model is opened again on the CPU; "
               "ask once more."),
        QStringLiteral("Die Grafikkarte ist ausgefallen (multiplying). Das Modell wird auf der CPU neu "
                       "geöffnet; fragen Sie noch einmal."));
    QCOMPARE(german("The answer reached the limit of 48 tokens."),
             QStringLiteral("Die Antwort erreichte die Grenze von 48 Token."));
    QCOMPARE(german("The model could not be loaded: The file is empty."),
             QStringLiteral("Das Modell konnte nicht geladen werden: Die Datei ist leer."));
    QCOMPARE(german("There is no file a %2 b.gguf at this place."),
             QStringLiteral("An diesem Ort gibt es keine Datei a %2 b.gguf."));
    QCOMPARE(german("Something that nobody has translated."),
             QStringLiteral("Something that nobody has translated."));
    QCOMPARE(german("Something new. All answers are saved now."),
             QStringLiteral("Something new. Alle Antworten sind jetzt gespeichert."));
    QCOMPARE(german("a.png is no text: it is a picture."),
             QStringLiteral("a.png ist kein Text, sondern ein Bild."));
    QCOMPARE(
        german("a.bin is no text. Remove it from the message, then send it."),
        QStringLiteral("a.bin ist kein Text. Entfernen Sie es aus der Nachricht und senden Sie sie dann."));
    QCOMPARE(german("big.txt is too large: 32 MiB are the most for a text."),
             QString::fromUtf8("big.txt ist zu groß: höchstens 32 MiB gehen für einen Text."));
    QCOMPARE(german(""), QString());
    for (const QString& sentence : app::known_sentences()) {
        QVERIFY2(app::in_their_language(sentence.toStdString()) != sentence, qPrintable(sentence));
    }
    storage::Message answer;
    answer.role = storage::Role::assistant;
    answer.counters.prompt_tokens = 20;
    answer.counters.cached_tokens = 12;
    answer.counters.first_token_ms = 84;
    QCOMPARE(app::to_item(app::ShownMessage{answer}).footer,
             QStringLiteral("8 neue Token gelesen, 12 wiederverwendet, erstes Token nach 84 ms"));
}

/// Whoever changes a sentence where it is said must change it where it is translated.
void TestTranslation::sentencesAreStillSaid() {
    QString said;
    for (const char* room : {"app", "engine", "prompt", "storage"}) {
        QDirIterator files(QStringLiteral(TENDRIL_SOURCES "/") + QLatin1String(room),
                           {QStringLiteral("*.cpp")}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            if (!file.fileName().endsWith(QLatin1String("sentences.cpp")) && file.open(QIODevice::ReadOnly)) {
                said += QString::fromUtf8(file.readAll());
            }
        }
    }
    for (const char* data : {"skeleton.json", "memory.json"}) {
        QFile reasons(QStringLiteral(TENDRIL_SOURCES "/resources/prompts/") + QLatin1String(data));
        QVERIFY(reasons.open(QIODevice::ReadOnly));
        said += QString::fromUtf8(reasons.readAll());
    }
    said.replace(QRegularExpression(QStringLiteral("\"\\s*\"")),
                 QString());  // literals that go on in the next line
    for (const QString& sentence : app::known_sentences()) {
        for (const QString& piece :
             sentence.split(QRegularExpression(QStringLiteral("%[1-9]|[();:]|\\. ")))) {
            QString bare = piece.trimmed();  // what another sentence ends with is said without its full stop
            if (!said.contains(bare) && bare.endsWith(QLatin1Char('.'))) {
                bare.chop(1);
            }
            QVERIFY2(piece.size() < 4 || said.contains(bare),
                     qPrintable(sentence + QLatin1String(": ") + piece));
        }
    }
}

/// Why an answer is written in one piece is data; whoever adds a reason says it in German, too.
void TestTranslation::reasonsAreGerman() {
    int found = 0;
    for (const char* data : {"skeleton.json", "memory.json"}) {
        QFile file(QStringLiteral(TENDRIL_SOURCES "/resources/prompts/") + QLatin1String(data));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject phrases = QJsonDocument::fromJson(file.readAll()).object();
        for (const char* list : {"vetoes", "reasons"}) {
            for (const QJsonValue& one : phrases.value(QLatin1String(list)).toArray()) {
                const QString sentence = one.toObject().value(QLatin1String("sentence")).toString();
                QVERIFY2(app::in_their_language(sentence.toStdString()) != sentence, qPrintable(sentence));
                ++found;
            }
        }
    }
    QVERIFY(found > 10);
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
