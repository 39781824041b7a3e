// SPDX-License-Identifier: Apache-2.0
// Settings on the disk: what is saved is read again, what is broken is kept beside, what is out of range is
// brought in.
#include <cmath>
#include <limits>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/settings.h"

using namespace tendril;
using namespace tendril::app;

class TestSettings : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    QString file() const { return folder_.filePath("settings.json"); }
    void put(const QByteArray& text) const {
        QFile out(file());
        QVERIFY(out.open(QIODevice::WriteOnly));
        out.write(text);
    }

  private Q_SLOTS:
    void cleanup() {
        QFile::remove(file());
        QFile::remove(file() + ".broken");
    }

    void roundTrip() {
        Settings settings;
        settings.systemPrompt = "Sei knapp. \"日本\"\n";
        settings.sampler.temperature = 0.125F;
        settings.sampler.top_k = 7;
        settings.sampler.seed = std::numeric_limits<std::uint64_t>::max();
        settings.sampler.presence_penalty = -1.5F;
        settings.fixedSeed = true;
        settings.maxAnswerTokens = 123;
        settings.threads = 3;
        settings.context = 2048;
        settings.modelFolders = {"/one", "/two with blank"};
        settings.lastModel = "/models/x.gguf";
        settings.kvOf = {{"/models/x.gguf", KvChoice::q8_0}, {"/models/ü.gguf", KvChoice::q4_0}};
        settings.readAhead = false;
        settings.answerMode = AnswerMode::always;
        settings.titlesByModel = false;
        settings.workOnBattery = false;
        settings.diskCache = false;
        settings.cacheQuota = 3'000'000'000;
        settings.shortenMemory = false;
        settings.pruneDocuments = true;
        settings.memoryMethod = MemoryMethod::leaveOut;
        settings.compressMethod = TextMethod::llmlingua;
        settings.compressRate = 0.35;
        settings.scorerModel = "/models/small ü.gguf";
        settings.embeddingModel = "/models/meaning ü.gguf";
        settings.theme = ThemeChoice::dark;
        settings.fontPoints = 14;
        QVERIFY(saveSettings(settings, file()));
        QString notice;
        QCOMPARE(loadSettings(file(), notice), settings);
        QVERIFY(notice.isEmpty());
    }

    void missingFileGivesTheDefaults() {
        QString notice;
        QCOMPARE(loadSettings(file(), notice), Settings());
        QVERIFY(notice.isEmpty());
    }

    void brokenFileIsKept_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("cut") << QByteArray("{\"threads\": 3");
        QTest::newRow("no object") << QByteArray("[1, 2]");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("zeros") << QByteArray(4096, '\0');
        QTest::newRow("huge") << QByteArray(2 << 20, ' ');
        QTest::newRow("not UTF-8") << QByteArray("{\"last_model\": \"\xff\xfe\"}");
    }
    void brokenFileIsKept() {
        QFETCH(QByteArray, text);
        put(text);
        QString notice;
        QCOMPARE(loadSettings(file(), notice), Settings());
        QVERIFY(notice.contains("broken"));
        QFile kept(file() + ".broken");
        QVERIFY(kept.open(QIODevice::ReadOnly));
        QCOMPARE(kept.readAll(), text);
        QVERIFY(!QFile::exists(file()));
    }

    void wrongFieldsDoNotCostTheOthers() {
        put(R"({"threads": "many", "context": -5, "sampler": {"temperature": "hot", "top_k": 9}, "model_folders": [1, "/a"],
                "font_points": 1e9, "theme": 3, "kv_of": {"/a": "q8_0", "/b": "q5", "/c": 7}, "read_ahead": "no", "unknown": {}, "max_answer_tokens": 77})");
        QString notice;
        const Settings settings = loadSettings(file(), notice);
        QCOMPARE(settings.threads, 0U);
        QCOMPARE(settings.context, 0U);
        QCOMPARE(settings.sampler.temperature, engine::SamplerSettings().temperature);
        QCOMPARE(settings.sampler.top_k, 9);
        QCOMPARE(settings.modelFolders, QStringList{"/a"});
        QCOMPARE(settings.maxAnswerTokens, 77U);
        QCOMPARE(settings.kvOf, (QMap<QString, KvChoice>{{"/a", KvChoice::q8_0}}));
        QVERIFY(settings.readAhead);
        QCOMPARE(settings.theme, ThemeChoice::system);
        QVERIFY(notice.isEmpty());
    }

    void aMethodNotOfferedFallsBack_data() {
        QTest::addColumn<QByteArray>("stored");
        QTest::addColumn<TextMethod>("method");
        QTest::addColumn<bool>("said");
        QTest::newRow("of an older version")
            << QByteArray("\"longllmlingua\"") << TextMethod::automatic << true;
        QTest::newRow("unknown") << QByteArray("\"zip\"") << TextMethod::automatic << true;
        // What it did is what the automatic one does.
        QTest::newRow("for one question") << QByteArray("\"question\"") << TextMethod::automatic << false;
        QTest::newRow("automatic") << QByteArray("\"\"") << TextMethod::automatic << false;
        QTest::newRow("offered") << QByteArray("\"llmlingua\"") << TextMethod::llmlingua << false;
    }
    void aMethodNotOfferedFallsBack() {
        QFETCH(QByteArray, stored);
        QFETCH(TextMethod, method);
        QFETCH(bool, said);
        put("{\"compress_method\": " + stored + ", \"threads\": 3}");
        QString notice;
        const Settings settings = loadSettings(file(), notice);
        QCOMPARE(settings.compressMethod, method);
        QCOMPARE(settings.threads, 3U);
        QCOMPARE(!notice.isEmpty(), said);
        if (said) {
            QVERIFY2(notice.contains(QString(stored).remove('"')), qPrintable(notice));
            QVERIFY2(notice.endsWith("there are frequency, selective, llmlingua."), qPrintable(notice));
            QVERIFY(saveSettings(settings, file()));
            QCOMPARE(loadSettings(file(), notice), settings);
            QVERIFY(notice.isEmpty());  // said until it is saved
        }
    }

    void rangesAreKept() {
        Settings settings;
        settings.sampler.temperature = std::nanf("");
        settings.sampler.top_p = 7;
        settings.sampler.repetition_penalty = 0;
        settings.context = 1;
        settings.threads = 100'000;
        settings.fontPoints = 4000;
        settings.modelFolders = {"/a", "", "/a"};
        settings.cacheQuota = 1;
        settings.kvOf = {{"/a", KvChoice::f16}, {"", KvChoice::q8_0}, {"/b", KvChoice::q4_0}};
        const Settings kept = settings.clamped();
        QCOMPARE(kept.sampler.temperature, engine::SamplerSettings().temperature);
        QCOMPARE(kept.sampler.top_p, 1.0F);
        QVERIFY(kept.sampler.repetition_penalty > 0);
        QCOMPARE(kept.context, 256U);
        QCOMPARE(kept.threads, 1024U);
        QCOMPARE(kept.fontPoints, 48);
        QCOMPARE(kept.cacheQuota, quint64{1} << 26U);
        QCOMPARE(kept.kvOf, (QMap<QString, KvChoice>{{"/b", KvChoice::q4_0}}));  // 16 bits need no entry
        QCOMPARE(kept.modelFolders, QStringList{"/a"});
        QCOMPARE(kept.clamped(), kept);
    }

    void failureToSaveIsSaid() {
        const Status saved = saveSettings({}, "/nowhere/settings.json");
        QVERIFY(!saved);
        QVERIFY(!saved.error().message.empty());
    }
};

QTEST_GUILESS_MAIN(TestSettings)
#include "test_settings.moc"
