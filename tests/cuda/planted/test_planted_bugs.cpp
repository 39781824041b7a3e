// SPDX-License-Identifier: Apache-2.0
// The table of planted bugs: each must be found by at least one way of running the kernels, and the correct
// code of no scene may be reported by any.
#include <cstdio>
#include <vector>

#include <QMap>
#include <QProcess>
#include <QTest>

#include "tests/cuda/planted/scenes.h"

namespace {

// A program, and how the emulator is set: TENDRIL_CUDA_EMULATOR. One column is what any of its runs found.
struct Run {
    const char* column;
    const char* program;
    const char* settings;
    bool only_correct = false;  // adds nothing to the table, must find nothing
};

const std::vector<Run> kRuns = {
    {"order", PLANTED_FAST, "schedule=order"},
    {"order", PLANTED_FAST, "schedule=reverse,resident=2"},
    {"random", PLANTED_FAST, "schedule=random,seed=1,resident=3,streams=lazy"},
    {"random", PLANTED_FAST, "schedule=random,seed=2,resident=2,streams=random,late-copies=0"},
    {"random", PLANTED_FAST, "schedule=random,seed=3,resident=4,streams=random,workers=2"},
#if defined(PLANTED_ASAN)
    {"sanitizers", PLANTED_ASAN, "schedule=order"},
#endif
#if defined(PLANTED_CHECK)
    {"checker", PLANTED_CHECK, "schedule=order"},
    {"checker", PLANTED_CHECK, "schedule=random,seed=5,resident=3,streams=lazy", true},
    {"checker", PLANTED_CHECK, "schedule=reverse,resident=2", true},
#endif
#if defined(PLANTED_PTX)
    {"PTX, checker", PLANTED_CHECK, "tier=ptx,arch=80"},
    {"PTX, checker", PLANTED_CHECK, "tier=ptx,arch=75", true},
    {"PTX, checker", PLANTED_CHECK, "tier=ptx,arch=90", true},
    {"PTX, checker", PLANTED_CHECK, "tier=ptx,arch=120", true},
    {"PTX", PLANTED_FAST, "tier=ptx,arch=75,schedule=random", true},
#endif
};

// Number -> finding; negative numbers are the correct code.
QMap<int, QString> findings(const Run& run) {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("TENDRIL_CUDA_EMULATOR"), QString::fromLatin1(run.settings));
    process.setProcessEnvironment(environment);
    process.start(QString::fromLocal8Bit(run.program), {});
    if (!process.waitForFinished(100000) || process.exitCode() != 0) {
        return {};
    }
    QMap<int, QString> found;
    for (const QByteArray& line : process.readAllStandardOutput().split('\n')) {
        const QList<QByteArray> parts = line.split('\t');
        if (parts.size() == 2) {
            found[parts[0].toInt()] = QString::fromLocal8Bit(parts[1]);
        }
    }
    return found;
}

}  // namespace

class TestPlantedBugs : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void findsEachAndReportsNothingElse() {
        QStringList columns, wrong;
        QMap<int, QMap<QString, QString>> table;
        for (const Run& run : kRuns) {
            const QString column = QString::fromLatin1(run.column);
            if (!columns.contains(column) && !run.only_correct) {
                columns << column;
            }
            const QMap<int, QString> found = findings(run);
            for (const tendril::planted::Bug& bug : tendril::planted::bugs()) {
                if (found.value(-bug.number) != QStringLiteral("-")) {
                    wrong << QStringLiteral("%1 (%2): correct code of bug %3: %4")
                                 .arg(column, QString::fromLatin1(run.settings))
                                 .arg(bug.number)
                                 .arg(found.value(-bug.number, QStringLiteral("no answer")));
                }
                QString& cell = table[bug.number][column];
                if (!run.only_correct && (cell.isEmpty() || cell == QStringLiteral("-"))) {
                    cell = found.value(bug.number, QStringLiteral("-"));
                }
            }
        }
        print(columns, table);
        for (const tendril::planted::Bug& bug : tendril::planted::bugs()) {
            const QStringList cells = table[bug.number].values();
            const bool is_found = std::any_of(cells.begin(), cells.end(), [](const QString& cell) {
                return !cell.isEmpty() && cell != QStringLiteral("-");
            });
            if (!is_found && is_expected(bug.number)) {
                wrong << QStringLiteral("bug %1 is not found: %2")
                             .arg(bug.number)
                             .arg(QString::fromLatin1(bug.what));
            }
        }
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(QStringLiteral("\n"))));
    }

  private:
    // Without nvcc, or in a build with sanitizers of its own, some ways of finding are not there.
    static bool is_expected(int number) {
#if defined(PLANTED_PTX)
        return number > 0;
#elif defined(PLANTED_CHECK)
        return number != 22;
#else
        return number < 9 && number != 5;
#endif
    }

    static void print(const QStringList& columns, const QMap<int, QMap<QString, QString>>& table) {
        std::printf("%-3s %-48s", "#", "bug");
        for (const QString& column : columns) {
            std::printf(" %-24s", qPrintable(column));
        }
        std::printf("\n");
        for (const tendril::planted::Bug& bug : tendril::planted::bugs()) {
            std::printf("%-3d %-48s", bug.number, bug.what);
            for (const QString& column : columns) {
                std::printf(" %-24s", qPrintable(table[bug.number][column].left(24)));
            }
            std::printf("\n");
        }
        std::fflush(stdout);
    }
};

QTEST_GUILESS_MAIN(TestPlantedBugs)
#include "test_planted_bugs.moc"
