// SPDX-License-Identifier: Apache-2.0
// The log rotates, never holds what people or models write, and never stops the program.
#include <QDirIterator>
#include <QFile>
#include <QTest>
#include <spdlog/logger.h>

#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;

class TestLog : public QObject {
    Q_OBJECT

    static QByteArray all_logs(const std::filesystem::path& folder) {
        QByteArray all;
        QDirIterator files(QString::fromStdString(folder.string()), {"tendril*.log*", "tendril.*"},
                           QDir::Files);
        while (files.hasNext()) {
            QFile file(files.next());
            if (file.open(QIODevice::ReadOnly)) {
                all += file.readAll();
            }
        }
        return all;
    }

  private Q_SLOTS:
    void textOfAChatIsNeverInIt() {
        const std::string secret = "zanzibar-heliotrope";
        WorkerFixture f;
        f.log = app::make_log(f.path("tendril.log"));
        f.log->set_level(spdlog::level::trace);
        f.options.settings.system_prompt = "System " + secret;
        f.start();
        f.worker->save_draft("Draft " + secret);
        const auto first = f.turn("Question " + secret, "Answer " + secret);
        f.worker->retry(first.id);
        f.engine.take_request();
        f.engine.say("More " + secret);
        f.engine.fail_request({ErrorCode::internal, "It broke.", "detail"});
        f.events.wait<app::TurnEnded>();
        f.worker->rename(1, "Title " + secret);
        f.worker->search(secret);
        f.worker->edit(*first.parent, "Edited " + secret);
        f.engine.take_request();
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
        f.worker->export_to(1, f.path("out.json"), true);
        f.worker->export_to(1, "/nowhere/out.json", true);
        f.worker->trash(1);
        f.worker.reset();
        f.log->flush();
        const QByteArray log = all_logs(f.path(""));
        QVERIFY(log.contains("turn ended"));  // it does say something
        QVERIFY(log.contains("It broke."));
        QVERIFY2(!log.contains(secret.c_str()), log.constData());
    }

    void rotates() {
        QTemporaryDir folder;
        const auto log = app::make_log(std::filesystem::path(folder.path().toStdString()) / "tendril.log");
        const std::string line(1000, 'x');
        for (int i = 0; i < 6000; ++i) {
            log->info(line);
        }
        log->flush();
        qint64 bytes = 0;
        int files = 0;
        QDirIterator it(folder.path(), QDir::Files);
        while (it.hasNext()) {
            it.next();
            bytes += it.fileInfo().size();
            ++files;
        }
        QCOMPARE(files, 3);
        QVERIFY(bytes <= 3 << 20);
    }

    void fileThatCannotBeWrittenIsNoMatter() {
        const auto log = app::make_log("/proc/nowhere/tendril.log");
        QVERIFY(log != nullptr);
        log->error("nobody hears this");
    }
};

QTEST_GUILESS_MAIN(TestLog)
#include "test_log.moc"
