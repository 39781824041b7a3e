// SPDX-License-Identifier: Apache-2.0
// Documents in the store: kept with the draft and with messages, found by their words, carried by exports,
// backups and salvage, gone with their conversation.
#include <QFile>
#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include "store_fixture.h"

using namespace tendril;
using namespace tendril::storage;
namespace fs = std::filesystem;

namespace {

Document make_document(ConversationId conversation, std::string name, std::string text) {
    Document d;
    d.conversation = conversation;
    d.name = std::move(name);
    d.kind = DocumentKind::markdown;
    d.file_bytes = 1234;
    d.text = std::move(text);
    d.text_hash = std::string("\x01\x00\xff", 3);
    return d;
}

int rows(const fs::path& file, const std::string& table) {
    SQLite::Database raw(file.string());
    return raw.execAndGet("SELECT count(*) FROM " + table).getInt();
}

struct Chat {
    ConversationId id;
    DocumentId report, notes;
};

/// A conversation with two documents on the draft, the first searched and in chunks.
Chat make_chat(ChatStore& store) {
    Chat chat{};
    chat.id = store.create_conversation("Vines", "").value().id;
    chat.report = store
                      .add_document(make_document(chat.id, "report.md", "Hops climb.\n\nIvy clings."),
                                    AttachmentChoice::searched)
                      .value();
    chat.notes =
        store.add_document(make_document(chat.id, "notes.txt", "Grapes."), AttachmentChoice::whole).value();
    if (!store.set_chunks(chat.report, {{0, 13, "Hops climb."}, {13, 24, "Ivy clings."}})) {
        qFatal("no chunks");
    }
    return chat;
}

}  // namespace

class TestStorageDocuments : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void aDraftKeepsItsDocuments() {
        StoreFixture fixture;
        const Chat chat = make_chat(fixture.open());
        auto& store = fixture.open();
        const auto documents = store.documents(chat.id).value();
        QCOMPARE(documents.size(), 2U);
        QCOMPARE(documents[0].name, std::string("report.md"));
        QCOMPARE(documents[0].text, std::string());
        QCOMPARE(documents[0].text_bytes, 24);
        QCOMPARE(documents[0].text_hash, std::string("\x01\x00\xff", 3));
        QCOMPARE(store.document(chat.notes)->text, std::string("Grapes."));
        QCOMPARE(store.document(chat.notes)->kind, DocumentKind::markdown);
        QVERIFY(!store.document(chat.notes + 1));
        auto attached = store.attachments(chat.id).value();
        QCOMPARE(attached.size(), 2U);
        QCOMPARE(attached[0].document, chat.report);
        QCOMPARE(attached[0].choice, AttachmentChoice::searched);
        QVERIFY(!attached[0].message);
        QVERIFY(store.set_choice(chat.report, std::nullopt, AttachmentChoice::compressed));
        QVERIFY(!store.set_choice(chat.report, 7, AttachmentChoice::compressed));
        QCOMPARE(store.attachments(chat.id)->at(0).choice, AttachmentChoice::compressed);
        QVERIFY(store.remove_from_draft(chat.report));
        QVERIFY(!store.remove_from_draft(chat.report));
        QCOMPARE(store.documents(chat.id)->size(), 1U);
        QCOMPARE(rows(fixture.file(), "document_chunk"), 0);
        QVERIFY(store.check());
    }

    void sendingMovesThemToTheMessage() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        const auto question = make_message(chat.id, std::nullopt, Role::user, "What climbs?");
        const auto sent = store.add_message(question, {{chat.report, {}, AttachmentChoice::searched},
                                                       {chat.notes, {}, AttachmentChoice::whole}});
        QVERIFY(sent.has_value());
        auto attached = store.attachments(chat.id).value();
        QCOMPARE(attached.size(), 2U);
        QCOMPARE(attached[0].message, sent.value());
        QCOMPARE(attached[1].document, chat.notes);
        // an edited version attaches the same again; the draft's go only with the message
        QVERIFY(store.attach_to_draft(chat.notes, AttachmentChoice::compressed));
        QVERIFY(store.attach_to_draft(chat.notes, AttachmentChoice::searched));
        QCOMPARE(store.attachments(chat.id)->size(), 3U);
        const auto edited = store.add_message(question, {{chat.notes, {}, AttachmentChoice::searched}});
        QCOMPARE(store.attachments(chat.id)->size(), 3U);
        QCOMPARE(store.attachments(chat.id)->back().message, edited.value());
        QVERIFY(store.attach_to_draft(chat.notes, AttachmentChoice::whole));
        QVERIFY(store.remove_from_draft(chat.notes));
        QVERIFY(store.document(chat.notes).has_value());  // two messages have it
        QVERIFY(store.check());
    }

    void aMessageThatCannotBeSentLeavesTheDraft() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        const auto question = make_message(chat.id, std::nullopt, Role::user, "What climbs?");
        QVERIFY(!store.add_message(question, {{chat.report, {}, AttachmentChoice::whole},
                                              {chat.notes + 5, {}, AttachmentChoice::whole}}));
        QVERIFY(store.messages(chat.id)->empty());
        QCOMPARE(store.attachments(chat.id)->size(), 2U);
        QVERIFY(!store.attachments(chat.id)->at(0).message);
    }

    void chunksAreFoundByTheirWords() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        QVERIFY(store.set_chunks(chat.notes, {{0, 7, "葡 萄 grapes climb"}}));
        QCOMPARE(store.chunks(chat.report)->size(), 2U);
        QCOMPARE(store.chunks(chat.report)->at(1).end_byte, 24);
        auto found = store.search_chunks({chat.report}, {"climbing"}).value();
        QCOMPARE(found.matches.size(), 1U);
        QCOMPARE(found.matches[0].chunk, 0U);
        QCOMPARE(found.matches[0].bytes, 13);
        QCOMPARE(found.matches[0].counts, std::vector<std::uint32_t>{1});
        QCOMPARE(found.chunks, 2U);  // of these documents, not of all
        QCOMPARE(found.bytes, 24);
        found = store.search_chunks({chat.report, chat.notes}, {"climb", "ivy"}).value();
        QCOMPARE(found.matches.size(), 3U);
        QCOMPARE(found.matches[1].counts, (std::vector<std::uint32_t>{0, 1}));
        QCOMPARE(found.matches[2].counts, (std::vector<std::uint32_t>{1, 0}));
        QCOMPARE(found.chunks, 3U);
        const auto count = [&](const std::string& phrase) {
            return store.search_chunks({chat.notes}, {phrase})->matches.size();
        };
        QCOMPARE(count("葡 萄"), 1U);
        QCOMPARE(count("萄 葡"), 0U);
        QCOMPARE(store.search_chunks({chat.notes}, {})->matches.size(), 0U);
        // what FTS5 would read as syntax is text
        QVERIFY(store.search_chunks({chat.notes}, {"\" OR words:* NEAR(", std::string("a\0b", 3), "*"}));
        QVERIFY(store.set_chunks(chat.notes, {{0, 7, "nothing, and nothing more"}}));
        QCOMPARE(count("grapes"), 0U);
        QCOMPARE(store.search_chunks({chat.notes}, {"nothing"})->matches[0].counts,
                 std::vector<std::uint32_t>{2});
        QVERIFY(store.add_chunks(chat.notes, 1, {{7, 9, "a"}, {9, 12, "grapes"}}));
        QCOMPARE(store.chunks(chat.notes)->size(), 3U);
        QCOMPARE(store.search_chunks({chat.notes}, {"grapes"})->matches[0].chunk, 2U);
        QVERIFY(!store.add_chunks(chat.notes, 2, {{9, 12, "twice"}}));
        QVERIFY(!store.add_chunks(chat.notes + 5, 0, {{0, 1, "of no document"}}));
        QVERIFY(store.check());
    }

    void embeddingsBelongToChunksAndModels() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        QVERIFY(store.set_chunk_vectors(chat.report, "a", {{1, {0.5F, -1.0F}}, {0, {1.0F}}, {9, {3.0F}}}));
        const auto vectors = store.chunk_vectors(chat.report, "a").value();
        QCOMPARE(vectors.size(), 2U);
        QCOMPARE(vectors[1].vector, (std::vector<float>{0.5F, -1.0F}));
        QVERIFY(store.chunk_vectors(chat.report, "b")->empty());
        QCOMPARE(store.chunks_with_vector(chat.report, "a").value(), (std::vector<std::uint32_t>{0, 1}));
        QVERIFY(store.chunks_with_vector(chat.report, "b")->empty());
        QVERIFY(store.set_chunks(chat.report, {{0, 24, "all"}}));
        QVERIFY(store.chunk_vectors(chat.report, "a")->empty());
    }

    void theyGoWithTheirConversation() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        const Chat other = make_chat(store);
        QVERIFY(store.set_chunk_vectors(chat.report, "a", {{1, {0.5F}}}));
        const auto question = make_message(chat.id, std::nullopt, Role::user, "What climbs?");
        const auto sent =
            store.add_message(question, {{chat.report, {}, AttachmentChoice::searched}}).value();
        Representation summary;
        summary.conversation = chat.id;
        summary.first_message = summary.last_message = sent;
        summary.form = RepresentationForm::summary;
        QVERIFY(store.add_representation(summary).has_value());
        QVERIFY(store.set_deleted(chat.id, true));
        QCOMPARE(store.documents(chat.id)->size(), 2U);  // in the trash they stay
        QCOMPARE(store.purge_deleted(*store.conversation(chat.id)->deleted + 1)->size(), 1U);
        fixture.close();
        QCOMPARE(rows(fixture.file(), "document"), 2);
        QCOMPARE(rows(fixture.file(), "attachment"), 2);
        QCOMPARE(rows(fixture.file(), "representation"), 0);
        QCOMPARE(rows(fixture.file(), "document_chunk"), 2);
        QCOMPARE(rows(fixture.file(), "chunk_search"), 2);
        QCOMPARE(rows(fixture.file(), "chunk_embedding"), 0);
        auto& again = fixture.open();
        QCOMPARE(again.search_chunks({chat.report, other.report}, {"hops"})->matches.size(), 1U);
        QVERIFY(again.check());
    }

    void representationsAreKept() {
        StoreFixture fixture;
        auto* store = &fixture.open();
        const Chat chat = make_chat(*store);
        Representation r;
        r.conversation = chat.id;
        r.document = chat.report;
        r.method = "selective";
        r.rate = 0.5;
        r.scorer = "small";
        r.text = "Hops Ivy.";
        r.tokens_before = 10;
        r.tokens_after = 5;
        const auto id = store->add_representation(r).value();
        Representation neither;
        neither.conversation = chat.id;
        QVERIFY(!store->add_representation(neither));
        QVERIFY(store->set_undone(id, true));
        QVERIFY(!store->set_undone(id + 1, true));
        store = &fixture.open();
        const auto kept = store->representations(chat.id).value();
        QCOMPARE(kept.size(), 1U);
        QCOMPARE(kept[0].text, r.text);
        QCOMPARE(kept[0].rate, 0.5);
        QCOMPARE(kept[0].document, r.document);
        QVERIFY(kept[0].undone && !kept[0].first_message);
    }

    void exportsAndBackupsCarryThem() {
        StoreFixture fixture;
        auto& store = fixture.open();
        const Chat chat = make_chat(store);
        auto question = make_message(chat.id, std::nullopt, Role::user, "What climbs?");
        question.memory = MessageMemory::pinned;
        question.context = R"({"chunks":[1]})";
        QVERIFY(store.add_message(question, {{chat.report, {}, AttachmentChoice::searched},
                                             {chat.notes, {}, AttachmentChoice::whole}}));
        const auto markdown = export_conversation(store, chat.id, ExportFormat::markdown).value();
        QVERIFY2(markdown.find("Attached: `report.md` (searched), `notes.txt`\n\nWhat climbs?") !=
                     std::string::npos,
                 markdown.c_str());
        const auto json =
            nlohmann::json::parse(export_conversation(store, chat.id, ExportFormat::json).value());
        QCOMPARE(json["documents"].size(), 2U);
        QCOMPARE(json["documents"][1]["text"].get<std::string>(), std::string("Grapes."));
        QCOMPARE(json["messages"][0]["documents"][0]["choice"].get<std::string>(), std::string("searched"));
        QCOMPARE(json["messages"][0]["memory"].get<std::string>(), std::string("pinned"));
        QCOMPARE(json["messages"][0]["context"]["chunks"][0].get<int>(), 1);
        const auto copy = fixture.folder() / "copy.db";
        QVERIFY(store.backup(copy));
        OpenReport report;
        const auto reader = ChatStore::open_read_only(copy, report).value();
        QCOMPARE(reader->document(chat.report)->text, std::string("Hops climb.\n\nIvy clings."));
        QCOMPARE(reader->search_chunks({chat.report}, {"ivy"})->matches.size(), 1U);
    }

    void damagedOnesAreSalvaged() {
        StoreFixture fixture;
        auto* store = &fixture.open();
        const Chat chat = make_chat(*store);
        const auto question = make_message(chat.id, std::nullopt, Role::user, "What climbs?");
        const auto sent =
            store->add_message(question, {{chat.report, {}, AttachmentChoice::searched}}).value();
        Representation r;
        r.conversation = chat.id;
        r.document = chat.report;
        r.text = "Hops Ivy.";
        QVERIFY(store->add_representation(r).has_value());
        auto filler = make_message(chat.id, sent, Role::user, std::string(3000, 'x'));
        for (int i = 0; i < 100; ++i) {
            QVERIFY(store->add_message(filler).has_value());
        }
        fixture.close();
        {
            SQLite::Database raw(fixture.file().string(), SQLite::OPEN_READWRITE);
            raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        QFile f(QString::fromStdString(fixture.file().string()));
        QVERIFY(f.open(QIODevice::ReadWrite) && f.seek(f.size() / 4096 / 2 * 4096));
        f.write(QByteArray(4096, '\x7e'));
        f.close();
        store = &fixture.open();
        QCOMPARE(fixture.report.notices.size(), 1U);
        QCOMPARE(store->document(chat.report)->text, std::string("Hops climb.\n\nIvy clings."));
        QCOMPARE(store->document(chat.report)->text_hash, std::string("\x01\x00\xff", 3));
        const auto attached = store->attachments(chat.id).value();
        QCOMPARE(attached.size(), 2U);
        QVERIFY(!attached[0].message);
        QCOMPARE(attached[1].message, std::optional<MessageId>(sent));
        QCOMPARE(store->representations(chat.id)->size(), 1U);
        QVERIFY(store->chunks(chat.report)->empty());  // made again when they are needed
        QVERIFY(store->check());
    }
};

QTEST_GUILESS_MAIN(TestStorageDocuments)
#include "test_storage_documents.moc"
