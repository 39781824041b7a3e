// SPDX-License-Identifier: Apache-2.0
// Answers in points in the chat worker: modes, events, what is on the disk while points grow, stopping,
// continuing, trying again, and what the next turn takes over.
#include <QFile>
#include <QTest>
#include <nlohmann/json.hpp>

#include "tests/unit/app/failing_store.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::AnswerMode;
using storage::MessageStatus;

namespace {

constexpr const char* kQuestion = "What are the benefits of regular exercise for older people?";
constexpr const char* kOutline = "1. Stronger heart\n2. Better sleep\n3. Steady balance\n";
constexpr const char* kWhole =
    "**1. Stronger heart**\n\nThe heart grows strong with each walk.\n\n**2. Better sleep**\n\nWhoever moves "
    "by "
    "day rests at night.\n\n**3. Steady balance**\n\nFalls become rare when legs learn.";
const std::vector<std::string> kTexts = {"The heart grows strong with each walk.",
                                         "Whoever moves by day rests at night.",
                                         "Falls become rare when legs learn."};

/// What was asked for that the model has to compute.
std::vector<std::string> work_of(const FakeEngine& engine) {
    std::vector<std::string> work;
    for (const std::string& one : engine.asked()) {
        if (one.starts_with("generate") || one.starts_with("choose") || one.starts_with("prefill") ||
            one == "measure") {
            work.push_back(one);
        }
    }
    return work;
}

struct PointsFixture : WorkerFixture {
    std::vector<FakeEngine::Request> points;

    PointsFixture() {
        for (const std::uint32_t rows : {1U, 2U, 4U, 8U, 16U, 32U}) {
            engine.curve.push_back({rows, 10.0});
        }
        options.settings.answer_mode = AnswerMode::always;
        options.journal_interval = std::chrono::milliseconds(20);
    }
    /// Sends the question and draws the outline: the points grow.
    void grow(const char* outline = kOutline) {
        worker->send(kQuestion);
        engine.take_request();
        const auto asked = engine.taken();
        engine.say(asked, outline);
        engine.finish(asked);
        points.clear();
        for (int i = 0; i < 3; ++i) {
            engine.take_request();
            points.push_back(engine.taken());
        }
    }
    storage::Message answer() {
        grow();
        for (const std::size_t i : {2U, 0U, 1U}) {
            engine.say(points[i], kTexts[i]);
            engine.finish(points[i]);
        }
        return events.wait<app::TurnEnded>().message;
    }
    storage::Message stored(storage::ConversationId conversation) {
        return second_connection()->branch(conversation)->back();
    }
};

}  // namespace

class TestAnswersInPoints : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void vetoIsOneRequest() {
        PointsFixture f;
        f.options.settings.answer_mode = AnswerMode::automatic;
        const auto chat = f.start().conversation.id;
        f.worker->send("Write a Python function that sorts a list of words by length");
        f.engine.take_request();
        const auto told = f.events.wait<app::OutlineShown>();
        QVERIFY(!told.expansion.skeleton);
        QCOMPARE(told.expansion.reason_key, std::string("code"));
        QVERIFY(told.expansion.points.empty());
        f.engine.say("def f(): pass");
        f.engine.finish();
        const auto message = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(work_of(f.engine), std::vector<std::string>{"generate 1"});  // the answer, and nothing else
        QCOMPARE(message.text, std::string("def f(): pass"));
        const auto kept = app::read_expansion(f.stored(chat).expansion);
        QVERIFY(kept.has_value() && !kept->skeleton);
        QCOMPARE(kept->reason_key, std::string("code"));
    }

    void aQuestionAboutADocumentIsAnsweredInOnePiece() {
        PointsFixture f;
        f.options.settings.answer_mode = AnswerMode::automatic;
        f.start();
        QFile file(QString::fromStdString(f.path("walks.txt").string()));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("Whoever walks each day lives longer.\n");
        file.close();
        f.worker->attach_files({f.path("walks.txt")});
        f.events.wait<app::DraftDocuments>(
            [](const auto& e) { return !e.documents.empty() && e.documents[0].progress >= 1; });
        f.worker->send(kQuestion);
        QCOMPARE(f.events.wait<app::OutlineShown>().expansion.reason_key, std::string("attachments"));
    }

    void neverTellsNothing() {
        PointsFixture f;
        f.options.settings.answer_mode = AnswerMode::never;
        const auto chat = f.start().conversation.id;
        f.worker->send(kQuestion);
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar == nullptr);
        f.engine.say("One text.");
        f.engine.finish();
        for (const auto& event : f.events.take()) {
            QVERIFY(!std::holds_alternative<app::OutlineShown>(event));
        }
        f.events.wait<app::TurnEnded>();
        QCOMPARE(f.stored(chat).expansion, std::string());
    }

    void automaticAsksTheModel() {
        PointsFixture f;
        f.options.settings.answer_mode = AnswerMode::automatic;
        f.start();
        f.worker->send(kQuestion);
        const auto first = f.engine.take_choice();
        const auto second = f.engine.take_choice();
        QCOMPARE(f.engine.submitted(), 2U);
        f.engine.choose(first, {-0.1F, -5.F});
        f.engine.choose(second, {-5.F, -0.1F});
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar != nullptr);
        f.worker->stop();
        QVERIFY(f.events.wait<app::TurnEnded>().message.status == MessageStatus::interrupted);
    }

    void pointsAreToldAsTheyGrow() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        f.grow();
        const auto outline =
            f.events.wait<app::OutlineShown>([](const auto& e) { return e.expansion.points.size() == 3; });
        QVERIFY(outline.expansion.skeleton);
        QCOMPARE(outline.expansion.reason_key, std::string("always"));
        QCOMPARE(outline.expansion.points[1].heading, std::string("**2. Better sleep**"));
        f.engine.say(f.points[1], "Whoever moves");
        const auto text = f.events.wait<app::PointText>();
        QCOMPARE(text.point, 1U);
        QCOMPARE(text.text, std::string("Whoever moves"));
        QCOMPARE(text.conversation, chat);
        f.engine.say(f.points[1], " by day rests at night.");
        f.engine.finish(f.points[1]);
        const auto done = f.events.wait<app::OutlineShown>(
            [](const auto& e) { return e.expansion.points[1].phase == app::PointPhase::done; });
        QVERIFY(done.expansion.points[0].phase == app::PointPhase::growing);
        for (const std::size_t i : {0U, 2U}) {
            f.engine.say(f.points[i], kTexts[i]);
            f.engine.finish(f.points[i]);
        }
        const auto changed = f.events.wait<app::MessageChanged>(
            [](const auto& e) { return e.message.message.status == MessageStatus::complete; });
        QCOMPARE(changed.message.message.text, std::string(kWhole));
        const auto state = app::read_expansion(changed.message.message.expansion);
        QVERIFY(state && state->skeleton && state->total_ms > 0);
        const auto ended = f.events.wait<app::TurnEnded>();
        QVERIFY(ended.finished.has_value());
        QVERIFY(ended.message.counters.answer_tokens > 90);
        const auto row = f.stored(chat);
        QCOMPARE(row.text, std::string(kWhole));
        QCOMPARE(row.expansion, changed.message.message.expansion);
        QVERIFY(row.status == MessageStatus::complete);
    }

    void growingPointsAreOnTheDisk() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        f.grow();
        f.engine.say(f.points[2], "Falls become");
        f.engine.say(f.points[0], "The heart");
        const std::string expected =
            "**1. Stronger heart**\n\nThe heart\n\n**3. Steady balance**\n\nFalls become";
        QTRY_COMPARE(f.stored(chat).text, expected);
        QVERIFY(f.stored(chat).status == MessageStatus::streaming);
        f.worker.reset();  // the program ends
        const auto row = f.stored(chat);
        QVERIFY(row.status == MessageStatus::interrupted);
        QCOMPARE(row.text, expected);
        QVERIFY(app::read_expansion(row.expansion)->skeleton);
    }

    void endOfTheProgramInEachState() {
        for (const int state : {0, 1}) {
            PointsFixture f;
            f.options.settings.answer_mode = state == 0 ? AnswerMode::automatic : AnswerMode::always;
            const auto chat = f.start().conversation.id;
            f.worker->send(kQuestion);
            if (state == 0) {
                f.engine.take_choice();
            } else {
                f.engine.take_request();
                f.engine.say(f.engine.taken(), "1. Stronger heart\n2. ");
            }
            f.worker.reset();
            QVERIFY(f.stored(chat).status == MessageStatus::interrupted);
            QCOMPARE(f.stored(chat).text, std::string());
        }
    }

    void stopKeepsWhatIsThereAndItGoesOn() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        f.grow();
        f.engine.say(f.points[1], kTexts[1]);
        f.engine.finish(f.points[1]);
        f.engine.say(f.points[0], "The heart");
        f.events.wait<app::PointText>([](const auto& e) { return e.point == 0; });
        f.worker->stop();
        const auto stopped = f.events.wait<app::TurnEnded>().message;
        const auto asked = f.engine.asked();
        for (const std::size_t i : {0U, 2U}) {
            const std::string cancel = "cancel " + std::to_string(f.points[i].id);
            QCOMPARE(std::count(asked.begin(), asked.end(), cancel), 1);
        }
        const std::string text = "**1. Stronger heart**\n\nThe heart\n\n**2. Better sleep**\n\n" + kTexts[1];
        QVERIFY(stopped.status == MessageStatus::interrupted);
        QCOMPARE(stopped.text, text);
        QCOMPARE(f.stored(chat).text, text);

        f.worker->continue_reply(stopped.id);
        const std::string prompt = f.engine.take_request();
        QVERIFY2(prompt.ends_with("<|im_start|>assistant\n" + text), prompt.c_str());
        QVERIFY(f.engine.request().grammar == nullptr);
        f.engine.say(" And more.");
        f.engine.finish();
        const auto whole = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(whole.text, text + " And more.");
        QCOMPARE(f.stored(chat).text, text + " And more.");
        QVERIFY(app::read_expansion(whole.expansion)->skeleton);  // how it began
    }

    void retryNormallyIsOneText() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        const auto first = f.answer();
        f.worker->retry_normally(first.id);
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar == nullptr);
        f.engine.say("One text.");
        f.engine.finish();
        const auto second = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(second.text, std::string("One text."));
        QCOMPARE(second.expansion, std::string());
        QCOMPARE(second.parent, first.parent);
        QCOMPARE(f.second_connection()->messages(chat)->size(), 3U);
        f.worker->retry(second.id);  // by the conversation's mode
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar != nullptr);
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }

    void modeStaysWithTheConversation() {
        PointsFixture f;
        f.options.settings.answer_mode = AnswerMode::never;
        const auto first = f.start();
        QVERIFY(first.conversation.answer_mode == AnswerMode::never);
        f.turn("Hello there", "Hi.");
        f.worker->set_answer_mode(AnswerMode::always);
        f.worker->open_new();
        const auto second = f.events.wait<app::ConversationShown>();
        QVERIFY(second.conversation.answer_mode == AnswerMode::never);  // what new ones begin with
        f.worker->open(first.conversation.id);
        QVERIFY(f.events.wait<app::ConversationShown>().conversation.answer_mode == AnswerMode::always);
        f.worker->send(kQuestion);
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar != nullptr);
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
        QVERIFY(f.second_connection()->conversation(first.conversation.id)->answer_mode ==
                AnswerMode::always);
    }

    void openedAgainWhileItGrows() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        f.grow();
        f.engine.say(f.points[0], "The heart");
        f.events.wait<app::PointText>();
        f.worker->open_new();
        f.events.wait<app::ConversationShown>([&](const auto& e) { return e.conversation.id != chat; });
        f.engine.say(f.points[0], " grows");
        f.engine.say(f.points[2], "Falls");
        f.worker->open(chat);
        const auto shown = f.events.wait<app::ConversationShown>();
        QVERIFY(!shown.messages.back().waiting);
        QCOMPARE(f.events.wait<app::OutlineShown>().expansion.points.size(), 3U);
        QTRY_VERIFY_WITH_TIMEOUT(f.engine.asked().size() >= 4, 1000);
        std::map<std::uint32_t, std::string> texts;
        while (texts[0] != "The heart grows" || texts[2] != "Falls") {
            const auto text = f.events.wait<app::PointText>();
            texts[text.point] += text.text;
        }
    }

    void pointsThatRepeatAreGivenUp() {
        PointsFixture f;
        const auto chat = f.start().conversation.id;
        f.grow();
        for (const auto& point : f.points) {
            f.engine.say(point, kTexts[0]);
            f.engine.finish(point);
        }
        f.engine.take_request();
        f.events.wait<app::OutlineShown>([](const auto& e) { return !e.expansion.skeleton; });
        f.engine.say("One text.");
        f.engine.finish();
        const auto message = f.events.wait<app::TurnEnded>().message;
        QCOMPARE(message.text, std::string("One text."));
        QCOMPARE(f.stored(chat).text, std::string("One text."));
        QCOMPARE(app::read_expansion(f.stored(chat).expansion)->reason_key, std::string("points-overlap"));
    }

    void fullDiskLosesNoPoint() {
        StoreControl control;
        PointsFixture f;
        f.opener = [&](const auto& file, auto& report) -> Result<std::unique_ptr<storage::ChatStore>> {
            auto real = storage::ChatStore::open(file, report);
            return std::unique_ptr<storage::ChatStore>(new FailingStore(std::move(*real), control));
        };
        const auto chat = f.start().conversation.id;
        f.grow();
        control.full = true;
        f.engine.say(f.points[0], kTexts[0]);
        f.events.wait<app::Notice>();
        for (const std::size_t i : {0U, 1U, 2U}) {
            if (i > 0) {
                f.engine.say(f.points[i], kTexts[i]);
            }
            f.engine.finish(f.points[i]);
        }
        QCOMPARE(f.events.wait<app::TurnEnded>().message.text, std::string(kWhole));
        control.full = false;
        f.events.wait<app::Notice>([](const auto& e) { return e.text.find("saved") != std::string::npos; });
        QCOMPARE(f.stored(chat).text, std::string(kWhole));
        f.worker.reset();
    }

    void thinkingModelsAnswerNormally() {
        PointsFixture f;
        f.engine.model.description.chat_template =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
            "<|im_start|>assistant\n{% if enable_thinking is false %}<think></think>{% endif %}";
        f.start();
        f.worker->send(kQuestion);
        f.engine.take_request();
        QVERIFY(f.engine.request().grammar == nullptr);
        QCOMPARE(f.events.wait<app::OutlineShown>().expansion.reason_key, std::string("thinking"));
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }

    /// The prompts of points are made while they grow; another model may be loaded meanwhile.
    void anotherModelWhilePointsGrow() {
        PointsFixture f;
        f.start();
        f.worker->send(kQuestion);
        f.engine.take_request();
        f.engine.hold_loads = true;
        f.worker->load("/models/other.gguf");
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::loading; });
        QVERIFY(f.events.wait<app::TurnEnded>().message.status == MessageStatus::interrupted);
        QCOMPARE(f.engine.submitted(), 1U);  // nothing more, which the other model would have got
        f.engine.finish_load();
        f.events.wait<app::ModelChanged>(
            [](const auto& e) { return e.status.phase == app::ModelPhase::ready; });

        f.grow();
        f.engine.say(f.points[0], "The heart");
        f.events.wait<app::PointText>();
        f.worker->load("/models/third.gguf");
        const auto message = f.events.wait<app::TurnEnded>().message;
        QVERIFY(message.status == MessageStatus::interrupted);
        QCOMPARE(message.text, std::string("**1. Stronger heart**\n\nThe heart"));
        f.engine.finish_load();
    }

    void measuredBeforeTheFirstAnswer() {
        PointsFixture f;
        f.engine.measured = std::exchange(f.engine.curve, {});
        f.options.measure_at_load = true;
        f.options.settings.answer_mode = AnswerMode::automatic;
        f.start();
        f.worker->send(kQuestion);
        f.engine.take_choice();  // something would be gained
        QCOMPARE(work_of(f.engine).at(0), std::string("measure"));
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }

    /// The engine measures when it is idle: what it knows when the question comes counts, not when the model
    /// was loaded.
    void measuredSinceTheModelWasLoaded() {
        PointsFixture f;
        const auto measured = std::exchange(f.engine.curve, {});
        f.options.settings.answer_mode = AnswerMode::automatic;
        f.start();
        f.worker->ask_cache();
        f.events.wait<app::CacheChanged>();  // behind the load, nothing was measured yet
        f.engine.curve = measured;
        f.worker->send(kQuestion);
        f.engine.take_choice();  // something would be gained
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }

    void nextTurnTakesTheTextOver() {
        PointsFixture f;
        f.start();
        f.answer();
        f.worker->set_answer_mode(AnswerMode::never);
        f.worker->send("And what of sport in winter?");
        const std::string prompt = f.engine.take_request();
        const auto& request = f.engine.request();
        QVERIFY(prompt.find(kWhole) != std::string::npos);
        QVERIFY(!request.moved.empty());
        std::string taken;
        std::uint32_t behind = 0;
        for (const engine::MovedText& moved : request.moved) {
            QVERIFY(moved.at >= behind);
            behind = moved.at + moved.length;
            QVERIFY(behind <= request.prompt.size() && moved.length <= moved.context.size());
            QVERIFY(std::equal(moved.context.end() - moved.length, moved.context.end(),
                               request.prompt.begin() + moved.at));
            taken += f.engine.model.tokenizer->decode(
                std::span(request.prompt).subspan(moved.at, moved.length), true);
        }
        for (const std::string& text : kTexts) {
            QVERIFY2(taken.find(text) != std::string::npos, text.c_str());
        }
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }

    void idleTimeMakesItExact() {
        PointsFixture f;
        f.options.settings.read_ahead = true;
        f.engine.hold_prefills = true;
        f.start();
        f.answer();
        FakeEngine::Prefill ahead = f.engine.take_prefill();
        while (ahead.text.find(kWhole) == std::string::npos) {
            f.engine.end_prefill(ahead);
            ahead = f.engine.take_prefill();
        }
        f.engine.end_prefill(ahead);
        f.worker->set_answer_mode(AnswerMode::never);
        f.worker->send("And what of sport in winter?");
        f.engine.take_request();
        QVERIFY(f.engine.request().moved.empty());
        f.worker->stop();
        f.events.wait<app::TurnEnded>();
    }
};

QTEST_GUILESS_MAIN(TestAnswersInPoints)
#include "test_answers_in_points.moc"
