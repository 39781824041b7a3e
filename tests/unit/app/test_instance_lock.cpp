// SPDX-License-Identifier: Apache-2.0
// One owner of a folder, whatever races for it; the others pass their wish on. The program runs itself as the
// racing processes: `test contend DATABASE MODEL` prints what came of it and, as the owner, stays until its
// input ends.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include "app/instance_lock.h"

using tendril::app::FileLock;
using tendril::app::InstanceLock;

namespace {

const char* name_of(InstanceLock::Outcome outcome) {
    switch (outcome) {
        case InstanceLock::Outcome::owner:
            return "owner";
        case InstanceLock::Outcome::passed:
            return "passed";
        case InstanceLock::Outcome::unreachable:
            return "unreachable";
        case InstanceLock::Outcome::failed:
            return "failed";
    }
    return "";
}

int contend(QCoreApplication& app, const QString& database, const QString& model) {
    InstanceLock lock(database);
    QObject::connect(&lock, &InstanceLock::raiseRequested, &app, [](const QString& path) {
        std::printf("raise %s\n", qPrintable(path));
        std::fflush(stdout);
    });
    const auto outcome = lock.acquire(model);
    std::printf("%s\n", name_of(outcome));
    std::fflush(stdout);
    if (outcome != InstanceLock::Outcome::owner) {
        return 0;
    }
    std::thread input([&app] {
        char byte = 0;
        while (read(STDIN_FILENO, &byte, 1) > 0) {
        }
        QMetaObject::invokeMethod(
            &app, [] { QCoreApplication::quit(); }, Qt::QueuedConnection);
    });
    QCoreApplication::exec();
    input.join();
    return 0;
}

}  // namespace

class TestInstanceLock : public QObject {
    Q_OBJECT

    using Contender = std::unique_ptr<QProcess>;
    static Contender start(const QString& database, const QString& model = {}) {
        auto process = std::make_unique<QProcess>();
        process->start(QCoreApplication::applicationFilePath(), {"contend", database, model});
        return process;
    }
    static QByteArray line(QProcess& process) {
        while (!process.canReadLine() && process.state() != QProcess::NotRunning) {
            if (!process.waitForReadyRead(20000)) {
                break;
            }
        }
        return process.readLine().trimmed();
    }

  private Q_SLOTS:
    void twentyStartsMakeOneOwner() {
        QTemporaryDir folder;
        const QString database = folder.filePath("chats.db");
        std::vector<Contender> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(start(database, QString::number(i)));
        }
        QProcess* owner = nullptr;
        int passed = 0;
        for (const Contender& one : all) {
            QVERIFY(one->waitForStarted());
        }
        for (const Contender& one : all) {
            QByteArray said = line(*one);
            while (said.startsWith("raise")) {
                said = line(*one);
            }
            if (said == "owner") {
                QVERIFY2(owner == nullptr, "two owners");
                owner = one.get();
            } else {
                QCOMPARE(said, QByteArray("passed"));
                ++passed;
            }
        }
        QVERIFY(owner != nullptr);
        QCOMPARE(passed, 19);
        owner->closeWriteChannel();
        for (const Contender& one : all) {
            QVERIFY(one->state() == QProcess::NotRunning || one->waitForFinished());
        }
    }

    void ownerHearsTheModel() {
        QTemporaryDir folder;
        const QString database = folder.filePath("chats.db");
        InstanceLock owner(database);
        QCOMPARE(owner.acquire({}), InstanceLock::Outcome::owner);
        QSignalSpy raised(&owner, &InstanceLock::raiseRequested);
        const QString model = QString::fromUtf8("/models/zwei Wörter\n%41.gguf");
        const Contender other = start(database, model);
        QVERIFY(raised.wait(10000));
        QCOMPARE(raised.front().front().toString(), model);
        QCOMPARE(line(*other), QByteArray("passed"));
        QVERIFY(other->waitForFinished());
    }

    void killedOwnerLeavesNothingInTheWay() {
        QTemporaryDir folder;
        const QString database = folder.filePath("chats.db");
        const Contender first = start(database);
        QCOMPARE(line(*first), QByteArray("owner"));
        first->kill();
        QVERIFY(first->waitForFinished());
        QVERIFY(QFile::exists(database + ".socket"));  // stale
        InstanceLock next(database);
        QCOMPARE(next.acquire({}), InstanceLock::Outcome::owner);
        QSignalSpy raised(&next, &InstanceLock::raiseRequested);
        const Contender third = start(database);
        QVERIFY(raised.wait(10000));
        QVERIFY(third->waitForFinished());
    }

    void ownerThatDoesNotAnswerIsSaid() {
        QTemporaryDir folder;
        const QString database = folder.filePath("chats.db");
        const auto lock = FileLock::try_acquire(tendril::app::lock_file_of(database.toStdString()));
        QVERIFY(lock && *lock);
        InstanceLock other(database);
        QCOMPARE(other.acquire({}), InstanceLock::Outcome::unreachable);
        QVERIFY(!other.error().isEmpty());
    }

    void folderThatIsNotThereIsSaid() {
        InstanceLock lock("/nowhere/at/all/chats.db");
        QCOMPARE(lock.acquire({}), InstanceLock::Outcome::failed);
        QVERIFY(!lock.error().isEmpty());
    }

    void longFolderWorks() {
        QTemporaryDir folder;
        QString deep = folder.path();
        for (int i = 0; i < 6; ++i) {
            deep += "/" + QString(40, 'd');  // far beyond the 108 bytes of a socket's address
        }
        QVERIFY(QDir().mkpath(deep));
        InstanceLock owner(deep + "/chats.db");
        QCOMPARE(owner.acquire({}), InstanceLock::Outcome::owner);
        QSignalSpy raised(&owner, &InstanceLock::raiseRequested);
        const Contender other = start(deep + "/chats.db");
        QVERIFY(raised.wait(10000));
        QVERIFY(other->waitForFinished());
    }

    void nonsenseOnTheSocketIsIgnored() {
        QTemporaryDir folder;
        const QString database = folder.filePath("chats.db");
        InstanceLock owner(database);
        QCOMPARE(owner.acquire({}), InstanceLock::Outcome::owner);
        QSignalSpy raised(&owner, &InstanceLock::raiseRequested);
        for (const QByteArray& nonsense :
             {QByteArray("hello\n"), QByteArray(100'000, 'x'), QByteArray(), QByteArray("raise")}) {
            const int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_un to{};
            to.sun_family = AF_UNIX;
            std::snprintf(to.sun_path, sizeof to.sun_path, "%s", qPrintable(database + ".socket"));
            QCOMPARE(::connect(peer, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
            send(peer, nonsense.constData(), static_cast<std::size_t>(nonsense.size()),
                 MSG_NOSIGNAL | MSG_DONTWAIT);
            shutdown(peer, SHUT_WR);
            QCoreApplication::processEvents(QEventLoop::AllEvents, 300);
            close(peer);
        }
        const Contender other = start(database);
        QVERIFY(raised.wait(10000));
        QCOMPARE(raised.size(), 1);
        QVERIFY(other->waitForFinished());
    }
};

int main(int argc, char** argv) {
    QCoreApplication app(argc, argv);
    if (argc == 4 && qstrcmp(argv[1], "contend") == 0) {
        return contend(app, QString::fromLocal8Bit(argv[2]), QString::fromLocal8Bit(argv[3]));
    }
    TestInstanceLock test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_instance_lock.moc"
