// SPDX-License-Identifier: Apache-2.0
// Databases of earlier versions: brought up to date with everything in them, read where they cannot be
// written, salvaged where they are damaged. And what version 2 added.
#include <unistd.h>

#include <QFile>
#include <SQLiteCpp/SQLiteCpp.h>

#include "storage/migrations.h"
#include "store_fixture.h"

using namespace tendril;
using namespace tendril::storage;
namespace fs = std::filesystem;

namespace {

/// A database as version 1 of the program left it: one named chat with two messages, one without a name, one
/// in the trash.
void make_version_1(const fs::path& file, int more = 0) {
    SQLite::Database raw(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    raw.exec("PRAGMA journal_mode=WAL");
    raw.exec(schemas()[0]);
    raw.exec("PRAGMA user_version=1");
    raw.exec(
        "INSERT INTO conversation(id, title, created, updated, draft, system_prompt) "
        "VALUES (1, 'Vines', 10, 20, 'half a', 'Be brief.'), (2, '', 11, 21, '', ''), (3, 'Gone', 12, 22, "
        "'', '');"
        "UPDATE conversation SET deleted=30 WHERE id=3;"
        "INSERT INTO message(id, conversation, parent, role, status, text, created) "
        "VALUES (1, 1, NULL, 1, 0, 'What is a vine?', 10), (2, 1, 1, 2, 0, 'A climbing plant.', 11);"
        "UPDATE conversation SET leaf=2 WHERE id=1;");
    for (int i = 0; i < more; ++i) {
        SQLite::Statement insert(raw,
                                 "INSERT INTO message(conversation, parent, role, status, text, created) "
                                 "VALUES (1, 1, 2, 0, ?, 12)");
        insert.bind(1, std::string(500, static_cast<char>('a' + i % 26)));
        insert.exec();
    }
}

/// The same of version 2: the first chat is private and named by the model; an answer was being written.
void make_version_2(const fs::path& file) {
    make_version_1(file, 400);
    SQLite::Database raw(file.string(), SQLite::OPEN_READWRITE);
    raw.exec(schemas()[1]);
    raw.exec("PRAGMA user_version=2");
    raw.exec(
        "UPDATE conversation SET private=1, titled_by=1 WHERE id=1;"
        "INSERT INTO message(id, conversation, role, status, text, created) VALUES (900, 2, 2, 1, 'half ', "
        "11);"
        "INSERT INTO reply_part(message, sequence, text) VALUES (900, 1, 'an answer');");
}

/// The same of version 3: the second chat's answers always grow in points, one of them did.
void make_version_3(const fs::path& file) {
    make_version_2(file);
    SQLite::Database raw(file.string(), SQLite::OPEN_READWRITE);
    raw.exec(schemas()[2]);
    raw.exec("PRAGMA user_version=3");
    raw.exec(
        "UPDATE conversation SET answer_mode=1 WHERE id=2;"
        "UPDATE message SET expansion='{\"mode\":\"skeleton\"}' WHERE id=2;"
        "INSERT INTO message_point(message, point, heading, text) VALUES (900, 0, ' in points: ', 'one');");
}

/// One page in the middle becomes nonsense.
void damage(const fs::path& file) {
    {
        SQLite::Database raw(file.string(), SQLite::OPEN_READWRITE);
        raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    QFile f(QString::fromStdString(file.string()));
    if (!f.open(QIODevice::ReadWrite) || !f.seek(f.size() / 4096 / 2 * 4096)) {
        qFatal("the file cannot be damaged");
    }
    f.write(QByteArray(4096, '\x7e'));
}

}  // namespace

class TestStorageVersions : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void version1IsBroughtUpToDate() {
        StoreFixture fixture;
        make_version_1(fixture.file());
        auto& store = fixture.open();
        QVERIFY(fixture.report.notices.empty());
        const auto vines = store.conversation(1).value();
        QCOMPARE(vines.title, std::string("Vines"));
        QCOMPARE(vines.draft, std::string("half a"));
        QCOMPARE(vines.system_prompt, std::string("Be brief."));
        QVERIFY(!vines.is_private);
        QCOMPARE(vines.answer_mode, AnswerMode::automatic);
        QCOMPARE(store.branch(1)->at(1).expansion, std::string());
        QCOMPARE(vines.titled_by, TitledBy::person);  // it may be one: never replaced by itself
        QCOMPARE(store.conversation(2)->titled_by, TitledBy::first_words);
        QCOMPARE(store.branch(1)->size(), 2U);
        QCOMPARE(store.branch(1)->at(1).text, std::string("A climbing plant."));
        QCOMPARE(store.search("climbing", 5)->size(), 1U);
        QVERIFY(store.check());
        SQLite::Database kept(fixture.file().string() + ".before-version-4");
        QCOMPARE(kept.execAndGet("PRAGMA user_version").getInt(), 1);
        QCOMPARE(kept.execAndGet("SELECT count(*) FROM message").getInt(), 2);
    }

    void version1CanBeReadWhereItCannotBeWritten() {
        StoreFixture fixture;
        make_version_1(fixture.file());
        OpenReport report;
        const auto store = ChatStore::open_read_only(fixture.file(), report);
        QVERIFY2(store.has_value(), store ? "" : store.error().detail.c_str());
        QCOMPARE((*store)->conversations(false)->size(), 2U);
        const auto vines = (*store)->conversation(1);
        QVERIFY2(vines.has_value(), vines ? "" : vines.error().detail.c_str());
        QVERIFY(!vines->is_private);
        QCOMPARE(vines->titled_by, TitledBy::person);
        QCOMPARE((*store)->conversation(2)->titled_by, TitledBy::first_words);
        QCOMPARE((*store)->branch(1)->size(), 2U);
        QVERIFY(export_conversation(**store, 1, ExportFormat::json).has_value());
        SQLite::Database raw(fixture.file().string());
        QCOMPARE(raw.execAndGet("PRAGMA user_version").getInt(), 1);  // and it is left as it was
    }

    void version2IsBroughtUpToDate() {
        StoreFixture fixture;
        make_version_2(fixture.file());
        {
            OpenReport report;
            const auto reader = ChatStore::open_read_only(fixture.file(), report);
            QCOMPARE((*reader)->conversation(1)->titled_by, TitledBy::model);
            QCOMPARE((*reader)->conversation(1)->answer_mode, AnswerMode::automatic);
            QCOMPARE((*reader)->branch(1)->at(1).text, std::string("A climbing plant."));
            QCOMPARE((*reader)->messages(2)->at(0).text, std::string("half an answer"));  // it is growing
        }
        auto& store = fixture.open();
        QCOMPARE(fixture.report.interrupted, 1U);
        const auto vines = store.conversation(1).value();
        QVERIFY(vines.is_private);
        QCOMPARE(vines.titled_by, TitledBy::model);
        QCOMPARE(vines.answer_mode, AnswerMode::automatic);
        QCOMPARE(store.branch(1)->at(1).text, std::string("A climbing plant."));
        QCOMPARE(store.messages(2)->at(0).text, std::string("half an answer"));
        QVERIFY(store.set_answer_mode(1, AnswerMode::never));
        QVERIFY(store.check());
        SQLite::Database kept(fixture.file().string() + ".before-version-4");
        QCOMPARE(kept.execAndGet("PRAGMA user_version").getInt(), 2);
    }

    void version3IsBroughtUpToDate() {
        StoreFixture fixture;
        make_version_3(fixture.file());
        {
            OpenReport report;
            const auto reader = ChatStore::open_read_only(fixture.file(), report);
            QCOMPARE((*reader)->branch(1)->at(1).expansion, std::string("{\"mode\":\"skeleton\"}"));
            QCOMPARE((*reader)->branch(1)->at(1).memory, MessageMemory::normal);
            QVERIFY((*reader)->documents(1)->empty());
            QVERIFY((*reader)->attachments(1)->empty());
            QVERIFY((*reader)->representations(1)->empty());
            QVERIFY(!(*reader)->document(1));
            QVERIFY(export_conversation(**reader, 1, ExportFormat::json).has_value());
        }
        auto& store = fixture.open();
        QCOMPARE(store.conversation(2)->answer_mode, AnswerMode::always);
        QCOMPARE(store.branch(1)->at(1).expansion, std::string("{\"mode\":\"skeleton\"}"));
        QCOMPARE(store.branch(1)->at(1).memory, MessageMemory::normal);
        QCOMPARE(store.branch(1)->at(1).context, std::string());
        QCOMPARE(store.messages(2)->at(0).text, std::string("half an answer in points: one"));
        QVERIFY(store.set_memory(2, MessageMemory::pinned));
        QCOMPARE(store.branch(1)->at(1).memory, MessageMemory::pinned);
        QVERIFY(store.check());
        SQLite::Database kept(fixture.file().string() + ".before-version-4");
        QCOMPARE(kept.execAndGet("PRAGMA user_version").getInt(), 3);
    }

    void damagedVersion3IsSalvaged() {
        StoreFixture fixture;
        make_version_3(fixture.file());
        damage(fixture.file());
        auto& store = fixture.open();
        QCOMPARE(fixture.report.notices.size(), 1U);
        QCOMPARE(store.conversation(2)->answer_mode, AnswerMode::always);
        QVERIFY(store.messages(1)->size() > 200);
        QVERIFY(store.check());
    }

    void damagedVersion2IsSalvaged() {
        StoreFixture fixture;
        make_version_2(fixture.file());
        damage(fixture.file());
        auto& store = fixture.open();
        QCOMPARE(fixture.report.notices.size(), 1U);
        QCOMPARE(store.conversation(1)->titled_by, TitledBy::model);
        QVERIFY(store.messages(1)->size() > 200);
        QVERIFY(store.check());
    }

    void damagedVersion1IsSalvaged() {
        StoreFixture fixture;
        make_version_1(fixture.file(), 400);
        damage(fixture.file());
        auto& store = fixture.open();
        QCOMPARE(fixture.report.notices.size(), 1U);
        const auto vines = store.conversation(1);
        QVERIFY2(vines.has_value(), "the conversation was lost");
        QCOMPARE(vines->title, std::string("Vines"));
        QCOMPARE(vines->titled_by, TitledBy::person);
        QVERIFY(store.messages(1)->size() > 200);
        QVERIFY(store.check());
    }

    void privacyAndTheTitlesAuthorAreKept() {
        StoreFixture fixture;
        auto* store = &fixture.open();
        const auto id = store->create_conversation("", "").value().id;
        QVERIFY(!store->conversation(id)->is_private);
        QVERIFY(store->set_private(id, true));
        QVERIFY(store->rename(id, "What is", TitledBy::first_words));
        store = &fixture.open();
        QVERIFY(store->conversation(id)->is_private);
        QCOMPARE(store->conversation(id)->titled_by, TitledBy::first_words);
        QVERIFY(store->rename(id, "Vines", TitledBy::model));
        QCOMPARE(store->conversation(id)->titled_by, TitledBy::model);
        QVERIFY(store->rename(id, "My vines"));
        QCOMPARE(store->conversation(id)->titled_by, TitledBy::person);
        QVERIFY(store->set_private(id, false));
        QVERIFY(!store->conversations(false)->at(0).is_private);
        QVERIFY(!store->set_private(id + 100, true));
        QVERIFY(QByteArray::fromStdString(*export_conversation(*store, id, ExportFormat::json))
                    .contains("\"private\": false"));
    }

    void emptyingTheTrashSaysWhatIsGone() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const auto kept = store.create_conversation("kept", "").value().id;
        const auto gone = store.create_conversation("gone", "").value().id;
        QVERIFY(store.set_deleted(gone, true));
        const auto when = *store.conversation(gone)->deleted;
        QVERIFY(store.purge_deleted(when)->empty());
        QCOMPARE(*store.purge_deleted(when + 1), std::vector<ConversationId>{gone});
        QVERIFY(store.conversation(kept).has_value());
        QVERIFY(!store.conversation(gone).has_value());
    }
};

QTEST_GUILESS_MAIN(TestStorageVersions)
#include "test_storage_versions.moc"
