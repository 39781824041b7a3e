// SPDX-License-Identifier: Apache-2.0
// Retry, edit, continue and the choice between versions: nothing is ever overwritten.
#include <QTest>

#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::MessageStatus;

class TestVersions : public QObject {
    Q_OBJECT

    static std::vector<std::string> texts(const app::ConversationShown& shown) {
        std::vector<std::string> all;
        for (const auto& one : shown.messages) {
            all.push_back(one.message.text);
        }
        return all;
    }
    static storage::Message answer(WorkerFixture& f, const std::string& text) {
        f.engine.take_request();
        f.engine.say(text);
        f.engine.finish();
        return f.events.wait<app::TurnEnded>().message;
    }

  private Q_SLOTS:
    void retryAddsAVersion() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("Question", "One");
        f.worker->retry(first.id);
        const auto added = f.events.wait<app::MessageAdded>();
        QCOMPARE(added.message.version, 2);
        QCOMPARE(added.message.versions, 2);
        const auto second = answer(f, "Two");
        QCOMPARE(second.parent, first.parent);
        QCOMPARE(f.second_connection()->messages(1).value().size(), 3U);
        f.worker->show_version(second.id, 1);
        QCOMPARE(texts(f.events.wait<app::ConversationShown>()),
                 (std::vector<std::string>{"Question", "One"}));
        f.worker->show_version(first.id, 2);
        const auto shown = f.events.wait<app::ConversationShown>();
        QCOMPARE(texts(shown), (std::vector<std::string>{"Question", "Two"}));
        QCOMPARE(shown.messages.at(1).version, 2);
    }

    void retryOfARunningAnswerStopsIt() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Wrong");
        const auto text = f.events.wait<app::ReplyText>();
        f.worker->retry(text.message);
        QCOMPARE(f.events.wait<app::TurnEnded>().message.status, MessageStatus::interrupted);
        QCOMPARE(answer(f, "Right").text, std::string("Right"));
    }

    void editAddsAQuestionAndAnAnswer() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("Question", "Answer");
        f.turn("Second", "Other");
        f.worker->edit(*first.parent, "Better question");
        const auto shown = f.events.wait<app::ConversationShown>();
        QCOMPARE(texts(shown), (std::vector<std::string>{"Better question"}));
        QCOMPARE(shown.messages.at(0).version, 2);
        const std::string prompt = f.engine.take_request();
        QVERIFY(prompt.find("Better question") != std::string::npos);
        QVERIFY(prompt.find("Second") == std::string::npos);
        f.engine.say("Better answer");
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
        // Going back shows the newest end of the old branch.
        f.worker->show_version(shown.messages.at(0).message.id, 1);
        QCOMPARE(texts(f.events.wait<app::ConversationShown>()),
                 (std::vector<std::string>{"Question", "Answer", "Second", "Other"}));
        QCOMPARE(f.second_connection()->branch(1).value().size(), 4U);
    }

    void editOfAnAnswerAsksNothing() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("Question", "Answer");
        f.worker->edit(first.id, "My answer");
        QCOMPARE(texts(f.events.wait<app::ConversationShown>()),
                 (std::vector<std::string>{"Question", "My answer"}));
        QCOMPARE(f.engine.submitted(), 1U);
        f.worker->send("Next");
        QVERIFY(f.engine.take_request().find("My answer") != std::string::npos);
        f.engine.finish();
    }

    void interruptedAnswerGrowsOn() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Half of");
        f.events.wait<app::ReplyText>();
        f.worker->stop();
        const auto cut = f.events.wait<app::TurnEnded>().message;
        f.worker->continue_reply(cut.id);
        const std::string prompt = f.engine.take_request();
        QVERIFY2(prompt.ends_with("<|im_start|>assistant\nHalf of"), prompt.c_str());
        f.engine.say(" the answer");
        f.engine.finish();
        const auto whole = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(whole.id, cut.id);
        QCOMPARE(whole.text, std::string("Half of the answer"));
        QCOMPARE(whole.counters.answer_tokens, 1);  // the stopped run told none
        const auto rows = f.second_connection()->messages(1).value();
        QCOMPARE(rows.size(), 2U);
        QCOMPARE(rows[1].text, std::string("Half of the answer"));
        QCOMPARE(rows[1].status, MessageStatus::complete);
    }

    void cutByACrashItIsInterruptedAndGrowsOn() {
        WorkerFixture f;
        {
            storage::OpenReport report;
            auto store = storage::ChatStore::open(f.options.database, report).value();
            const auto conversation = store->create_conversation("Title", "").value();
            storage::Message question;
            question.conversation = conversation.id;
            question.text = "Question";
            const auto asked = store->add_message(question).value();
            storage::Message reply;
            reply.conversation = conversation.id;
            reply.parent = asked;
            reply.role = storage::Role::assistant;
            const auto id = store->begin_reply(reply).value();
            QVERIFY(store->append_reply(id, "Cut he"));
        }  // never finished
        const auto shown = f.start();
        QCOMPARE(shown.messages.at(1).message.status, MessageStatus::interrupted);
        f.worker->continue_reply(shown.messages.at(1).message.id);
        QVERIFY(f.engine.take_request().ends_with("Cut he"));
        f.engine.say("re.");
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.text, std::string("Cut here."));
    }

    void completeUserMessageCannotBeContinued() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("Question", "Answer");
        f.worker->continue_reply(*first.parent);
        QVERIFY(!f.events.wait<app::Notice>().text.empty());
        QCOMPARE(f.engine.submitted(), 1U);
    }

    void versionsOutOfRangeChangeNothing() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("Question", "Answer");
        f.worker->show_version(first.id, 0);
        f.worker->show_version(first.id, 2);
        f.worker->show_version(9999, 1);
        f.worker->retry(9999);
        f.worker->edit(9999, "x");
        f.worker->open(1);
        QCOMPARE(texts(f.events.wait<app::ConversationShown>()),
                 (std::vector<std::string>{"Question", "Answer"}));
    }
};

QTEST_GUILESS_MAIN(TestVersions)
#include "test_versions.moc"
