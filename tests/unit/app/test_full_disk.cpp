// SPDX-License-Identifier: Apache-2.0
// The journal's timing, and what happens when the disk takes nothing: the text stays, is shown, and is
// written when there is room again.
#include <QTest>

#include "app/write_queue.h"
#include "tests/unit/app/failing_store.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using namespace std::chrono_literals;
using storage::MessageStatus;

class TestFullDisk : public QObject {
    Q_OBJECT

    StoreControl control_;

    void use(WorkerFixture& f) {
        control_.full = false;
        control_.read_only = false;
        control_.appends.clear();
        f.opener = [this](const std::filesystem::path& file,
                          storage::OpenReport& report) -> Result<std::unique_ptr<storage::ChatStore>> {
            auto real = storage::ChatStore::open(file, report);
            if (!real) {
                return fail(real.error());
            }
            return std::make_unique<FailingStore>(std::move(*real), control_);
        };
    }
    /// A reply that is begun in a store that can fail.
    struct Begun {
        QTemporaryDir folder;
        std::unique_ptr<storage::ChatStore> store;
        storage::Message message;
    };
    std::unique_ptr<Begun> begin() {
        auto begun = std::make_unique<Begun>();
        WorkerFixture f;
        use(f);
        storage::OpenReport report;
        begun->store =
            f.opener(std::filesystem::path(begun->folder.path().toStdString()) / "j.db", report).value();
        begun->message.conversation = begun->store->create_conversation("", "").value().id;
        begun->message.role = storage::Role::assistant;
        begun->message.id = begun->store->begin_reply(begun->message).value();
        return begun;
    }

  private Q_SLOTS:
    void journalWritesWithinItsInterval() {
        const auto b = begin();
        app::ReplyJournal journal(*b->store, b->message.id, [](const Error&) {});
        const auto start = app::Clock::now();
        QVERIFY(!journal.due());
        journal.add("One ", start);
        QVERIFY(journal.due() && *journal.due() - start < 250ms);  // and the disk has what is left of 250 ms
        journal.add("two", start + 100ms);
        QCOMPARE(*journal.due(), start + app::kJournalInterval);  // counted from the oldest text that waits
        journal.write_due(start + app::kJournalInterval - 1ms);
        QCOMPARE(control_.appends.size(), 0U);
        journal.write_due(start + app::kJournalInterval);
        QCOMPARE(control_.appends.size(), 1U);
        QCOMPARE(control_.appends.front().second, std::string("One two"));
        QVERIFY(!journal.due());
    }

    void journalTriesAgain() {
        const auto b = begin();
        int reports = 0;
        app::ReplyJournal journal(*b->store, b->message.id, [&](const Error&) { ++reports; });
        const auto start = app::Clock::now();
        control_.full = true;
        journal.add("Text", start);
        journal.write_due(start + 1s);
        journal.write_due(*journal.due());
        QCOMPARE(reports, 1);  // said once
        b->message.status = MessageStatus::complete;
        journal.finish(b->message, start + 4s);
        QVERIFY(!journal.closed());
        control_.full = false;
        journal.write_due(start + 4s);  // not before it is due
        QVERIFY(!journal.closed());
        journal.write_due(*journal.due());
        QVERIFY(journal.closed());
        const auto row = b->store->messages(b->message.conversation).value().at(0);
        QCOMPARE(row.text, std::string("Text"));
        QCOMPARE(row.status, MessageStatus::complete);
    }

    void shownTextIsOnTheDiskSoonAfter() {
        WorkerFixture f;
        use(f);
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Words");
        f.events.wait<app::ReplyText>();
        const auto shown = std::chrono::steady_clock::now();
        QTRY_VERIFY_WITH_TIMEOUT(
            [this] {
                const std::lock_guard lock(control_.mutex);
                return !control_.appends.empty();
            }(),
            10000);
        // The promise is 250 ms; the machine that runs this may be busy with others.
        QVERIFY(control_.appends.front().first - shown < 1s);
        QCOMPARE(f.second_connection()->messages(1).value().at(1).text, std::string("Words"));
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
    }

    void questionWaitsForRoom() {
        WorkerFixture f;
        use(f);
        f.start();
        control_.full = true;
        f.worker->send("Important question");
        QVERIFY(QString::fromStdString(f.events.wait<app::Notice>().text).contains("full"));
        const auto unsaved = f.events.wait<app::MessageAdded>();
        QCOMPARE(unsaved.message.message.text, std::string("Important question"));
        QVERIFY(unsaved.message.message.id < 0);
        QCOMPARE(f.engine.submitted(), 0U);
        f.worker->open(1);  // still shown when the conversation is opened again
        QCOMPARE(f.events.wait<app::ConversationShown>().messages.size(), 1U);
        control_.full = false;
        QVERIFY(f.engine.take_request().find("Important question") != std::string::npos);
        f.engine.say("Answer");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        QCOMPARE(f.second_connection()->messages(1).value().at(0).text, std::string("Important question"));
    }

    void stopGivesTheQuestionBack() {
        WorkerFixture f;
        use(f);
        f.start();
        control_.full = true;
        f.worker->send("Important question");
        f.events.wait<app::MessageAdded>();
        f.worker->stop();
        const auto shown = f.events.wait<app::ConversationShown>();
        QVERIFY(shown.messages.empty());
        QCOMPARE(shown.conversation.draft, std::string("Important question"));
    }

    void answerStaysInMemoryUntilThereIsRoom() {
        WorkerFixture f;
        use(f);
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        control_.full = true;
        f.engine.say("Long answer");
        QVERIFY(QString::fromStdString(f.events.wait<app::Notice>().text).contains("full"));
        f.engine.finish();
        const auto ended = f.events.wait<app::TurnEnded>();
        QCOMPARE(ended.message.text, std::string("Long answer"));  // shown as ever
        control_.full = false;
        f.events.wait<app::Notice>([](const auto& e) { return e.text.find("saved") != std::string::npos; });
        const auto row = f.second_connection()->messages(1).value().at(1);
        QCOMPARE(row.text, std::string("Long answer"));
        QCOMPARE(row.status, MessageStatus::complete);
    }

    void readOnlyDatabaseRefusesAndGivesBack() {
        WorkerFixture f;
        use(f);
        f.start();
        control_.read_only = true;
        f.worker->send("Question");
        QCOMPARE(f.events.wait<app::Notice>().text, std::string("For reading only."));
        QCOMPARE(f.events.wait<app::ConversationShown>().conversation.draft, std::string("Question"));
        QCOMPARE(f.engine.submitted(), 0U);
    }

    void writesKeepTheirOrder() {
        app::WriteQueue queue;
        std::vector<int> done;
        bool full = true;
        const auto attempt = [&](int number) {
            return [&, number]() -> Status {
                if (full) {
                    return fail(ErrorCode::disk_full, "Full.");
                }
                done.push_back(number);
                return {};
            };
        };
        int waiting = 0;
        queue.on_wait = [&](const auto&, const Error&, std::int64_t) { ++waiting; };
        queue.on_done_late = [](const auto&) {};
        queue.on_refused = [](const auto&, const Error&) {};
        const auto start = app::Clock::now();
        queue.run({1, "a", attempt(1)}, start);
        full = false;
        queue.run({1, "b", attempt(2)}, start);  // must not overtake
        QCOMPARE(waiting, 2);
        QVERIFY(done.empty());
        queue.tick(start + 1ms);
        QVERIFY(done.empty());
        queue.tick(*queue.due());
        QCOMPARE(done, (std::vector<int>{1, 2}));
        QVERIFY(!queue.due());
    }
};

QTEST_GUILESS_MAIN(TestFullDisk)
#include "test_full_disk.moc"
