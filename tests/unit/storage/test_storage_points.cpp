// SPDX-License-Identifier: Apache-2.0
// Replies that grow in several points at once: appended, put together, cut, salvaged, exported. And how
// answers of a conversation are made.
#include <QFile>
#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include "store_fixture.h"

using namespace tendril;
using namespace tendril::storage;

namespace {

struct Growing {
    StoreFixture fixture;
    ConversationId chat = 0;
    Message reply;

    Growing() {
        auto& store = fixture.open();
        chat = store.create_conversation("Vines", "").value().id;
        const auto question = store.add_message(make_message(chat, {}, Role::user, "q")).value();
        reply = make_message(chat, question, Role::assistant, "");
        reply.id = store.begin_reply(reply).value();
        if (!store.begin_points(reply.id, {"**1. Roots**\n\n", "**2. Leaves**\n\n", "**3. Fruit**\n\n"},
                                R"({"mode":"skeleton"})")) {
            qFatal("no points");
        }
    }
    Message row(ChatStore& store) const { return store.branch(chat)->at(1); }
};

std::int64_t points_left(const StoreFixture& fixture) {
    SQLite::Database raw(fixture.file().string());
    return raw.execAndGet("SELECT count(*) FROM message_point").getInt64();
}

}  // namespace

class TestStoragePoints : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void pointsGrowInAnyOrder() {
        Growing g;
        auto& store = g.fixture.open();  // which closes it: opened again, the reply is cut
        QCOMPARE(g.fixture.report.interrupted, 1U);
        QCOMPARE(g.row(store).text, std::string());  // headings alone say nothing
        QVERIFY(store.resume_reply(g.reply.id));
        QVERIFY(store.begin_points(g.reply.id, {"**1. Roots**\n\n", "**2. Leaves**\n\n", "**3. Fruit**\n\n"},
                                   "{}"));
        QVERIFY(store.append_points(g.reply.id, {{2, "Sweet"}, {0, "They "}}));
        QVERIFY(store.append_points(g.reply.id, {{0, "hold. \n"}}));
        QCOMPARE(g.row(store).text, std::string("**1. Roots**\n\nThey hold.\n\n**3. Fruit**\n\nSweet"));
        QCOMPARE(g.row(store).status, MessageStatus::streaming);
        QVERIFY(!store.append_points(g.reply.id, {{0, "x"}, {3, "no such point"}}));
        QCOMPARE(g.row(store).text, std::string("**1. Roots**\n\nThey hold.\n\n**3. Fruit**\n\nSweet"));
    }

    void finishedTextReplacesThePoints() {
        Growing g;
        OpenReport report;
        SQLite::Database raw(g.fixture.file().string(), SQLite::OPEN_READWRITE);
        auto& store = g.fixture.open();
        QVERIFY(store.resume_reply(g.reply.id));
        QVERIFY(store.begin_points(g.reply.id, {"A\n\n", "B\n\n"}, "{}"));
        QVERIFY(store.append_points(g.reply.id, {{0, "one"}, {1, "two and what a guard cut off"}}));
        Message end = g.reply;
        end.status = MessageStatus::complete;
        end.text = "A\n\none\n\nB\n\ntwo";
        end.expansion = R"({"mode":"skeleton","points":[{"title":"A"}]})";
        end.counters.answer_tokens = 7;
        QVERIFY(store.finish_expanded_reply(end));
        QVERIFY(!store.finish_expanded_reply(end));
        QVERIFY(!store.append_points(g.reply.id, {{0, "late"}}));
        QVERIFY(!store.begin_points(g.reply.id, {"late"}, "{}"));
        const Message kept = g.row(g.fixture.open());
        QCOMPARE(kept.text, end.text);
        QCOMPARE(kept.expansion, end.expansion);
        QCOMPARE(kept.status, MessageStatus::complete);
        QCOMPARE(kept.counters.answer_tokens, 7);
        QCOMPARE(points_left(g.fixture), 0);
        QCOMPARE(g.fixture.open().search("guard", 5)->size(), 0U);
        QCOMPARE(g.fixture.open().search("two", 5)->size(), 1U);
        QVERIFY(g.fixture.open().check());
    }

    /// A normal answer after all: the points go, the text is appended as always, and the reason stays.
    void pointsCanBeGivenUp() {
        Growing g;
        auto& store = g.fixture.open();
        QVERIFY(store.resume_reply(g.reply.id));
        QVERIFY(store.begin_points(g.reply.id, {"A\n\n"}, "{}"));
        QVERIFY(store.append_points(g.reply.id, {{0, "alike"}}));
        QVERIFY(store.begin_points(g.reply.id, {}, R"({"mode":"normal"})"));
        QVERIFY(store.append_reply(g.reply.id, "One text."));
        Message end = g.reply;
        end.status = MessageStatus::complete;
        end.expansion = R"({"mode":"normal","reason":"overlap"})";
        QVERIFY(store.finish_reply(end));
        QCOMPARE(g.row(store).text, std::string("One text."));
        QCOMPARE(g.row(store).expansion, end.expansion);
        QCOMPARE(points_left(g.fixture), 0);
    }

    void cutPointsBecomeTheText() {
        Growing g;
        {
            // As a killed program leaves it: another connection appends and goes without closing the reply.
            auto& store = g.fixture.open();
            QVERIFY(store.resume_reply(g.reply.id));
            QVERIFY(store.begin_points(g.reply.id, {"**1. Roots**\n\n", "**2. Leaves**\n\n"},
                                       R"({"mode":"skeleton"})"));
            QVERIFY(store.append_points(g.reply.id, {{1, "Green"}, {0, "Deep"}}));
        }
        auto& again = g.fixture.open();
        QCOMPARE(g.fixture.report.interrupted, 1U);
        const Message row = g.row(again);
        QCOMPARE(row.status, MessageStatus::interrupted);
        QCOMPARE(row.text, std::string("**1. Roots**\n\nDeep\n\n**2. Leaves**\n\nGreen"));
        QCOMPARE(row.expansion, std::string(R"({"mode":"skeleton"})"));
        QCOMPARE(points_left(g.fixture), 0);
        QVERIFY(again.resume_reply(row.id));  // and goes on as any other
        QVERIFY(again.append_reply(row.id, " and wide."));
        Message end = row;
        end.status = MessageStatus::complete;
        QVERIFY(again.finish_reply(end));
        QCOMPARE(g.row(again).text, row.text + " and wide.");
    }

    void growingPointsAreReadBesideTheWriter() {
        Growing g;
        auto& store = g.fixture.open();
        QVERIFY(store.resume_reply(g.reply.id));
        QVERIFY(store.begin_points(g.reply.id, {"A\n\n", "B\n\n"}, "{}"));
        QVERIFY(store.append_points(g.reply.id, {{1, "two"}}));
        OpenReport report;
        const auto reader = ChatStore::open_read_only(g.fixture.file(), report);
        QCOMPARE(g.row(**reader).text, std::string("B\n\ntwo"));
        QVERIFY(!(*reader)->append_points(g.reply.id, {{1, "x"}}));
        QVERIFY(!(*reader)->begin_points(g.reply.id, {}, ""));
        QVERIFY(!(*reader)->finish_expanded_reply(g.reply));
        QVERIFY(!(*reader)->set_answer_mode(g.chat, AnswerMode::never));
    }

    void growingPointsAreSalvaged() {
        Growing g;
        {
            auto& store = g.fixture.open();
            for (int i = 0; i < 300; ++i) {  // pages to damage
                QVERIFY(store.add_message(make_message(g.chat, {}, Role::user, std::string(900, 'a'))));
            }
            QVERIFY(store.resume_reply(g.reply.id));
            QVERIFY(store.begin_points(g.reply.id, {"A\n\n", "B\n\n"}, R"({"mode":"skeleton"})"));
            QVERIFY(store.append_points(g.reply.id, {{0, "one"}, {1, "two"}}));
            QVERIFY(store.set_answer_mode(g.chat, AnswerMode::always));
        }
        g.fixture.close();
        {
            SQLite::Database raw(g.fixture.file().string(), SQLite::OPEN_READWRITE);
            raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        QFile f(QString::fromStdString(g.fixture.file().string()));
        QVERIFY(f.open(QIODevice::ReadWrite) && f.seek(f.size() / 4096 / 2 * 4096));
        f.write(QByteArray(4096, '\x7e'));
        f.close();
        auto& store = g.fixture.open();
        QCOMPARE(g.fixture.report.notices.size(), 1U);
        const auto rows = store.messages(g.chat).value();
        const auto it =
            std::find_if(rows.begin(), rows.end(), [&](const auto& m) { return m.id == g.reply.id; });
        QVERIFY(it != rows.end());
        QCOMPARE(it->text, std::string("A\n\none\n\nB\n\ntwo"));
        QCOMPARE(it->expansion, std::string(R"({"mode":"skeleton"})"));
        QCOMPARE(it->status, MessageStatus::interrupted);
        QCOMPARE(store.conversation(g.chat)->answer_mode, AnswerMode::always);
        QVERIFY(store.check());
    }

    void answerModeIsKept() {
        StoreFixture fixture;
        auto* store = &fixture.open();
        const auto id = store->create_conversation("", "").value().id;
        QCOMPARE(store->conversation(id)->answer_mode, AnswerMode::automatic);
        for (const AnswerMode mode : {AnswerMode::never, AnswerMode::always, AnswerMode::automatic}) {
            QVERIFY(store->set_answer_mode(id, mode));
            store = &fixture.open();
            QCOMPARE(store->conversation(id)->answer_mode, mode);
        }
        QVERIFY(!store->set_answer_mode(id + 100, AnswerMode::never));
    }

    void exportCarriesHowAnAnswerCameAbout() {
        Growing g;
        auto& store = g.fixture.open();
        QVERIFY(store.resume_reply(g.reply.id));
        Message end = g.reply;
        end.status = MessageStatus::complete;
        end.text = "A\n\none";
        end.expansion = R"({"mode":"skeleton","points":[{"title":"A"}]})";
        QVERIFY(store.finish_expanded_reply(end));
        QVERIFY(store.set_answer_mode(g.chat, AnswerMode::always));
        const auto json =
            nlohmann::json::parse(export_conversation(store, g.chat, ExportFormat::json).value());
        QCOMPARE(json["answer_mode"].get<std::string>(), std::string("always"));
        QVERIFY(!json["messages"][0].contains("expansion"));
        QCOMPARE(json["messages"][1]["expansion"]["points"][0]["title"].get<std::string>(), std::string("A"));
        QCOMPARE(json["messages"][1]["text"].get<std::string>(), end.text);
        end.expansion = "{broken";
        QVERIFY(store.resume_reply(g.reply.id));
        QVERIFY(store.finish_expanded_reply(end));
        const auto broken =
            nlohmann::json::parse(export_conversation(store, g.chat, ExportFormat::json).value());
        QVERIFY(!broken["messages"][1].contains("expansion"));
    }
};

QTEST_GUILESS_MAIN(TestStoragePoints)
#include "test_storage_points.moc"
