// SPDX-License-Identifier: Apache-2.0
// tendril-cli with documents: attached to a chat and to one question, refused in words, and asked about twice
// at no cost.
#include <QFile>
#include <QJsonArray>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

class TestCliDocuments : public QObject {
    Q_OBJECT

    ModelFolder folder_{8192};

    QString write(const QString& name, const QByteArray& bytes) {
        QFile file(folder_.path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
            qFatal("cannot write");
        }
        return file.fileName();
    }
    static QByteArray manual() {
        QByteArray text = "# Manual\n\n";
        for (int i = 0; i < 60; ++i) {
            text += "## Section " + QByteArray::number(i) + "\n\n" +
                    QByteArray("Many words are written here about other matters of daily work. ").repeated(6);
            text += i == 40 ? "The pump of Marlow has the code 4711.\n\n" : "\n\n";
        }
        return text;
    }
    QList<QJsonObject> chat(const QStringList& more, const QByteArray& lines, int& code) {
        const CliResult result =
            run_cli(QStringList{"chat", folder_.model(), "--database", folder_.path("chats.db"), "--json",
                                "-n", "8", "--temperature", "0"} +
                        more,
                    lines);
        code = result.code;
        QList<QJsonObject> events;
        for (const QByteArray& line : result.out.split('\n')) {
            if (!line.isEmpty()) {
                events += QJsonDocument::fromJson(line).object();
            }
        }
        return events;
    }
    static QList<QJsonObject> named(const QList<QJsonObject>& events, const QString& name) {
        QList<QJsonObject> some;
        for (const QJsonObject& event : events) {
            if (event["event"] == name) {
                some += event;
            }
        }
        return some;
    }

  private Q_SLOTS:
    void aRepeatedQuestionHitsTheCache() {
        const QString file = write("manual.md", manual());
        int code = 0;
        const auto events =
            chat({"--attach", file + ":searched"},
                 "What is the code of the Marlow pump?\nWhat is the code of the Marlow pump?\n", code);
        QCOMPARE(code, 0);
        const auto committed = named(events, "committed");
        QCOMPARE(committed.size(), 2);
        QCOMPARE(committed[0]["documents"].toArray()[0].toObject().value("choice").toString(),
                 QString("searched"));
        const auto finished = named(events, "finished");
        QCOMPARE(finished.size(), 2);
        const auto sources = finished[0]["sources"].toArray();
        QVERIFY(!sources.isEmpty());
        bool planted = false;
        for (const auto& source : sources) {
            planted = planted || source.toObject().value("chunk").toInt() > 0;
        }
        QVERIFY(planted);
        QCOMPARE(finished[1]["sources"].toArray(), sources);
        // the second prompt reads its question and the template's marks, nothing of the document
        const int first = finished[0]["prompt_tokens"].toInt();
        const int fresh = finished[1]["prompt_tokens"].toInt() - finished[1]["cached_tokens"].toInt();
        QVERIFY2(first > 200, qPrintable(QString::number(first)));
        QVERIFY2(finished[1]["cached_tokens"].toInt() >= first - 2, qPrintable(QString::number(fresh)));
        QVERIFY2(fresh < 150, qPrintable(QString::number(fresh)));
    }

    void whatCannotBeAttachedIsSaid() {
        int code = 0;
        chat({"--new", "--attach", folder_.path("none.txt")}, "Hello\n", code);
        QCOMPARE(code, 1);
        const CliResult binary = run_cli({"chat", folder_.model(), "--database", folder_.path("other.db"),
                                          "--attach", write("noise.bin", QByteArray(100, '\0'))});
        QCOMPARE(binary.code, 1);
        QVERIFY(binary.err.contains("noise.bin is no text"));
        // too large whole: refused before it is sent, and the chat ends with an error
        const QString large = write("large.txt", QByteArray("word ").repeated(20'000));
        const CliResult refused = run_cli(
            {"chat", folder_.model(), "--database", folder_.path("third.db"), "--attach", large + ":whole"},
            "Read it.\n");
        QCOMPARE(refused.code, 1);
        QVERIFY2(refused.err.contains("too large") && refused.err.contains("searched"),
                 refused.err.constData());
    }

    void oneQuestionAboutAFile() {
        const QString file = write("manual.md", manual());
        const CliResult searched =
            run_cli({"generate", folder_.model(), "--prompt", "What is the code of the Marlow pump?",
                     "--attach", file + ":searched", "-n", "4", "--json"});
        QVERIFY2(searched.code == 0, searched.err.constData());
        bool found = false;
        for (const auto& source : searched.object()["sources"].toArray()) {
            found = found || source.toObject().value("excerpt").toString().contains("4711");
        }
        QVERIFY(found);
        const QString small = write("small.txt", "Hops climb.");
        const CliResult whole = run_cli({"generate", folder_.model(), "--prompt", "What climbs?", "--attach",
                                         small, "-n", "4", "--json"});
        QCOMPARE(whole.object()["documents"].toArray()[0].toObject().value("choice").toString(),
                 QString("whole"));
        QVERIFY(searched.object()["prompt_tokens"].toInt() > whole.object()["prompt_tokens"].toInt());
        const CliResult without =
            run_cli({"generate", folder_.model(), "--prompt", "What climbs?", "-n", "4", "--json"});
        QVERIFY(whole.object()["prompt_tokens"].toInt() > without.object()["prompt_tokens"].toInt());
        QCOMPARE(run_cli({"generate", folder_.model(), "--prompt", "x", "--attach", folder_.path("none.txt")})
                     .code,
                 1);
        QCOMPARE(run_cli({"generate", folder_.model(), "--prompt", "x", "--attach", ":whole"}).code, 2);
    }

    void anEmbeddingModelIsNoMust() {
        const QString file = write("manual.md", manual());
        for (const QString& model : {folder_.model(), folder_.path("none.gguf")}) {
            int code = 0;
            const auto events = chat({"--attach", file + ":searched", "--embedding-model", model},
                                     "What is the code of the Marlow pump?\nAnd what else?\n", code);
            QCOMPARE(code, 0);
            const auto finished = named(events, "finished");
            QCOMPARE(finished.size(), 2);
            bool found = false;
            for (const auto& source : finished[0]["sources"].toArray()) {
                found = found || source.toObject().value("chunk").toInt() > 0;
            }
            QVERIFY(found);
        }
    }

    void aFileIsCompressedForOneQuestion() {
        QByteArray text;
        for (int i = 0; i < 24; ++i) {
            text += "The old house number " + QByteArray::number(i) +
                    " on the hill was sold to the baker, and we went to the inn by the river. ";
        }
        const QString file = write("houses.txt", text);
        const auto ask = [&](const QString& choice, const QStringList& more) {
            return run_cli(QStringList{"generate", folder_.model(), "--prompt", "What was sold?", "--attach",
                                       file + choice, "-n", "2", "--json"} +
                           more);
        };
        const auto tokens = [](const CliResult& result) { return result.object()["prompt_tokens"].toInt(); };
        const CliResult whole = ask(":whole", {});
        const CliResult half = ask(":compressed", {});
        const CliResult more = ask(":compressed", {"--compress", "0.8"});
        const CliResult by_model = ask(":compressed", {"--compress", "0.5:selective"});
        for (const CliResult* one : {&whole, &half, &more, &by_model}) {
            QVERIFY2(one->code == 0, one->err.constData());
        }
        const int all = tokens(whole);
        QVERIFY2(tokens(half) < 0.65 * all && tokens(half) > 0.4 * all,
                 qPrintable(QString("%1 of %2").arg(tokens(half)).arg(all)));
        QVERIFY2(tokens(more) > tokens(half) && tokens(more) < 0.95 * all,
                 qPrintable(QString("%1 of %2").arg(tokens(more)).arg(all)));
        QVERIFY(tokens(by_model) < 0.65 * all);
        const QJsonObject shown = half.object()["documents"].toArray()[0].toObject();
        QCOMPARE(shown["choice"].toString(), QString("compressed"));
        QVERIFY(shown["planned_tokens"].toInt() < 0.65 * shown["tokens"].toInt());
    }

    void whyAFileIsNotCompressedIsSaid() {
        const QString file = write("short.txt", QByteArray("Hops climb up the poles. ").repeated(30));
        const CliResult missing =
            run_cli({"generate", folder_.model(), "--prompt", "x", "--attach", file + ":compressed",
                     "--compress", "0.5:selective", "--scorer", folder_.path("none.gguf")});
        QCOMPARE(missing.code, 1);
        QVERIFY2(missing.err.contains("none.gguf"), missing.err.constData());
        QVERIFY(missing.out.isEmpty());
        const CliResult rate = run_cli({"generate", folder_.model(), "--prompt", "x", "--attach",
                                        file + ":compressed", "--compress", "1.5"});
        QCOMPARE(rate.code, 2);
        QVERIFY2(rate.err.contains("0.05 to 1"), rate.err.constData());
        // without a file, a prompt as it is has no part that is known to be a user's
        QCOMPARE(run_cli({"generate", folder_.model(), "--prompt", "x", "--compress", "0.5"}).code, 2);
    }
};

QTEST_GUILESS_MAIN(TestCliDocuments)
#include "test_cli_documents.moc"
