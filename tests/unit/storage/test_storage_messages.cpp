// SPDX-License-Identifier: Apache-2.0
// What the store keeps: conversations, the tree of messages, the reply in progress, search, settings, export.
#include <nlohmann/json.hpp>

#include "store_fixture.h"

using namespace tendril;
using namespace tendril::storage;

class TestStorageMessages : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void keepsConversationsOverRestart();
    void treeKeepsEveryVersion();
    void refusesForeignParentsAndLeaves();
    void replyGrowsByParts();
    void appendCostsTheSameHoweverLong();
    void cutReplyBecomesInterruptedAndGoesOn();
    void failedReplyKeepsItsReason();
    void trashKeepsUntilPurged();
    void purgesLongConversations();
    void searchFindsWordsTitlesAndChinese();
    void searchIsNotFooledByOperators();
    void searchForgetsTheDeleted();
    void exportsMarkdownAndJson();
    void textSurvivesByteForByte();
    void settingsAreKept();
};

void TestStorageMessages::keepsConversationsOverRestart() {
    StoreFixture fixture;
    auto& store = fixture.open();
    QVERIFY(fixture.report.notices.empty());
    const auto first = store.create_conversation("First", "Be brief.").value();
    const auto second = store.create_conversation("Second", "").value();
    QVERIFY(store.rename(first.id, "Renamed"));
    QVERIFY(store.set_draft(first.id, "half a thou"));
    QVERIFY(store.set_model(first.id, "/models/a.gguf"));
    QVERIFY(store.add_message(make_message(first.id, {}, Role::user, "hello")));

    const auto listed = fixture.open().conversations(false).value();
    QCOMPARE(listed.size(), 2U);
    const auto again = fixture.open().conversation(first.id).value();
    QCOMPARE(again.title, std::string("Renamed"));
    QCOMPARE(again.draft, std::string("half a thou"));
    QCOMPARE(again.system_prompt, std::string("Be brief."));
    QCOMPARE(again.model_path, std::string("/models/a.gguf"));
    QVERIFY(again.leaf.has_value());
    QVERIFY(!fixture.open().conversation(second.id + 100));
    QVERIFY(!fixture.open().rename(second.id + 100, "nobody"));
}

void TestStorageMessages::treeKeepsEveryVersion() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    const auto question = store.add_message(make_message(chat.id, {}, Role::user, "q")).value();
    const auto one = store.add_message(make_message(chat.id, question, Role::assistant, "one")).value();
    const auto two = store.add_message(make_message(chat.id, question, Role::assistant, "two")).value();
    const auto edited = store.add_message(make_message(chat.id, {}, Role::user, "q, edited")).value();
    QCOMPARE(store.messages(chat.id)->size(), 4U);
    QCOMPARE(store.branch(chat.id)->size(), 1U);
    QCOMPARE(store.branch(chat.id)->at(0).id, edited);

    QVERIFY(store.set_leaf(chat.id, one));
    const auto branch = store.branch(chat.id).value();
    QCOMPARE(branch.size(), 2U);
    QCOMPARE(branch[1].text, std::string("one"));
    QVERIFY(store.set_leaf(chat.id, two));
    QCOMPARE(store.branch(chat.id)->at(1).text, std::string("two"));
    QVERIFY(store.set_leaf(chat.id, std::nullopt));
    QVERIFY(store.branch(chat.id)->empty());
}

void TestStorageMessages::refusesForeignParentsAndLeaves() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto mine = store.create_conversation("", "").value();
    const auto other = store.create_conversation("", "").value();
    const auto theirs = store.add_message(make_message(other.id, {}, Role::user, "x")).value();
    QVERIFY(!store.add_message(make_message(mine.id, theirs, Role::user, "y")));
    QVERIFY(!store.set_leaf(mine.id, theirs));
    QVERIFY(!store.add_message(make_message(mine.id + 100, {}, Role::user, "z")));
    QVERIFY(store.messages(mine.id)->empty());
    QVERIFY(store.check());
}

void TestStorageMessages::replyGrowsByParts() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    const auto question = store.add_message(make_message(chat.id, {}, Role::user, "q")).value();
    Message reply = make_message(chat.id, question, Role::assistant, "");
    reply.id = store.begin_reply(reply).value();
    QVERIFY(store.append_reply(reply.id, "Once "));
    QVERIFY(store.append_reply(reply.id, "upon"));
    QCOMPARE(store.branch(chat.id)->at(1).text, std::string("Once upon"));
    QCOMPARE(store.branch(chat.id)->at(1).status, MessageStatus::streaming);

    reply.status = MessageStatus::complete;
    reply.model_name = "model";
    reply.sampler = R"({"temperature":0.5})";
    reply.seed = 0xFFFF'FFFF'FFFF'FFFEULL;
    reply.counters = {12, 3104, 2, 80.5, 20.25};
    reply.left_out = {question};
    QVERIFY(store.finish_reply(reply));
    const Message kept = fixture.open().branch(chat.id)->at(1);
    QCOMPARE(kept.text, std::string("Once upon"));
    QCOMPARE(kept.status, MessageStatus::complete);
    QCOMPARE(kept.seed, 0xFFFF'FFFF'FFFF'FFFEULL);
    QCOMPARE(kept.counters.cached_tokens, 3104);
    QCOMPARE(kept.counters.first_token_ms, 80.5);
    QCOMPARE(kept.left_out, std::vector<std::int64_t>{question});
    QVERIFY(kept.finished.has_value());
    auto& again = fixture.open();
    QVERIFY(!again.append_reply(reply.id, "more"));  // it has ended
    QVERIFY(!again.finish_reply(reply));
    QVERIFY(again.check());
}

void TestStorageMessages::appendCostsTheSameHoweverLong() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    const auto id = store.begin_reply(make_message(chat.id, {}, Role::assistant, "")).value();
    const std::string piece(1000, 'x');
    for (int i = 0; i < 500; ++i) {
        QVERIFY(store.append_reply(id, piece));
    }
    // 500 kB written; were each append to rewrite the text, the file and its log would hold 125 MB by now.
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(fixture.folder())) {
        bytes += entry.file_size();
    }
    QVERIFY2(bytes < 20'000'000, qPrintable(QString::number(bytes)));
    QCOMPARE(store.branch(chat.id)->at(0).text.size(), 500'000U);
}

void TestStorageMessages::cutReplyBecomesInterruptedAndGoesOn() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    const auto question = store.add_message(make_message(chat.id, {}, Role::user, "q")).value();
    Message reply = make_message(chat.id, question, Role::assistant, "");
    reply.id = store.begin_reply(reply).value();
    QVERIFY(store.append_reply(reply.id, "Half "));

    auto& again = fixture.open();
    QCOMPARE(fixture.report.interrupted, 1U);
    QCOMPARE(again.branch(chat.id)->at(1).status, MessageStatus::interrupted);
    QCOMPARE(again.branch(chat.id)->at(1).text, std::string("Half "));
    QVERIFY(again.resume_reply(reply.id));
    QVERIFY(!again.resume_reply(reply.id));  // it is being written now
    QVERIFY(again.append_reply(reply.id, "and whole."));
    reply.status = MessageStatus::complete;
    QVERIFY(again.finish_reply(reply));
    QCOMPARE(again.branch(chat.id)->at(1).text, std::string("Half and whole."));
    fixture.open();
    QCOMPARE(fixture.report.interrupted, 0U);
}

void TestStorageMessages::failedReplyKeepsItsReason() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    Message reply = make_message(chat.id, {}, Role::assistant, "");
    reply.id = store.begin_reply(reply).value();
    reply.status = MessageStatus::failed;
    reply.error = "The model file has changed.";
    QVERIFY(store.finish_reply(reply));
    QCOMPARE(store.branch(chat.id)->at(0).error, reply.error);
    QCOMPARE(store.branch(chat.id)->at(0).status, MessageStatus::failed);
}

void TestStorageMessages::trashKeepsUntilPurged() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("gone?", "").value();
    QVERIFY(store.add_message(make_message(chat.id, {}, Role::user, "q")));
    QVERIFY(store.set_deleted(chat.id, true));
    QVERIFY(store.conversations(false)->empty());
    QCOMPARE(store.conversations(true)->size(), 1U);
    QVERIFY(store.purge_deleted(*store.conversation(chat.id)->deleted - 1));
    QVERIFY(store.set_deleted(chat.id, false));
    QCOMPARE(store.conversations(false)->size(), 1U);
    QCOMPARE(store.branch(chat.id)->size(), 1U);
    QVERIFY(store.set_deleted(chat.id, true));
    QVERIFY(store.purge_deleted(*store.conversation(chat.id)->deleted + 1));
    QVERIFY(store.conversations(true)->empty());
    QVERIFY(store.check());
}

void TestStorageMessages::purgesLongConversations() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("long", "").value();
    std::optional<MessageId> parent;
    for (int i = 0; i < 1500; ++i) {  // deeper than SQLite's trigger recursion
        parent = store.add_message(make_message(chat.id, parent, Role::user, "needle")).value();
    }
    QCOMPARE(store.branch(chat.id)->size(), 1500U);
    QVERIFY(store.set_deleted(chat.id, true));
    QVERIFY(store.purge_deleted(*store.conversation(chat.id)->deleted + 1));
    QVERIFY(store.check());
    QVERIFY(store.search("needle", 10)->empty());
}

void TestStorageMessages::searchFindsWordsTitlesAndChinese() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("Garden plans", "").value();
    const auto first =
        store.add_message(make_message(chat.id, {}, Role::user, "How do tomatoes grow in a café?")).value();
    const auto second =
        store.add_message(make_message(chat.id, first, Role::assistant, "今天天气很好，我们去公园。"))
            .value();
    QCOMPARE(store.search("tomat", 10)->at(0).message, first);
    QVERIFY(store.search("tomat", 10)->at(0).snippet.find("\x02tomatoes\x03") != std::string::npos);
    QCOMPARE(store.search("cafe grow", 10)->at(0).message, first);
    QCOMPARE(store.search("GARDEN", 10)->at(0).message, 0);
    QCOMPARE(store.search("天气", 10)->size(), 1U);
    QCOMPARE(store.search("天气", 10)->at(0).message, second);
    QVERIFY(store.search("天气", 10)->at(0).snippet.find("\x02天气\x03") != std::string::npos);
    QVERIFY(store.search("potato", 10)->empty());
    QVERIFY(store.search("  ", 10)->empty());
    const auto reply = store.begin_reply(make_message(chat.id, second, Role::assistant, "")).value();
    QVERIFY(store.append_reply(reply, "zebra"));
    Message done = make_message(chat.id, second, Role::assistant, "");
    done.id = reply;
    QVERIFY(store.finish_reply(done));
    QCOMPARE(store.search("zebra", 10)->size(), 1U);
}

void TestStorageMessages::searchIsNotFooledByOperators() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("", "").value();
    QVERIFY(store.add_message(make_message(chat.id, {}, Role::user, "a \"quoted\" NEAR thing 100% c++ x_y")));
    const std::vector<std::string> attempts = {"\"",
                                               "NEAR(",
                                               "a AND",
                                               "title:x",
                                               "*",
                                               "-",
                                               "^a",
                                               "quoted\" OR \"",
                                               "(((",
                                               "{",
                                               std::string("a\0b", 3)};
    for (const std::string& words : attempts) {
        QVERIFY2(store.search(words, 10).has_value(), words.c_str());
    }
    QCOMPARE(store.search("\"quoted\"", 10)->size(), 1U);
    QVERIFY(store.search("100% nothing", 10)->empty());
}

void TestStorageMessages::searchForgetsTheDeleted() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("secret plan", "").value();
    QVERIFY(store.add_message(make_message(chat.id, {}, Role::user, "unicorn")));
    QCOMPARE(store.search("unicorn", 10)->size(), 1U);
    QVERIFY(store.set_deleted(chat.id, true));
    QVERIFY(store.search("unicorn", 10)->empty());
    QVERIFY(store.search("secret", 10)->empty());
    QVERIFY(store.set_deleted(chat.id, false));
    QCOMPARE(store.search("unicorn", 10)->size(), 1U);
}

void TestStorageMessages::exportsMarkdownAndJson() {
    StoreFixture fixture;
    auto& store = fixture.open();
    const auto chat = store.create_conversation("Title", "Be kind.").value();
    const auto question = store.add_message(make_message(chat.id, {}, Role::user, "**Why?**")).value();
    Message other = make_message(chat.id, question, Role::assistant, "version one");
    QVERIFY(store.add_message(other));
    Message reply = make_message(chat.id, question, Role::assistant, "Because \xff\xfe.");
    reply.status = MessageStatus::interrupted;
    reply.model_name = "Smol";
    reply.sampler = "{broken";
    QVERIFY(store.add_message(reply));
    const std::string markdown = export_conversation(store, chat.id, ExportFormat::markdown).value();
    QCOMPARE(markdown, std::string("# Title\n\n## System\n\nBe kind.\n\n## You\n\n**Why?**\n\n## Assistant "
                                   "(Smol)\n\nBecause \xff\xfe.\n\n"
                                   "*(interrupted)*\n\n"));
    const auto json = nlohmann::json::parse(export_conversation(store, chat.id, ExportFormat::json).value());
    QCOMPARE(json["messages"].size(), 3U);  // the whole tree
    QCOMPARE(json["messages"][2]["parent"].get<MessageId>(), question);
    QCOMPARE(json["messages"][2]["status"].get<std::string>(), std::string("interrupted"));
    QVERIFY(json["messages"][2]["sampler"].is_null());
    QVERIFY(!export_conversation(store, chat.id + 1, ExportFormat::json));
}

void TestStorageMessages::textSurvivesByteForByte() {
    StoreFixture fixture;
    static constexpr char kOdd[] = "a\0b\r\n\t\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xC3\x28 end";
    const std::string odd(kOdd, sizeof kOdd - 1);
    const auto chat = fixture.open().create_conversation(odd, "").value();
    QVERIFY(fixture.open().add_message(make_message(chat.id, {}, Role::user, odd)));
    QVERIFY(fixture.open().branch(chat.id)->at(0).text == odd);
    QVERIFY(fixture.open().conversation(chat.id)->title == odd);
}

void TestStorageMessages::settingsAreKept() {
    StoreFixture fixture;
    QVERIFY(fixture.open().setting("sha256:/a")->empty());
    QVERIFY(fixture.open().set_setting("sha256:/a", "1"));
    QVERIFY(fixture.open().set_setting("sha256:/a", "2"));
    QCOMPARE(*fixture.open().setting("sha256:/a"), std::string("2"));
}

QTEST_GUILESS_MAIN(TestStorageMessages)
#include "test_storage_messages.moc"
