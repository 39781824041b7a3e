// SPDX-License-Identifier: Apache-2.0
// tendril-cli expand, and answers in points in tendril-cli chat: fields, exit codes, accounting. The models
// are tiny or real; what a tiny one says is noise, so either outcome is checked for what must hold of it.
#include <QFile>
#include <QJsonArray>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril::test;

class TestCliExpand : public QObject {
    Q_OBJECT

    ModelFolder folder_{4096};

    static constexpr const char* kQuestion = "What are the benefits of regular exercise for older people?";
    static constexpr const char* kCurve = "1:10,2:10,4:10,8:10,16:10,32:10";

    CliResult expand(const QStringList& more) const {
        return run_cli(QStringList{"expand", folder_.model(), "--threads", "2", "--temperature", "0"} + more);
    }
    static void has(const QJsonObject& object, const QStringList& fields) {
        for (const QString& field : fields) {
            QVERIFY2(object.contains(field), qPrintable(field));
        }
    }
    static void hasAll(const QJsonObject& json) {
        has(json, {"mode",           "reason",         "reason_key",    "outline",
                   "points",         "text",           "prompt_tokens", "prefilled_tokens",
                   "cached_tokens",  "moved_tokens",   "forced_tokens", "answer_tokens",
                   "outline_tokens", "outline_ms",     "first_text_ms", "first_paragraph_ms",
                   "total_ms",       "predicted_gain", "router_score",  "curve",
                   "load_ms",        "stop_reason",    "seed"});
        QCOMPARE(
            json["prefilled_tokens"].toInt(),
            json["prompt_tokens"].toInt() - json["cached_tokens"].toInt() - json["moved_tokens"].toInt());
    }
    static void pointsFit(const QJsonObject& json) {
        const QByteArray text = json["text"].toString().toUtf8();
        for (const QJsonValue& value : json["points"].toArray()) {
            const QJsonObject point = value.toObject();
            has(point, {"title", "text", "tokens", "ms", "state", "stop", "needs", "heading"});
            if (point["end"].toInt() > 0) {
                const QByteArray stands =
                    text.mid(point["begin"].toInt(), point["end"].toInt() - point["begin"].toInt());
                QCOMPARE(stands, (point["heading"].toString() + "\n\n" + point["text"].toString()).toUtf8());
            }
        }
    }

  private Q_SLOTS:
    void wrongUsage_data() {
        QTest::addColumn<QStringList>("more");
        QTest::newRow("no question") << QStringList{};
        QTest::newRow("mode") << QStringList{"--question", "Why?", "--mode", "sometimes"};
        QTest::newRow("curve") << QStringList{"--question", "Why?", "--curve", "many:fast"};
        QTest::newRow("no rows") << QStringList{"--question", "Why?", "--curve", "0:1"};
    }
    void wrongUsage() {
        QFETCH(QStringList, more);
        QCOMPARE(expand(more).code, 2);
    }

    void vetoAndNeverAreNormalAnswers() {
        const CliResult veto = expand({"--question", "Write a Python function that sorts a list of words",
                                       "--curve", kCurve, "-n", "8", "--json"});
        QCOMPARE(veto.code, 0);
        hasAll(veto.object());
        QCOMPARE(veto.object()["mode"].toString(), QString("normal"));
        QVERIFY(!veto.object()["reason"].toString().isEmpty());
        QVERIFY(veto.object()["points"].toArray().isEmpty());
        QCOMPARE(veto.object()["answer_tokens"].toInt(), 8);
        const CliResult never = expand({"--question", kQuestion, "--mode", "never", "-n", "8", "--json"});
        QCOMPARE(never.code, 0);
        QCOMPARE(never.object()["reason_key"].toString(), QString("never"));
        QVERIFY(never.object()["curve"].toArray().isEmpty());  // nothing to decide, so nothing measured
        // The same text as `generate` gives for the same conversation.
        QFile file(folder_.path("messages.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(R"([{"role":"user","content":")" + QByteArray(kQuestion) + R"("}])");
        file.close();
        const CliResult plain = run_cli({"generate", folder_.model(), "--messages", file.fileName(), "-n",
                                         "8", "--temperature", "0", "--threads", "2", "--json"});
        QCOMPARE(never.object()["text"].toString(), plain.object()["text"].toString());
        const CliResult file_only =
            expand({"--messages", file.fileName(), "--mode", "never", "-n", "8", "--json"});
        QCOMPARE(file_only.object()["text"].toString(), plain.object()["text"].toString());
    }

    void theModelIsAskedInModeAuto() {
        const CliResult result = expand({"--question", kQuestion, "--curve", kCurve, "-n", "600", "--json"});
        QCOMPARE(result.code, 0);
        const QJsonObject json = result.object();
        hasAll(json);
        QVERIFY(json["router_score"].toDouble() != 0);
        QCOMPARE(json["curve"].toArray().size(), 6);
        pointsFit(json);
    }

    void smallGainIsSaid() {
        const CliResult result = expand(
            {"--question", kQuestion, "--curve", "1:10,2:20,4:40,8:80,16:160,32:320", "-n", "400", "--json"});
        QCOMPARE(result.object()["reason_key"].toString(), QString("no-gain"));
        QCOMPARE(result.object()["router_score"].toDouble(), 0.0);
    }

    void alwaysDrawsAnOutline() {
        const CliResult result =
            expand({"--question", kQuestion, "--mode", "always", "--curve", kCurve, "-n", "600", "--json"});
        QCOMPARE(result.code, 0);
        const QJsonObject json = result.object();
        hasAll(json);
        QVERIFY(json["outline_tokens"].toInt() > 0);
        QVERIFY(json["forced_tokens"].toInt() > 0);  // the numbers
        pointsFit(json);
        if (json["mode"].toString() == "normal") {
            QVERIFY(json["reason_key"].toString().startsWith("outline-") ||
                    json["reason_key"].toString() == "points-overlap");
        }
    }

    void badMessagesAreSaid() {
        QFile file(folder_.path("assistant.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(R"([{"role":"assistant","content":"Hello."}])");
        file.close();
        const CliResult result = expand({"--messages", file.fileName()});
        QCOMPARE(result.code, 1);
        QVERIFY(result.err.contains("question"));
    }

    void chatTellsHowItAnswers() {
        const QString database = folder_.path("chats.db");
        const auto chat = [&](const QStringList& more, const QByteArray& input) {
            return run_cli(QStringList{"chat", folder_.model(), "--database", database, "--json", "-n", "400",
                                       "--threads", "2", "--temperature", "0"} +
                               more,
                           input);
        };
        const CliResult always = chat({"--new", "--expand", "always"}, QByteArray(kQuestion) + "\n");
        QCOMPARE(always.code, 0);
        QVERIFY(always.out.contains(R"("event":"outline")"));
        const CliResult plain = chat({"--new"}, QByteArray(kQuestion) + "\n");
        QVERIFY(!plain.out.contains(R"("event":"outline")"));  // as scripts know it
        const CliResult automatic =
            chat({"--new", "--expand", "auto"}, "Write a Python function that sorts a list of words\n");
        QVERIFY(automatic.out.contains(R"("reason_key":"code")"));
        const CliResult exported = run_cli({"export", "--database", database, "1", "--format", "json"});
        QCOMPARE(exported.object()["answer_mode"].toString(), QString("always"));
        QVERIFY(exported.out.contains(R"("expansion")"));
    }

    /// A real model writes points: what is read of them is their own question and nothing else.
    void realModelReadsTheSuffixesOnly() {
        const QString model = real_model("Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf");
        if (model.isEmpty()) {
            QSKIP("no real model");
        }
        const CliResult result = run_cli({"expand", model, "--question", kQuestion, "--mode", "always",
                                          "--curve", kCurve, "-n", "300", "--temperature", "0", "--json"});
        QCOMPARE(result.code, 0);
        const QJsonObject json = result.object();
        QCOMPARE(json["mode"].toString(), QString("skeleton"));
        pointsFit(json);
        const int points = static_cast<int>(json["points"].toArray().size());
        QVERIFY(points >= 3);
        // The question with the outline's instruction once, then a short suffix for each point.
        QVERIFY2(json["prefilled_tokens"].toInt() < 130 + points * 75,
                 qPrintable(QString::number(json["prefilled_tokens"].toInt())));
        QVERIFY(json["cached_tokens"].toInt() > points * 100);
    }
};

QTEST_GUILESS_MAIN(TestCliExpand)
#include "test_cli_expand.moc"
