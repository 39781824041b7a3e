// SPDX-License-Identifier: Apache-2.0
// A turn from question to row: what is on the disk when, what is told, what is kept with the answer, and how
// it can end.
#include <QCryptographicHash>
#include <QFile>
#include <QTest>
#include <nlohmann/json.hpp>

#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::MessageStatus;
using storage::Role;

class TestChatWorker : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void questionIsDurableBeforeTheEngineSeesIt() {
        WorkerFixture f;
        std::vector<storage::Message> seen;
        f.engine.on_submit = [&](const FakeEngine::Request&) {
            seen = f.second_connection()->messages(1).value();
        };
        f.start();
        f.turn("What is it?", "It is.");
        QCOMPARE(seen.size(), 2U);
        QCOMPARE(seen[0].role, Role::user);
        QCOMPARE(seen[0].text, std::string("What is it?"));
        QCOMPARE(seen[0].status, MessageStatus::complete);
        QCOMPARE(seen[1].status, MessageStatus::streaming);  // the answer's row is there as well
    }

    void eventsComeInOrder() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        const auto question = f.events.wait<app::MessageAdded>();
        QCOMPARE(question.message.message.role, Role::user);
        const auto reply = f.events.wait<app::MessageAdded>();
        QCOMPARE(reply.message.message.role, Role::assistant);
        QVERIFY(reply.message.waiting);
        f.engine.take_request();
        f.engine.say("Answer");
        const auto streaming = f.events.wait<app::MessageChanged>();
        QVERIFY(!streaming.message.waiting);
        QCOMPARE(streaming.message.message.text, std::string());  // the text comes behind it, once
        QCOMPARE(f.events.wait<app::ReplyText>().text, std::string("Answer"));
        f.engine.finish();
        const auto done = f.events.wait<app::MessageChanged>();
        QCOMPARE(done.message.message.status, MessageStatus::complete);
        QCOMPARE(done.message.message.text, std::string("Answer"));
    }

    void answerIsKeptWithItsCircumstances() {
        WorkerFixture f;
        f.options.settings.sampler.temperature = 0.25F;
        f.start();
        f.turn("Question", "Answer");
        const auto row = f.second_connection()->messages(1).value().at(1);
        QCOMPARE(row.status, MessageStatus::complete);
        QCOMPARE(row.text, std::string("Answer"));
        QCOMPARE(row.model_name, std::string("fake"));
        QCOMPARE(row.seed, f.engine.request().sampler.seed);
        QVERIFY(row.seed != 0);
        QCOMPARE(nlohmann::json::parse(row.sampler)["temperature"].get<float>(), 0.25F);
        QCOMPARE(row.counters.cached_tokens, 3);
        QCOMPARE(row.counters.answer_tokens, 1);
        QCOMPARE(row.counters.first_token_ms, 12.5);
        QVERIFY(row.finished.has_value());
    }

    void seedsAreFreshUnlessFixed() {
        WorkerFixture f;
        f.start();
        const auto first = f.turn("One", "1").seed;
        QVERIFY(f.turn("Two", "2").seed != first);
        app::WorkerSettings settings;
        settings.fixed_seed = true;
        settings.sampler.seed = 7;
        f.worker->apply(settings);
        QCOMPARE(f.turn("Three", "3").seed, std::uint64_t{7});
        QCOMPARE(f.engine.request().sampler.seed, std::uint64_t{7});
    }

    void templateGetsTheWholeBranch() {
        WorkerFixture f;
        f.options.settings.system_prompt = "Be brief.";
        f.start();
        f.turn("One", "First");
        f.worker->send("Two");
        const std::string prompt = f.engine.take_request();
        QCOMPARE(
            prompt,
            std::string(
                "<|im_start|>system\nBe "
                "brief.<|im_end|>\n<|im_start|>user\nOne<|im_end|>\n<|im_start|>assistant\nFirst<|im_end|>\n"
                "<|im_start|>user\nTwo<|im_end|>\n<|im_start|>assistant\n"));
        f.engine.finish();
        f.events.wait<app::TurnEnded>();
    }

    void titleIsTheFirstWords() {
        WorkerFixture f;
        f.start();
        f.turn("  How do I boil an egg?\nPlease be exact.", "So.");
        QCOMPARE(f.second_connection()->conversation(1).value().title,
                 std::string("How do I boil an egg? Please be exact."));
    }

    void stopKeepsWhatThereIs() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Half an");
        f.events.wait<app::ReplyText>();
        f.worker->stop();
        const auto ended = f.events.wait<app::TurnEnded>();
        QCOMPARE(ended.message.status, MessageStatus::interrupted);
        QVERIFY(f.engine.cancelled());
        const auto row = f.second_connection()->messages(1).value().at(1);
        QCOMPARE(row.text, std::string("Half an"));
        QCOMPARE(row.status, MessageStatus::interrupted);
    }

    void endOfTheProgramKeepsWhatThereIs() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Half");
        f.events.wait<app::ReplyText>();
        f.engine.say(" an answer");  // may still wait in the inbox when the worker ends
        f.worker.reset();
        const auto row = f.second_connection()->messages(1).value().at(1);
        QCOMPARE(row.status, MessageStatus::interrupted);
        QCOMPARE(row.text, std::string("Half an answer"));
    }

    void limitsAreSaidInWords_data() {
        QTest::addColumn<int>("reason");
        QTest::addColumn<QString>("words");
        QTest::newRow("tokens") << static_cast<int>(engine::StopReason::max_tokens) << "limit of 5 tokens";
        QTest::newRow("context") << static_cast<int>(engine::StopReason::context_full)
                                 << "context of 4096 tokens is full";
    }
    void limitsAreSaidInWords() {
        QFETCH(int, reason);
        QFETCH(QString, words);
        WorkerFixture f;
        f.options.settings.max_answer_tokens = 5;
        f.options.settings.shorten_memory = false;  // else it goes on: see test_memory.cpp
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        QCOMPARE(f.engine.request().max_tokens, 5U);
        f.engine.say("Text");
        f.engine.finish(static_cast<engine::StopReason>(reason));
        const auto message = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(message.status, MessageStatus::interrupted);  // it can be continued
        QVERIFY(QString::fromStdString(message.error).contains(words));
    }

    void engineErrorIsShownOnTheAnswer() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Part");
        f.engine.fail_request({ErrorCode::out_of_memory, "There is no memory left.", "detail"});
        f.events.wait<app::TurnEnded>();
        const auto row = f.second_connection()->messages(1).value().at(1);
        QCOMPARE(row.status, MessageStatus::failed);
        QCOMPARE(row.error, std::string("There is no memory left."));
        QCOMPARE(row.text, std::string("Part"));
    }

    void withoutModelTheQuestionIsKept() {
        WorkerFixture f;
        f.run();
        f.worker->open_last();
        f.events.wait<app::ConversationShown>();
        f.worker->send("Question");
        const auto ended = f.events.wait<app::TurnEnded>();
        QCOMPARE(ended.message.status, MessageStatus::failed);
        QVERIFY(QString::fromStdString(ended.message.error).contains("No model"));
        QCOMPARE(f.second_connection()->messages(1).value().at(0).text, std::string("Question"));
        f.load();
        f.worker->retry(ended.message.id);
        f.engine.take_request();
        f.engine.say("Now");
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.text, std::string("Now"));
    }

    void turnWaitsForTheModel() {
        WorkerFixture f;
        f.engine.hold_loads = true;
        f.run();
        f.worker->open_last();
        f.events.wait<app::ConversationShown>();
        f.worker->load("/models/fake.gguf");
        f.worker->send("Question");
        QVERIFY(f.events
                    .wait<app::MessageAdded>(
                        [](const auto& e) { return e.message.message.role == Role::assistant; })
                    .message.waiting);
        QCOMPARE(f.engine.submitted(), 0U);
        f.engine.finish_load();
        f.engine.take_request();
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.status, MessageStatus::complete);
    }

    void modelIsCalledByItsFile() {
        WorkerFixture f;
        f.run();
        f.engine.model.description.name = "Smollm2 135M 8k Lc100K Mix1 Ep2";
        f.worker->load("/models/SmolLM2-135M-Instruct.Q4_1.gguf");
        const auto ready = f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
        QCOMPARE(ready.status.name, std::string("SmolLM2-135M-Instruct.Q4_1"));
        QCOMPARE(ready.status.given_name, std::string("Smollm2 135M 8k Lc100K Mix1 Ep2"));
    }

    void lostGraphicsCardIsSaidAtOnce() {
        WorkerFixture f;
        f.start();
        f.turn("Question", "Answer");
        engine::LoadedModel model = f.engine.model;
        model.device = "CPU, AVX2, 4 threads (CUDA: the graphics card stopped working)";
        f.engine.load_options().reopened(model);
        const auto told = f.events.wait<app::ModelChanged>();
        QCOMPARE(told.status.device, model.device);
        QVERIFY(told.status.phase == app::ModelPhase::ready);
        QCOMPARE(f.engine.loads(), 1U);  // the engine has opened it by itself
        QCOMPARE(f.turn("And now?", "As before").status, MessageStatus::complete);
        f.engine.load_options().reopened(tendril::fail(ErrorCode::out_of_memory, "There is no room."));
        const auto gone = f.events.wait<app::ModelChanged>();
        QVERIFY(gone.status.phase == app::ModelPhase::failed);
        QCOMPARE(gone.status.text, std::string("There is no room."));
    }

    void failedLoadIsSaidToWhoWaits() {
        WorkerFixture f;
        f.engine.hold_loads = true;
        f.engine.load_error = Error{ErrorCode::malformed, "The file is not a GGUF.", {}};
        f.run();
        f.worker->open_last();
        f.worker->load("/models/broken.gguf");
        f.worker->send("Question");
        f.events.wait<app::MessageAdded>(
            [](const auto& e) { return e.message.message.role == Role::assistant; });
        f.engine.finish_load();
        const auto model = f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::failed; });
        QCOMPARE(model.status.text, std::string("The file is not a GGUF."));
        QVERIFY(QString::fromStdString(f.events.wait<app::TurnEnded>().message.error).contains("not a GGUF"));
    }

    void turnsOfTwoConversationsFollowEachOther() {
        WorkerFixture f;
        const auto first = f.start();
        f.worker->send("First question");
        f.engine.take_request();
        f.worker->open_new();
        const auto second = f.events.wait<app::ConversationShown>(
            [&](const auto& e) { return e.conversation.id != first.conversation.id; });
        f.worker->send("Second question");
        f.events.wait<app::MessageAdded>(
            [](const auto& e) { return e.message.message.role == Role::assistant; });
        QCOMPARE(f.engine.submitted(), 1U);
        f.engine.say("hidden");  // of the conversation that is not shown: written, not told
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().conversation, first.conversation.id);
        QVERIFY(f.engine.take_request().find("Second question") != std::string::npos);
        f.engine.say("seen");
        QCOMPARE(f.events.wait<app::ReplyText>().text, std::string("seen"));
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().conversation, second.conversation.id);
        QCOMPARE(f.second_connection()->messages(first.conversation.id).value().at(1).text,
                 std::string("hidden"));
    }

    void goingBackShowsTheTextSoFar() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        f.engine.say("Not journalled yet");
        f.events.wait<app::ReplyText>();
        f.worker->open_new();
        f.events.wait<app::ConversationShown>();
        f.worker->open(1);
        const auto shown = f.events.wait<app::ConversationShown>();
        QCOMPARE(shown.messages.at(1).message.text, std::string("Not journalled yet"));
        QCOMPARE(shown.messages.at(1).message.status, MessageStatus::streaming);
    }

    void secondQuestionWaitsForTheFirstAnswer() {
        WorkerFixture f;
        f.start();
        f.worker->send("One");
        f.engine.take_request();
        f.worker->send("Two");
        f.engine.say("First");
        f.engine.finish();
        QVERIFY(f.engine.take_request().find("First<|im_end|>\n<|im_start|>user\nTwo") != std::string::npos);
        f.engine.finish();
    }

    void draftSurvives() {
        WorkerFixture f;
        f.start();
        f.worker->save_draft("Half a quest");
        f.worker.reset();
        QCOMPARE(f.second_connection()->conversation(1).value().draft, std::string("Half a quest"));
        f.run();
        f.worker->open_last();
        QCOMPARE(f.events.wait<app::ConversationShown>().conversation.draft, std::string("Half a quest"));
        f.load();
        f.turn("Half a question", "Answer");
        QCOMPARE(f.second_connection()->conversation(1).value().draft, std::string());
    }

    void newConversationIsMadeOnce() {
        WorkerFixture f;
        f.start();
        f.worker->open_new();
        f.worker->open_new();
        f.turn("Question", "Answer");
        f.worker->open_new();
        f.events.wait<app::ConversationShown>([](const auto& e) { return e.conversation.id == 2; });
        QCOMPARE(f.second_connection()->conversations().value().size(), 2U);
    }

    void trashAndRestore() {
        WorkerFixture f;
        f.start();
        f.turn("Question", "Answer");
        f.worker->trash(1);
        QCOMPARE(f.events.wait<app::ConversationTrashed>().title, std::string("Question"));
        QVERIFY(f.events.wait<app::ConversationsListed>().conversations.empty());
        QVERIFY(f.events.wait<app::ConversationShown>().conversation.id != 1);
        f.worker->restore(1);
        QCOMPARE(f.events.wait<app::ConversationShown>().messages.size(), 2U);
    }

    void exportWritesAFile() {
        WorkerFixture f;
        f.start();
        f.turn("Question", "Answer");
        f.worker->export_to(1, f.path("out.md"), false);
        QCOMPARE(f.events.wait<app::Exported>().error, std::string());
        QFile file(QString::fromStdString(f.path("out.md").string()));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(file.readAll().contains("Answer"));
        f.worker->export_to(1, "/nowhere/out.md", false);
        QVERIFY(!f.events.wait<app::Exported>().error.empty());
    }

    void searchFindsAnswers() {
        WorkerFixture f;
        f.start();
        f.turn("Question", "The word is xylophone.");
        f.worker->search("xylophone");
        QCOMPARE(f.events.wait<app::SearchFinished>().hits.size(), 1U);
        f.worker->search("  ");
        QVERIFY(f.events.wait<app::SearchFinished>().hits.empty());
    }

    void crashWhileLoadingIsRemembered() {
        WorkerFixture f;
        f.engine.hold_loads = true;
        f.run();
        f.worker->load("/models/heavy.gguf");
        f.events.wait<app::ModelChanged>();
        QVERIFY(std::filesystem::exists(f.options.load_marker));  // what a crash would leave
        f.engine.finish_load();
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
        QVERIFY(!std::filesystem::exists(f.options.load_marker));

        QFile marker(QString::fromStdString(f.options.load_marker.string()));
        QVERIFY(marker.open(QIODevice::WriteOnly));
        marker.write("/models/heavy.gguf");
        marker.close();
        const auto loads = f.engine.loads();
        f.worker->autoload("/models/heavy.gguf");
        QVERIFY(QString::fromStdString(f.events.wait<app::Notice>().text).contains("heavy.gguf"));
        QCOMPARE(f.engine.loads(), loads);
        f.worker->autoload("/models/heavy.gguf");  // the next start may try again
        f.engine.finish_load();
        QCOMPARE(f.engine.loads(), loads + 1);
    }

    void endWhileLoadingIsNoCrash() {
        WorkerFixture f;
        f.engine.hold_loads = true;
        f.run();
        f.worker->load("/models/heavy.gguf");
        f.events.wait<app::ModelChanged>();
        f.worker.reset();
        QVERIFY(!std::filesystem::exists(f.options.load_marker));
    }

    void hashOfTheModelIsKeptWithTheAnswer() {
        WorkerFixture f;
        const QString file = QString::fromStdString(f.path("model.gguf").string());
        const QByteArray bytes(5 << 20, 'm');
        QFile model(file);
        QVERIFY(model.open(QIODevice::WriteOnly) && model.write(bytes) == bytes.size());
        model.close();
        const auto expected =
            QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex().toStdString();
        f.run();
        f.worker->open_last();
        f.events.wait<app::ConversationShown>();
        f.worker->load(file.toStdString());
        f.turn("Question", "Answer");  // may end before the hash is known; it is filled in then
        const auto row = [&] { return f.second_connection()->messages(1).value().at(1); };
        QTRY_COMPARE(row().model_sha256, expected);
        QTRY_COMPARE(row().status, MessageStatus::complete);
        QCOMPARE(row().text, std::string("Answer"));
        QCOMPARE(row().counters.answer_tokens, 1);

        // The next load knows it without reading the file; a changed file is read again.
        f.worker->load(file.toStdString());
        QCOMPARE(f.turn("Second", "Answer").model_sha256, expected);
        QVERIFY(model.open(QIODevice::Append) && model.write("x") == 1);
        model.close();
        f.worker->load(file.toStdString());
        f.turn("Third", "Answer");
        QTRY_VERIFY(!f.second_connection()->messages(1).value().at(5).model_sha256.empty());
        QVERIFY(f.second_connection()->messages(1).value().at(5).model_sha256 != expected);
    }

    void newThreadsLoadTheModelAgainAfterTheAnswer() {
        WorkerFixture f;
        f.start();
        f.worker->send("Question");
        f.engine.take_request();
        app::WorkerSettings settings;
        settings.threads = 2;
        f.worker->apply(settings);
        f.engine.say("Answer");
        f.events.wait<app::ReplyText>();
        QCOMPARE(f.engine.loads(), 1U);
        f.engine.finish();
        QCOMPARE(f.events.wait<app::TurnEnded>().message.status, MessageStatus::complete);
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });
        QCOMPARE(f.engine.loads(), 2U);
    }

    void databaseThatCannotBeMadeIsSaid() {
        WorkerFixture f;
        f.options.database = "/proc/nowhere/chats.db";
        f.run();
        QVERIFY(!f.events.wait<app::WorkerEnded>().error.empty());
    }
    void sessionGoesOnInATemporaryFolder() {
        WorkerFixture f;
        f.options.database = "/proc/nowhere/chats.db";
        f.options.allow_temporary = true;
        f.options.cache_directory = f.path("pages");
        f.start();
        // Its conversations have the numbers of others, whose pages are there.
        QVERIFY(f.engine.load_options().cache_directory.empty());
        QCOMPARE(f.turn("Question", "Answer").text, std::string("Answer"));
    }
};

QTEST_GUILESS_MAIN(TestChatWorker)
#include "test_chat_worker.moc"
