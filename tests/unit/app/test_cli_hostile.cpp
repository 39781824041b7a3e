// SPDX-License-Identifier: Apache-2.0
// tendril-cli as a hostile or careless user calls it: numbers that are none, closed descriptors.
#include <QDir>
#include <QFile>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

class TestCliHostile : public QObject {
    Q_OBJECT

    ModelFolder folder_;

    QString model() const { return folder_.model(); }
    /// The program under a shell, with `tail` (a redirection) behind.
    CliResult run_under_shell(const QString& arguments, const QString& tail) const {
        QProcess process;
        process.start("sh", {"-c", QString("exec '%1' %2 %3").arg(TENDRIL_CLI, arguments, tail)});
        CliResult result;
        if (process.waitForFinished(10000) && process.exitStatus() == QProcess::NormalExit) {
            result.code = process.exitCode();
        } else {
            process.kill();
            process.waitForFinished();
        }
        result.out = process.readAllStandardOutput();
        result.err = process.readAllStandardError();
        return result;
    }

  private Q_SLOTS:
    void valuesThatAreNoneAreWrongUsage_data() {
        QTest::addColumn<QStringList>("option");
        for (const char* name :
             {"--temperature", "--top-p", "--min-p", "--repetition-penalty", "--presence-penalty"}) {
            for (const char* value : {"nan", "-nan", "inf", "-1000", ""}) {
                QTest::addRow("%s=%s", name, value) << QStringList{QString("%1=%2").arg(name, value)};
            }
        }
        for (const char* seed : {"-1", "18446744073709551616", "1.5", "1x", ""}) {
            QTest::addRow("--seed=%s", seed) << QStringList{QString("--seed=%1").arg(seed)};
        }
    }
    void valuesThatAreNoneAreWrongUsage() {
        QFETCH(QStringList, option);
        const QStringList base = {"generate", model(), "--prompt", "Hello", "-n", "1", "--json"};
        const CliResult result = run_cli(base + option);
        QCOMPARE(result.code, 2);
        QVERIFY(result.out.isEmpty() && !result.err.isEmpty());
    }

    void noFileNameIsWrongUsage() {
        QCOMPARE(run_cli({"generate", model(), "--prompt-file", "", "-n", "1"}).code, 2);
        QCOMPARE(run_cli({"generate", model(), "--messages", "", "-n", "1"}).code, 2);
    }

    void closedInputGivesWords() {
        const CliResult tokens = run_under_shell("tokenize '" + model() + "' --json", "<&-");
        QCOMPARE(tokens.code, 1);
        QVERIFY2(tokens.err.contains("Standard input cannot be read"), tokens.err.constData());
        const CliResult answer =
            run_under_shell("generate '" + model() + "' --prompt-file - -n 1 --json", "<&-");
        QCOMPARE(answer.code, 1);
        QVERIFY(answer.out.isEmpty());
    }

    /// The worker's end came, but the main thread went on waiting for events.
    void folderAsDatabaseGivesWords() {
        QVERIFY(QDir(folder_.path("")).mkdir("folder.db"));
        const CliResult result =
            run_cli({"chat", model(), "--database", folder_.path("folder.db"), "--json"}, "Hi\n");
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("not a file"), result.err.constData());
    }

    void damagedDatabaseIsKeptAndTheChatGoesOn() {
        QFile file(folder_.path("damaged.db"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(QByteArray(5000, 'x')) == 5000);
        file.close();
        const CliResult result =
            run_cli({"chat", model(), "--database", file.fileName(), "--new", "-n", "2", "--json"}, "Hi\n");
        QVERIFY2(result.code == 0, result.err.constData());
        QVERIFY(result.out.contains("kept untouched") && result.out.contains("\"finished\""));
        const QStringList kept = QDir(folder_.path("")).entryList({"damaged.db.damaged-*"});
        QCOMPARE(kept.size(), 1);
        QCOMPARE(QFileInfo(folder_.path(kept.front())).size(), qint64(5000));
        QVERIFY(run_cli({"export", "--database", file.fileName(), "1"}).out.contains("Hi"));
    }

    void closedOutputIsAFailure() {
        const QString generate = "generate '" + model() + "' --prompt Hello -n 2 --json";
        QCOMPARE(run_under_shell(generate, ">&-").code, 1);
        QCOMPARE(run_under_shell(generate, "<&- >&-").code, 1);
        QCOMPARE(run_under_shell(generate, "<&- >&- 2>&-").code, 1);
        QCOMPARE(run_under_shell(generate, "2>&-").code, 0);
    }
};

QTEST_GUILESS_MAIN(TestCliHostile)
#include "test_cli_hostile.moc"
