// SPDX-License-Identifier: Apache-2.0
// Small parts behind reading ahead: which words are finished, whether the computer runs on its battery, how
// a file's text is framed.
#include <fstream>

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "app/composing.h"
#include "app/power.h"
#include "app/text_files.h"

using namespace tendril;
using namespace tendril::app;

class TestSmallParts : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void finishedWords_data() {
        QTest::addColumn<QString>("draft");
        QTest::addColumn<QString>("finished");
        QTest::newRow("nothing") << ""
                                 << "";
        QTest::newRow("one word") << "Hello"
                                  << "";
        QTest::newRow("blanks") << " \n\t "
                                << "";
        QTest::newRow("finished") << "Hello "
                                  << "Hello";
        QTest::newRow("two") << "Hello wor"
                             << "Hello";
        QTest::newRow("many blanks") << "Hello  \n\n wor"
                                     << "Hello";
        QTest::newRow("leading blanks") << "  Hello wor"
                                        << "  Hello";
        QTest::newRow("only leading blanks") << "  Hello"
                                             << "";
        QTest::newRow("line") << "Hello,\nworld"
                              << "Hello,";
        QTest::newRow("chinese") << "你好，世界"
                                 << "你好，";
        QTest::newRow("japanese") << "これは本です。次の"
                                  << "これは本です。";
        QTest::newRow("mixed") << "你好 a，b"
                               << "你好 a，";
    }
    void finishedWords() {
        QFETCH(QString, draft);
        QFETCH(QString, finished);
        const std::string text = draft.toStdString();
        QCOMPARE(QString::fromStdString(std::string(finished_words(text))), finished);
    }

    void battery_data() {
        QTest::addColumn<QStringList>("files");  // name=content
        QTest::addColumn<bool>("on");
        const QStringList battery = {"BAT0/type=Battery", "BAT0/status=Discharging"};
        QTest::newRow("none") << QStringList{} << false;
        QTest::newRow("discharging") << battery << true;
        QTest::newRow("charging") << QStringList{"BAT0/type=Battery", "BAT0/status=Charging"} << false;
        QTest::newRow("full") << QStringList{"BAT0/type=Battery", "BAT0/status=Full"} << false;
        QTest::newRow("mains in") << battery + QStringList{"AC/type=Mains", "AC/online=1"} << false;
        QTest::newRow("mains out") << battery + QStringList{"AC/type=Mains", "AC/online=0"} << true;
        QTest::newRow("usb charger") << battery + QStringList{"USB/type=USB", "USB/online=1"} << false;
        QTest::newRow("mouse") << QStringList{"M/type=Battery", "M/status=Discharging", "M/scope=Device"}
                               << false;
        QTest::newRow("silent") << QStringList{"BAT0/type=Battery"} << false;
        QTest::newRow("second battery") << QStringList{"BAT0/type=Battery", "BAT0/status=Full",
                                                       "BAT1/type=Battery", "BAT1/status=Discharging"}
                                        << true;
    }
    void battery() {
        QFETCH(QStringList, files);
        QFETCH(bool, on);
        QTemporaryDir supplies;
        for (const QString& entry : files) {
            const QString name = entry.section('=', 0, 0);
            QVERIFY(QDir(supplies.path()).mkpath(name.section('/', 0, 0)));
            std::ofstream(supplies.filePath(name).toStdString())
                << entry.section('=', 1).toStdString() << "\n";
        }
        QCOMPARE(on_battery(supplies.path().toStdString()), on);
    }
    void noFolderMeansMains() { QVERIFY(!on_battery("/nowhere/at/all")); }

    void framesHoldTheText() {
        QCOMPARE(framed_text("notes.txt", "one\n"), std::string("notes.txt:\n```\none\n```\n\n"));
        QCOMPARE(framed_text("a.md", "```\ncode\n```"), std::string("a.md:\n````\n```\ncode\n```\n````\n\n"));
    }
};

QTEST_GUILESS_MAIN(TestSmallParts)
#include "test_small_parts.moc"
