// SPDX-License-Identifier: Apache-2.0
// tendril-cli: guesses are counted, and what goes wrong is said in words that name the file.
#include <csignal>

#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

class TestCliCache : public QObject {
    Q_OBJECT

    ModelFolder folder_;

    QString model() const { return folder_.model(); }

  private Q_SLOTS:
    void guessesAreCounted() {
        const QString text = QString("one two three four five. ").repeated(6);
        const QStringList base = {"generate", model(), "--prompt", text,    "--temperature",
                                  "0",        "-n",    "200",      "--json"};
        const QJsonObject guessed = run_cli(base + QStringList{"--speculate", "auto"}).object();
        const QJsonObject plain = run_cli(base + QStringList{"--speculate", "off"}).object();
        QVERIFY(guessed["drafted_tokens"].toInt() > 0);
        QVERIFY(guessed["accepted_tokens"].toInt() <= guessed["drafted_tokens"].toInt());
        QCOMPARE(plain["drafted_tokens"].toInt(), 0);
        QCOMPARE(guessed["tokens"].toArray(), plain["tokens"].toArray());
    }

    void theSecondProcessReadsFromTheDisk() {
        const QString text = QString("a long story about rivers and boats. ").repeated(8);
        for (const char* kv : {"f16", "q8_0"}) {
            const QStringList command = {"generate",
                                         model(),
                                         "--prompt",
                                         text,
                                         "-n",
                                         "12",
                                         "--seed",
                                         "5",
                                         "--json",
                                         "--kv",
                                         kv,
                                         "--cache-dir",
                                         folder_.path("pages")};
            const CliResult first = run_cli(command);
            QVERIFY2(first.code == 0, first.err.constData());
            const QJsonObject cold = first.object();
            const QJsonObject warm = run_cli(command).object();
            QCOMPARE(cold["cached_tokens"].toInt(), 0);
            QCOMPARE(cold["disk_tokens"].toInt(), 0);
            QVERIFY(warm["cached_tokens"].toInt() >= 128);
            QCOMPARE(warm["disk_tokens"].toInt(), warm["cached_tokens"].toInt());
            QCOMPARE(warm["tokens"].toArray(), cold["tokens"].toArray());
        }
    }

    void keysAndValuesAreKeptAsAskedFor() {
        for (const char* kv : {"f16", "q8_0", "q4_0"}) {
            const CliResult result = run_cli({"generate", model(), "--prompt", "Hello there", "-n", "8",
                                              "--seed", "1", "--json", "--kv", kv, "--host-pages", "64"});
            QVERIFY2(result.code == 0, result.err.constData());
            QVERIFY(!result.object()["tokens"].toArray().isEmpty());
            QCOMPARE(run_cli({"bench", model(), "-p", "16", "-n", "4", "-r", "1", "--json", "--kv", kv}).code,
                     0);
        }
    }

    void numbersThatNoConversationHas_data() {
        QTest::addColumn<QString>("number");
        QTest::newRow("300 digits") << QString(300, '9');
        QTest::newRow("letters") << QString(300, 'x');
        QTest::newRow("zero") << "0";
        QTest::newRow("negative") << "-5";
        QTest::newRow("fraction") << "1.5";
    }
    void numbersThatNoConversationHas() {
        QFETCH(QString, number);
        const CliResult result = run_cli({"export", "--database", folder_.path("none.db"), "--", number});
        QCOMPARE(result.code, 2);
        QVERIFY2(result.err.size() < 200 && result.err.contains("number of a conversation"),
                 result.err.constData());
        const CliResult chat =
            run_cli({"chat", model(), "--database", folder_.path("none.db"), "--conversation=" + number});
        QCOMPARE(chat.code, 2);
        QVERIFY2(chat.err.size() < 200, chat.err.constData());
    }

    void aFileThatIsNoModelIsNamed_data() {
        QTest::addColumn<QStringList>("command");
        QTest::newRow("generate") << QStringList{"generate", "%1", "--prompt", "x"};
        QTest::newRow("inspect") << QStringList{"inspect", "%1"};
        QTest::newRow("tokenize") << QStringList{"tokenize", "%1"};
    }
    void aFileThatIsNoModelIsNamed() {
        QFETCH(QStringList, command);
        const QString path = folder_.path("letter.gguf");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("Dear reader, this is no model.");
        file.close();
        command.replaceInStrings("%1", path);
        const CliResult result = run_cli(command);
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("letter.gguf") && result.err.contains("GGUF model"),
                 result.err.constData());
    }

    void aContextAboveTheTrainedOneIsSaidAndLowered() {
        const QStringList base = {"generate", model(), "--prompt", "Hello", "-n", "2"};
        const CliResult more = run_cli(base + QStringList{"--context", "4096"});
        QCOMPARE(more.code, 0);
        QVERIFY2(more.err.contains("512 tokens"), more.err.constData());
        QVERIFY(!run_cli(base + QStringList{"--context", "512"}).err.contains("512"));
        const CliResult chat = run_cli(
            {"chat", model(), "--database", folder_.path("c.db"), "--context", "4096", "-n", "2"}, "Hi\n");
        QCOMPARE(chat.code, 0);
        QVERIFY2(chat.err.contains("512 tokens"), chat.err.constData());
    }

    void aFailedTurnFailsTheChat() {
        const QByteArray line = QByteArray("word ").repeated(2000) + "\n";  // more than the context
        const CliResult result = run_cli(
            {"chat", model(), "--database", folder_.path("long.db"), "--json", "-n", "2"}, "Hi\n" + line);
        QCOMPARE(result.code, 1);
        QVERIFY(result.out.contains("\"status\":\"failed\""));
        QVERIFY2(result.err.contains("has room for"), result.err.constData());  // the reason is on stderr
        // The turn before has its answer, ended by its limit of tokens or by the model.
        QVERIFY(result.out.contains("\"stop_reason\":\"max_tokens\"") ||
                result.out.contains("\"status\":\"complete\""));
        const CliResult plain =
            run_cli({"chat", model(), "--database", folder_.path("plain.db"), "-n", "2"}, line + "Hi\n");
        QCOMPARE(plain.code, 1);  // also when the last turn went well
        QVERIFY2(plain.err.contains("has room for"), plain.err.constData());
        const CliResult good =
            run_cli({"chat", model(), "--database", folder_.path("short.db"), "--json", "-n", "2"}, "Hi\n");
        QCOMPARE(good.code, 0);
        QVERIFY(!good.err.contains("has room for"));
    }

    /// The disk is full: the turn waits to be saved, and a signal ends the chat nevertheless.
    void aChatOnAFullDiskEndsOnASignal() {
        QTemporaryDir scratch;
        const QString mount = scratch.path();
        if (QProcess::execute("unshare", {"-rm", "true"}) != 0) {
            QSKIP("NOT RUN: no file system of one's own may be made here (unshare -rm)");
        }
        QProcess process;
        // A file system of 320 kB of its own, where the system allows one.
        process.start("unshare", {"-rm", "sh", "-c",
                                  QString("mount -t tmpfs -o size=320k tmpfs '%1' 2>/dev/null || exit 77; "
                                          "dd if=/dev/zero of='%1/fill' bs=1k count=%2 2>/dev/null; "
                                          "exec '%3' chat '%4' --database '%1/c.db' --json -n 2")
                                      .arg(mount, "20", TENDRIL_CLI, model())});
        process.waitForStarted();
        QByteArray out;
        const auto read = [&] {
            out += process.readAllStandardOutput();
            return process.state() != QProcess::Running || out.contains("\"ready\"");
        };
        QTRY_VERIFY_WITH_TIMEOUT(read(), 20000);
        if (process.state() != QProcess::Running && process.exitCode() == 77) {
            QSKIP("no file system of one's own may be made here");
        }
        process.write(QByteArray(60000, 'y') + "\nA last question\n");
        QTRY_VERIFY_WITH_TIMEOUT((out += process.readAllStandardOutput()).contains("\"unsaved\"") ||
                                     process.state() != QProcess::Running,
                                 20000);
        QVERIFY2(out.contains("\"unsaved\""), (out + process.readAllStandardError()).right(500).constData());
        QElapsedTimer timer;
        timer.start();
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(10000));
        const qint64 took = timer.elapsed();
        QCOMPARE(process.exitCode(), 1);
        QVERIFY2(took < 1000, qPrintable(QString("%1 ms").arg(took)));
        const QByteArray err = process.readAllStandardError();
        QVERIFY2(err.contains("could not be saved") && err.contains("yyyy"), err.left(500).constData());
    }
};

QTEST_GUILESS_MAIN(TestCliCache)
#include "test_cli_cache.moc"
