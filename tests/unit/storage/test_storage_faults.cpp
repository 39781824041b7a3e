// SPDX-License-Identifier: Apache-2.0
// What the store does with files that are damaged, newer, not writable, or on a full disk; and that nothing
// committed is lost.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include <QCryptographicHash>
#include <QFile>
#include <SQLiteCpp/SQLiteCpp.h>

#include "storage/migrations.h"
#include "store_fixture.h"

using namespace tendril;
using namespace tendril::storage;
namespace fs = std::filesystem;

namespace {

QByteArray hash_of(const fs::path& file) {
    QFile f(QString::fromStdString(file.string()));
    if (!f.open(QIODevice::ReadOnly)) {
        qFatal("cannot read %s", file.c_str());
    }
    return QCryptographicHash::hash(f.readAll(), QCryptographicHash::Sha256);
}

void overwrite(const fs::path& file, qint64 offset, const QByteArray& bytes) {
    QFile f(QString::fromStdString(file.string()));
    if (!f.open(QIODevice::ReadWrite) || !f.seek(offset) || f.write(bytes) != bytes.size()) {
        qFatal("cannot write %s", file.c_str());
    }
}

/// A closed database of `conversations` chats with ten messages each.
void fill(StoreFixture& fixture, int conversations) {
    auto& store = fixture.open();
    for (int c = 0; c < conversations; ++c) {
        const auto chat = store.create_conversation("chat " + std::to_string(c), "").value();
        std::optional<MessageId> parent;
        for (int m = 0; m < 10; ++m) {
            parent = store
                         .add_message(make_message(chat.id, parent, m % 2 ? Role::assistant : Role::user,
                                                   std::string(300, static_cast<char>('a' + m))))
                         .value();
        }
    }
    fixture.close();
}

std::vector<fs::path> damaged_files(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.find(".damaged-") != std::string::npos && !name.ends_with("-wal") &&
            !name.ends_with("-shm")) {
            found.push_back(entry.path());
        }
    }
    return found;
}

std::size_t count_messages(ChatStore& store) {
    std::size_t count = 0;
    const auto chats = store.conversations(false).value();
    for (const auto& chat : chats) {
        count += store.messages(chat.id)->size();
    }
    return count;
}

/// Runs `body` as the user nobody, so that permissions count in a test that runs as root.
template <typename Body>
void as_nobody(Body&& body) {
    const uid_t before = ::geteuid();
    if (before == 0 && ::seteuid(65534) != 0) {
        qFatal("seteuid");
    }
    body();
    if (before == 0 && ::seteuid(before) != 0) {
        qFatal("seteuid back");
    }
}

}  // namespace

class TestStorageFaults : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void garbageIsKeptBesideAFreshFile();
    void damagedPagesAreSalvaged();
    void manyRandomDamagesNeverStopTheStore();
    void soundFileIsNotMovedAside();
    void newerVersionIsReadOnlyAndUntouched();
    void readOnlyFileAndFolder();
    void unwritableFolderIsAnErrorInWords();
    void fullDiskLosesNothingCommitted();
    void killedWriterLosesNothingCommitted();
    void migrationStopsWholeOrNotAtAll();
    void secondConnectionSeesWhatWasCommitted();
};

void TestStorageFaults::garbageIsKeptBesideAFreshFile() {
    StoreFixture fixture;
    QFile f(QString::fromStdString(fixture.file().string()));
    QVERIFY(f.open(QIODevice::WriteOnly));
    f.write(QByteArray(20000, 'z'));
    f.close();
    const QByteArray before = hash_of(fixture.file());
    auto& store = fixture.open();
    QCOMPARE(fixture.report.notices.size(), 1U);
    QVERIFY(store.conversations(false)->empty());
    QVERIFY(store.create_conversation("new life", ""));
    QCOMPARE(damaged_files(fixture.folder()).size(), 1U);
    QCOMPARE(hash_of(damaged_files(fixture.folder())[0]), before);
    fixture.open();
    QVERIFY(fixture.report.notices.empty());
}

void TestStorageFaults::damagedPagesAreSalvaged() {
    StoreFixture fixture;
    fill(fixture, 20);
    overwrite(fixture.file(), static_cast<qint64>(fs::file_size(fixture.file()) / 4096 / 2) * 4096,
              QByteArray(4096, '\x7e'));
    const QByteArray before = hash_of(fixture.file());
    auto& store = fixture.open();
    QCOMPARE(fixture.report.notices.size(), 1U);
    QVERIFY(QString::fromStdString(fixture.report.notices[0]).contains("damaged"));
    QCOMPARE(hash_of(damaged_files(fixture.folder()).at(0)), before);
    QVERIFY(store.check());
    QVERIFY2(count_messages(store) >= 150, qPrintable(QString::number(count_messages(store))));
    QVERIFY(store.create_conversation("goes on", ""));
    for (const auto& entry : fs::directory_iterator(fixture.folder())) {
        QVERIFY2(entry.path().string().find("salvage") == std::string::npos, entry.path().c_str());
    }
}

void TestStorageFaults::manyRandomDamagesNeverStopTheStore() {
    StoreFixture sound;
    fill(sound, 5);
    std::mt19937 random(7);
    int noticed = 0;  // noise inside a text is no damage to SQLite
    for (int round = 0; round < 150; ++round) {
        StoreFixture fixture;
        fs::copy_file(sound.file(), fixture.file());
        const auto size = fs::file_size(fixture.file());
        for (int hit = 0; hit < 3; ++hit) {
            QByteArray noise(1 + static_cast<int>(random() % 200), '\0');
            for (char& c : noise) {
                c = static_cast<char>(random());
            }
            overwrite(fixture.file(), static_cast<qint64>(random() % (size - 256)), noise);
        }
        if (round % 5 == 0) {
            fs::resize_file(fixture.file(), random() % size);
        }
        auto& store = fixture.open();
        noticed += fixture.report.notices.empty() ? 0 : 1;
        QVERIFY(store.conversations(false).has_value());
        QVERIFY(store.create_conversation("alive", "").has_value());
    }
    QVERIFY2(noticed > 50, qPrintable(QString::number(noticed)));
}

void TestStorageFaults::soundFileIsNotMovedAside() {
    StoreFixture fixture;
    fill(fixture, 3);
    QCOMPARE(count_messages(fixture.open()), 30U);
    QVERIFY(fixture.report.notices.empty());
    QVERIFY(damaged_files(fixture.folder()).empty());
}

void TestStorageFaults::newerVersionIsReadOnlyAndUntouched() {
    StoreFixture fixture;
    fill(fixture, 1);
    {
        SQLite::Database raw(fixture.file().string(), SQLite::OPEN_READWRITE);
        raw.exec("PRAGMA user_version=999; PRAGMA wal_checkpoint(TRUNCATE);");
    }
    const QByteArray before = hash_of(fixture.file());
    auto& store = fixture.open();
    QVERIFY(fixture.report.read_only);
    QCOMPARE(fixture.report.notices.size(), 1U);
    QCOMPARE(count_messages(store), 10U);
    QCOMPARE(store.create_conversation("no", "").error().code, ErrorCode::read_only);
    QCOMPARE(store.set_setting("a", "b").error().code, ErrorCode::read_only);
    fixture.close();
    QCOMPARE(hash_of(fixture.file()), before);
}

void TestStorageFaults::readOnlyFileAndFolder() {
    StoreFixture fixture;
    fill(fixture, 1);
    const auto read = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
    fs::permissions(fixture.file(), read);
    fs::permissions(fixture.folder(),
                    read | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
    as_nobody([&] {
        auto& store = fixture.open();
        QVERIFY(fixture.report.read_only);
        QCOMPARE(fixture.report.notices.size(), 1U);
        QCOMPARE(count_messages(store), 10U);
        QCOMPARE(store.create_conversation("no", "").error().code, ErrorCode::read_only);
        QVERIFY(export_conversation(store, 1, ExportFormat::markdown).has_value());
        fixture.close();
    });
    fs::permissions(fixture.folder(), fs::perms::owner_all);
}

void TestStorageFaults::unwritableFolderIsAnErrorInWords() {
    QTemporaryDir folder;
    fs::permissions(folder.path().toStdString(), fs::perms::owner_read | fs::perms::owner_exec);
    as_nobody([&] {
        OpenReport report;
        const auto opened = ChatStore::open((folder.path() + "/deep/chats.db").toStdString(), report);
        QVERIFY(!opened);
        QCOMPARE(opened.error().code, ErrorCode::read_only);
        QVERIFY(QString::fromStdString(opened.error().message).contains("cannot be written"));
    });
    fs::permissions(folder.path().toStdString(), fs::perms::owner_all);
}

void TestStorageFaults::fullDiskLosesNothingCommitted() {
    QTemporaryDir folder;
    const std::string where = folder.path().toStdString();
    if (::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=2m") != 0) {
        QSKIP("needs the right to mount a small tmpfs");
    }
    std::vector<std::string> committed;
    ConversationId chat = 0;
    {
        OpenReport report;
        auto store = ChatStore::open(where + "/chats.db", report).value();
        chat = store->create_conversation("full", "").value().id;
        const auto reply = store->begin_reply(make_message(chat, {}, Role::assistant, "")).value();
        ErrorCode ended = ErrorCode::internal;
        for (int i = 0; i < 5000; ++i) {
            const std::string piece = std::to_string(i) + std::string(2000, 'x');
            if (auto done = store->append_reply(reply, piece); !done) {
                ended = done.error().code;
                break;
            }
            committed.push_back(piece);
        }
        QCOMPARE(ended, ErrorCode::disk_full);
        QVERIFY(committed.size() > 100);
        std::string expected;
        for (const auto& piece : committed) {
            expected += piece;
        }
        QVERIFY(store->branch(chat)->at(0).text == expected);
        // Room again: it goes on by itself.
        QCOMPARE(::mount("tmpfs", where.c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
        QVERIFY(store->append_reply(reply, "the end").has_value());
        Message done = make_message(chat, {}, Role::assistant, "");
        done.id = reply;
        QVERIFY(store->finish_reply(done).has_value());
        QVERIFY(store->branch(chat)->at(0).text == expected + "the end");
        QVERIFY(store->check().has_value());
    }
    QCOMPARE(::umount(where.c_str()), 0);
}

void TestStorageFaults::killedWriterLosesNothingCommitted() {
    for (int round = 0; round < 20; ++round) {
        StoreFixture fixture;
        fixture.open();
        fixture.close();
        int pipe[2];
        QCOMPARE(::pipe(pipe), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            OpenReport report;
            auto store = ChatStore::open(fixture.file(), report).value();
            const auto chat = store->create_conversation("c", "").value();
            const auto reply = store->begin_reply(make_message(chat.id, {}, Role::assistant, "")).value();
            for (char c = 0;; c = static_cast<char>((c + 1) % 26)) {
                const char letter = static_cast<char>('a' + c);
                if (!store->append_reply(reply, std::string(50, letter)) ||
                    ::write(pipe[1], &letter, 1) != 1) {
                    ::_exit(1);
                }
            }
        }
        ::close(pipe[1]);
        std::string acknowledged;
        char letter = 0;
        while (acknowledged.size() < 20U + static_cast<std::size_t>(round) * 7 &&
               ::read(pipe[0], &letter, 1) == 1) {
            acknowledged += letter;
        }
        QCOMPARE(::kill(child, SIGKILL), 0);
        QCOMPARE(::waitpid(child, nullptr, 0), child);
        while (::read(pipe[0], &letter, 1) == 1) {
            acknowledged += letter;
        }
        ::close(pipe[0]);
        auto& store = fixture.open();
        QCOMPARE(fixture.report.interrupted, 1U);
        const std::string text = store.branch(1)->at(0).text;
        QVERIFY(text.size() >= acknowledged.size() * 50);
        for (std::size_t i = 0; i < acknowledged.size(); ++i) {
            QCOMPARE(text[i * 50], acknowledged[i]);
        }
        QVERIFY(store.check().has_value());
    }
}

void TestStorageFaults::migrationStopsWholeOrNotAtAll() {
    StoreFixture fixture;
    fill(fixture, 1);
    SQLite::Database raw(fixture.file().string(), SQLite::OPEN_READWRITE);
    const auto newest = static_cast<int>(schemas().size());
    std::vector<const char*> broken(schemas().begin(), schemas().end());
    std::vector<const char*> good = broken;
    broken.push_back("CREATE TABLE extra(x); INSERT INTO nowhere VALUES (1);");
    good.push_back("CREATE TABLE extra(x);");
    QVERIFY(!migrate(raw, fixture.file(), broken));
    QCOMPARE(raw.execAndGet("PRAGMA user_version").getInt(), newest);
    QVERIFY(!raw.tableExists("extra"));
    const fs::path copy = fixture.file().string() + ".before-version-" + std::to_string(newest + 1);
    QVERIFY(fs::exists(copy));
    QVERIFY(migrate(raw, fixture.file(), good));
    QCOMPARE(raw.execAndGet("PRAGMA user_version").getInt(), newest + 1);
    QVERIFY(raw.tableExists("extra"));
    SQLite::Database old(copy.string());
    QCOMPARE(old.execAndGet("SELECT count(*) FROM message").getInt(), 10);
}

void TestStorageFaults::secondConnectionSeesWhatWasCommitted() {
    StoreFixture fixture;
    auto& store = fixture.open();
    SQLite::Database other(fixture.file().string());
    const auto chat = store.create_conversation("c", "").value();
    QCOMPARE(other.execAndGet("SELECT count(*) FROM conversation").getInt(), 1);
    QVERIFY(store.add_message(make_message(chat.id, {}, Role::user, "durable")));
    QCOMPARE(other.execAndGet("SELECT text FROM message").getString(), std::string("durable"));
    QCOMPARE(other.execAndGet("PRAGMA journal_mode").getString(), std::string("wal"));
}

QTEST_GUILESS_MAIN(TestStorageFaults)
#include "test_storage_faults.moc"
