// SPDX-License-Identifier: Apache-2.0
// Titles by the model: asked for as a fork of the conversation, when nothing else is to be done, and kept
// only when they are good and no person has chosen one.
#include <algorithm>

#include <QTest>

#include "app/title.h"
#include "tests/unit/app/worker_fixture.h"

using namespace tendril;
using namespace tendril::test;
using storage::TitledBy;

namespace {

struct Fixture : WorkerFixture {
    Fixture() { options.settings.model_titles = true; }

    void ask_and_answer(const std::string& question, const std::string& answer) {
        worker->send(question);
        engine.take_request();
        engine.say(answer);
        engine.finish();
    }
    void name(const std::string& text, engine::StopReason reason = engine::StopReason::end_of_text) {
        engine.take_request();
        engine.say(text);
        engine.finish(reason);
    }
    std::string title_with(const std::string& title) {
        return events
            .wait<app::ConversationsListed>([&](const auto& e) {
                return !e.conversations.empty() && e.conversations.front().title == title;
            })
            .conversations.front()
            .title;
    }
    void settle() {
        worker->ask_cache();
        events.wait<app::CacheChanged>();
    }
    storage::Conversation row() { return second_connection()->conversation(1).value(); }
};

}  // namespace

class TestTitles : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theModelNamesAConversation() {
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine, and why does it climb?", "It is a plant.");
        f.name("\"Climbing Vines\"");
        QCOMPARE(f.title_with("Climbing Vines"), std::string("Climbing Vines"));
        QCOMPARE(f.row().titled_by, TitledBy::model);
        f.turn("And ivy?", "Too.");  // once is enough
        f.settle();
        QCOMPARE(f.engine.submitted(), 3U);
    }

    void itsPromptIsTheConversationAndOneQuestion() {
        Fixture f;
        f.options.settings.system_prompt = "Be brief.";
        f.start();
        f.worker->send("What is a vine?");
        f.engine.take_request();
        auto cached = f.engine.request().prompt;
        f.engine.say("A plant.");
        const auto answer = f.engine.model.tokenizer->encode("A plant.", {});
        f.engine.finish();
        cached.insert(cached.end(), answer.begin(), answer.end());

        const std::string text = f.engine.take_request();
        const auto& title = f.engine.request();
        QVERIFY(title.prompt.size() > cached.size());
        QVERIFY(std::equal(cached.begin(), cached.end(), title.prompt.begin()));  // every token of it
        const std::string rest = text.substr(text.find("A plant.") + 8);
        QVERIFY(rest.starts_with("<|im_end|>\n<|im_start|>user\n"));
        QVERIFY(rest.ends_with("<|im_end|>\n<|im_start|>assistant\n"));
        QVERIFY2(rest.size() < 200, rest.c_str());
        QCOMPARE(title.priority, engine::Priority::background);
        QCOMPARE(title.sampler.temperature, 0.0F);
        QVERIFY(title.max_tokens <= 12);
        QCOMPARE(title.cache.owner, std::uint64_t{1});
        // And it never becomes part of the conversation.
        f.engine.say("Vines");
        f.engine.finish();
        f.title_with("Vines");
        QCOMPARE(f.second_connection()->messages(1)->size(), 2U);
        f.worker->send("And ivy?");
        QVERIFY(f.engine.take_request().find("Name this") == std::string::npos);
    }

    void theReadAheadComesFirst() {
        Fixture f;
        f.options.settings.read_ahead = true;
        f.engine.hold_prefills = true;
        f.start();
        f.engine.end_prefill(f.engine.take_prefill());
        f.ask_and_answer("What is a vine?", "A plant.");
        const auto ahead = f.engine.take_prefill();
        f.settle();
        QCOMPARE(f.engine.submitted(), 3U);  // prefill, turn, prefill: no title yet
        f.engine.end_prefill(ahead);
        f.engine.take_request();
        const auto& prompt = f.engine.request().prompt;
        QVERIFY(std::equal(ahead.request.tokens.begin(), ahead.request.tokens.end(), prompt.begin()));
    }

    void aTurnGoesBeforeIt() {
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine?", "A plant.");
        f.engine.take_request();  // the title's
        const std::string asked = f.engine.asked().back();
        f.worker->send("And ivy?");
        f.engine.take_request();
        const auto log = f.engine.asked();
        const auto cancel = std::find(log.begin(), log.end(), "cancel" + asked.substr(asked.find(' ')));
        QVERIFY(cancel != log.end());
        QVERIFY((cancel + 1)->starts_with("generate"));
        f.engine.say("Too.");
        f.engine.finish();
        f.name("Vines and ivy");  // asked for again
        f.title_with("Vines and ivy");
    }

    void aPersonsNameWins() {
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine?", "A plant.");
        f.engine.take_request();
        f.worker->rename(1, "Mine");
        f.settle();
        f.engine.say("Vines");
        f.engine.finish();
        f.settle();
        QCOMPARE(f.row().title, std::string("Mine"));
        f.turn("And ivy?", "Too.");
        f.settle();
        QCOMPARE(f.engine.submitted(), 3U);  // not asked for again
        QCOMPARE(f.row().titled_by, TitledBy::person);
    }

    void poorTitlesAreNotTaken_data() {
        QTest::addColumn<QString>("answer");
        QTest::addColumn<bool>("whole");
        QTest::newRow("nothing") << "" << true;
        QTest::newRow("cut") << "The Long and Winding History of Vines in" << false;
        QTest::newRow("a sentence") << "I'm sorry, but I cannot" << true;
        QTest::newRow("numbers") << "1. 2. 3." << true;
        QTest::newRow("the question") << "The conversation in two to five words" << true;
    }
    void poorTitlesAreNotTaken() {
        QFETCH(QString, answer);
        QFETCH(bool, whole);
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine?", "A plant.");
        f.name(answer.toStdString(),
               whole ? engine::StopReason::end_of_text : engine::StopReason::max_tokens);
        f.turn("And ivy?", "Too.");
        f.settle();
        QCOMPARE(f.row().title, std::string("What is a vine?"));
        QCOMPARE(f.row().titled_by, TitledBy::first_words);
        QCOMPARE(f.engine.submitted(), 3U);  // and the model is not asked for ever
    }

    void aFailedTitleIsSilent() {
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine?", "A plant.");
        f.engine.take_request();
        f.events.take();
        f.engine.fail_request({ErrorCode::internal, "Broken.", {}});
        f.settle();
        QCOMPARE(f.row().title, std::string("What is a vine?"));
        f.turn("And ivy?", "Too.");
    }

    void failedAndEmptyAnswersAreNotNamed() {
        Fixture f;
        f.start();
        f.worker->send("What is a vine?");
        f.engine.take_request();
        f.engine.fail_request({ErrorCode::internal, "Broken.", {}});
        f.events.wait<app::TurnEnded>();
        f.settle();
        QCOMPARE(f.engine.submitted(), 1U);
    }

    void deletedConversationsAreNotNamed() {
        Fixture f;
        f.start();
        f.ask_and_answer("What is a vine?", "A plant.");
        f.engine.take_request();
        f.worker->trash(1);
        f.settle();
        QVERIFY(f.engine.cancelled());
        QCOMPARE(f.row().title, std::string("What is a vine?"));
    }

    void settingSwitchesItOff() {
        Fixture f;
        f.options.settings.model_titles = false;
        f.start();
        f.turn("What is a vine?", "A plant.");
        f.settle();
        QCOMPARE(f.engine.submitted(), 1U);
    }

    void whatIsFitForATitle_data() {
        QTest::addColumn<QString>("answer");
        QTest::addColumn<bool>("whole");
        QTest::addColumn<QString>("title");
        const auto row = [](const char* answer, bool whole, const char* title) {
            QTest::newRow(qPrintable(QString::fromUtf8(answer).left(40).simplified()))
                << QString::fromUtf8(answer) << whole << QString::fromUtf8(title);
        };
        row("Climbing Vines", true, "Climbing Vines");
        row("  \"Climbing Vines.\"\n\nIt is about", false, "Climbing Vines");
        row("**Title:** Climbing Vines", true, "Climbing Vines");
        row("# Climbing Vines", true, "Climbing Vines");
        row("„Kletternde Ranken“", true, "Kletternde Ranken");
        row("Titel: Ranken: warum sie klettern", true, "Ranken: warum sie klettern");
        row("つる植物について", true, "つる植物について");
        row("Climbing Vines", false, "");  // may go on
        row("<think>\nThe user", true, "");
        row("Sure! Here is a name", true, "");
        row("vine vine vine vine", true, "");
        row("This is a very long name that goes on and on and on for ever", true, "");
        row("It climbs. It grows", true, "");
        row("...", true, "");
        row("a", true, "");
        // the question given back
        row("The conversation in two to five words", true, "");
        row("\"The Conversation in Two to Five Words.\"", true, "");
        row("A name of two to five words", true, "");
        row("The name of the conversation", true, "");
        row("Conversation", true, "");
        row("Unterhaltung", true, "");
        row("Vines: two to five words, in its language", true, "");
        row("Das Gespräch in zwei bis fünf Wörtern", true, "");
        row("GESPRÄCH IN ZWEI BIS FÜNF WÖRTERN", true, "");
        row("Unterhaltung mit zwei bis fünf Wörtern", true, "");
        row("Der Name des Gesprächs", true, "");
        row("Der Titel dieses Gesprächs", true, "");
        // and what only has some of its words
        row("Five Words for Snow", true, "Five Words for Snow");
        row("Conversation with a Gardener", true, "Conversation with a Gardener");
        row("Fünf Wörter für Schnee", true, "Fünf Wörter für Schnee");
        row("Gespräch über Ranken", true, "Gespräch über Ranken");
        row("Der Name der Rose", true, "Der Name der Rose");
    }
    void whatIsFitForATitle() {
        QFETCH(QString, answer);
        QFETCH(bool, whole);
        QFETCH(QString, title);
        QCOMPARE(QString::fromStdString(app::title_from_answer(answer.toStdString(), whole)), title);
    }
};

QTEST_GUILESS_MAIN(TestTitles)
#include "test_titles.moc"
