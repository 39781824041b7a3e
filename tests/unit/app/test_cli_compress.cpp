// SPDX-License-Identifier: Apache-2.0
// tendril-cli compress, and generate --compress, on tiny random models. Test thread.
#include <csignal>

#include <QFile>
#include <QJsonArray>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

namespace {

QByteArray prose(int sentences) {
    QByteArray text;
    for (int i = 0; i < sentences; ++i) {
        text += "The old house number " + QByteArray::number(i) +
                " on the hill was sold, and we went to the inn. ";
    }
    return text;
}

}  // namespace

class TestCliCompress : public QObject {
    Q_OBJECT

    ModelFolder folder_{2048};

    QStringList compress(const QStringList& more) const {
        return QStringList{"compress", folder_.model()} + more;
    }

  private Q_SLOTS:
    void shortensTheText_data() {
        QTest::addColumn<QStringList>("more");
        QTest::newRow("frequency") << QStringList{};
        QTest::newRow("question") << QStringList{"--question", "Where did we go?"};
        QTest::newRow("selective") << QStringList{"--method", "selective"};
        QTest::newRow("llmlingua") << QStringList{"--method", "llmlingua"};
        QTest::newRow("another scorer") << QStringList{"--method", "selective", "--scorer", "SCORER"};
    }
    void shortensTheText() {
        QFETCH(QStringList, more);
        if (more.removeAll("SCORER") > 0) {
            QVERIFY(QFile::exists(folder_.path("other.gguf")) ||
                    QFile::copy(folder_.model(), folder_.path("other.gguf")));
            more += folder_.path("other.gguf");
        }
        const QByteArray text = prose(12);
        const CliResult result = run_cli(compress(QStringList{"--rate", "0.7", "--json"} + more), text);
        QVERIFY2(result.code == 0, result.err.constData());
        const QJsonObject made = result.object();
        const double before = made["tokens_before"].toDouble();
        QVERIFY(std::abs(made["tokens_after"].toDouble() / before - 0.7) < 0.05);
        QByteArray joined;
        for (const auto& range : made["kept"].toArray()) {
            const int begin = range.toArray()[0].toInt();
            joined += text.mid(begin, range.toArray()[1].toInt() - begin);
        }
        QCOMPARE(joined, made["text"].toString().toUtf8());
        for (int i = 0; i < 12; ++i) {
            QVERIFY(joined.contains(QByteArray::number(i)));
        }
        const CliResult plain = run_cli(compress(QStringList{"--rate", "0.7"} + more), text);
        QCOMPARE(plain.out, joined + (joined.endsWith('\n') ? "" : "\n"));
    }

    /// A question chooses the method that minds it; blanks are none, and who names a method gets it.
    void theQuestionChoosesTheMethod() {
        const auto method = [this](const QStringList& more) {
            const QStringList base{"--rate", "0.7", "--json"};
            return run_cli(compress(base + more), prose(12)).object()["method"].toString();
        };
        QCOMPARE(method({}), QString("frequency"));
        QCOMPARE(method({"--question", "Where did we go?"}), QString("question"));
        QCOMPARE(method({"--question", " \n"}), QString("frequency"));
        QCOMPARE(method({"--question", "Where?", "--method", "frequency"}), QString("frequency"));
    }

    void badInputGivesWords_data() {
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<QByteArray>("input");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("words");
        const QByteArray good = "Some words stand here.";
        for (const char* rate : {"0", "1.01", "-1", "nan", "half", ""}) {
            QTest::addRow("rate %s", rate)
                << QStringList{"--rate", rate} << good << 2 << QByteArray("0.05 to 1");
        }
        QTest::newRow("no rate") << QStringList{} << good << 2 << QByteArray("--rate");
        QTest::newRow("method") << QStringList{"--rate", "0.5", "--method", "zip"} << good << 2
                                << QByteArray("the methods are");
        QTest::newRow("method of an older version")
            << QStringList{"--rate", "0.5", "--method", "longllmlingua", "--question", "Which?"} << good << 2
            << QByteArray(
                   "There is no method \"longllmlingua\"; the methods are frequency, question, selective, "
                   "llmlingua.");
        QTest::newRow("no question") << QStringList{"--rate", "0.5", "--method", "question"} << good << 1
                                     << QByteArray("needs the question");
        QTest::newRow("no scorer") << QStringList{"--rate",    "0.5",      "--method",
                                                  "selective", "--scorer", "/no.gguf"}
                                   << good << 1 << QByteArray("no.gguf");
        QTest::newRow("empty") << QStringList{"--rate", "0.5"} << QByteArray() << 1 << QByteArray("no text");
        QTest::newRow("blank") << QStringList{"--rate", "0.5"} << QByteArray(" \n\t") << 1
                               << QByteArray("no text");
        QTest::newRow("binary") << QStringList{"--rate", "0.5"} << QByteArray("a\0b", 3) << 1
                                << QByteArray("bytes that are zero");
        QTest::newRow("broken UTF-8")
            << QStringList{"--rate", "0.5"} << QByteArray("a \xff b") << 1 << QByteArray("UTF-8");
    }
    void badInputGivesWords() {
        QFETCH(QStringList, more);
        QFETCH(QByteArray, input);
        QFETCH(int, code);
        QFETCH(QByteArray, words);
        const CliResult result = run_cli(compress(more), input);
        QCOMPARE(result.code, code);
        QVERIFY2(result.err.contains(words), result.err.constData());
        QVERIFY(result.out.isEmpty());
    }

    void protectionIsSaid() {
        const CliResult result =
            run_cli(compress({"--rate", "0.1"}), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
        QCOMPARE(result.code, 0);
        QVERIFY2(result.err.contains("never left out"), result.err.constData());
        QVERIFY(result.out.startsWith("1 2 3 4 5 6 7 8 9 10"));
    }

    /// SIGINT while a model scores: soon, in words, and nothing on stdout.
    void signalEndsIt() {
        QProcess process;
        process.start(TENDRIL_CLI, compress({"--rate", "0.5", "--method", "llmlingua"}));
        process.write(prose(20000));
        process.closeWriteChannel();
        QVERIFY(process.waitForBytesWritten(10000));
        QVERIFY(!process.waitForFinished(300));
        kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(10000));
        QCOMPARE(process.exitCode(), 1);
        QVERIFY(process.readAllStandardError().contains("Cancelled"));
        QVERIFY(process.readAllStandardOutput().isEmpty());
    }

    void generateReadsLess() {
        QFile file(folder_.path("messages.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const QString text = QString::fromUtf8(prose(20));
        const QJsonArray messages = {
            QJsonObject{{"role", "system"}, {"content", text.left(600)}},
            QJsonObject{{"role", "user"}, {"content", text + "\n\nWhere did we go?"}}};
        file.write(QJsonDocument(messages).toJson());
        file.close();
        const QStringList base = {"generate", folder_.model(), "--messages", file.fileName(), "-n",
                                  "1",        "--json"};
        const CliResult whole = run_cli(base);
        QVERIFY2(whole.code == 0, whole.err.constData());
        const CliResult shorter = run_cli(base + QStringList{"--compress", "0.5"});
        QVERIFY2(shorter.code == 0, shorter.err.constData());
        QVERIFY2(shorter.err.contains("tokens (question)"), shorter.err.constData());
        const int before = whole.object()["prompt_tokens"].toInt();
        const int after = shorter.object()["prompt_tokens"].toInt();
        QVERIFY(after < before * 0.72 && after > before * 0.5);  // the system's text is not touched
        const CliResult selective = run_cli(base + QStringList{"--compress", "0.5:selective"});
        QVERIFY(selective.code == 0 && selective.err.contains("(selective)"));
    }

    void generateRefuses() {
        QFile file(folder_.path("prompt.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("<|im_start|>user\n" + prose(20) + "\n\nWhere?");
        file.close();
        const QStringList base = {"generate", folder_.model(), "-n", "1", "--prompt-file", file.fileName()};
        QCOMPARE(run_cli(base + QStringList{"--compress", "2"}).code, 2);
        QCOMPARE(run_cli(base + QStringList{"--compress", "0.5:zip"}).code, 2);
        const CliResult older = run_cli(base + QStringList{"--compress", "0.5:longllmlingua"});
        QCOMPARE(older.code, 2);
        QVERIFY2(older.err.contains("the methods are frequency, question, selective, llmlingua"),
                 older.err.constData());
        const CliResult control = run_cli(base + QStringList{"--compress", "0.5"});
        QCOMPARE(control.code, 1);
        QVERIFY2(control.err.contains("--messages"), control.err.constData());
        QCOMPARE(run_cli({"generate", folder_.model(), "--prompt", "Hello", "--compress", "0.5"}).code, 2);
    }
};

QTEST_GUILESS_MAIN(TestCliCompress)
#include "test_cli_compress.moc"
