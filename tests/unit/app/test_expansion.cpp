// SPDX-License-Identifier: Apache-2.0
// Expansion up to the outline: vetoes, the router, the expected gain, bad outlines, and normal answers; what
// each of them costs in requests.
#include "tests/unit/app/expansion_fixture.h"

using namespace tendril;
using namespace tendril::test;
using app::ExpansionResult;
using storage::AnswerMode;

class TestExpansion : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void vetoCostsNothing_data() {
        QTest::addColumn<QString>("question");
        QTest::addColumn<QString>("key");
        QTest::newRow("code") << "Write a Python function that sorts a list of words by length"
                              << "code";
        QTest::newRow("formula") << "What is 12 * 7 + 3 = x when x is a number"
                                 << "formula";
        QTest::newRow("short") << "Hello there"
                               << "short-question";
    }
    void vetoCostsNothing() {
        QFETCH(QString, question);
        QFETCH(QString, key);
        ExpansionFixture f;
        f.messages = {{"user", question.toStdString()}};
        f.begin();
        QCOMPARE(f.port.asked.size(), 1U);  // the answer itself, and nothing in front of it
        QVERIFY(f.asked(1).generate.has_value());
        QCOMPARE(f.asked(1).generate->prompt, f.request.prompt.tokens);
        QVERIFY(f.asked(1).generate->speculate);
        QVERIFY(f.asked(1).generate->grammar == nullptr);
        QCOMPARE(f.observer.told.at(0), "route normal " + key.toStdString());
        f.say(1, "An ");
        f.finish(1, "answer.");
        const auto result = f.result();
        QCOMPARE(result.text, std::string("An answer."));
        QCOMPARE(f.observer.text, std::string("An answer."));
        QVERIFY(!result.state.skeleton);
        QCOMPARE(result.state.reason_key, key.toStdString());
        QVERIFY(!result.state.reason.empty());
        QVERIFY(result.ending == ExpansionResult::Ending::complete);
        QCOMPARE(result.finished->cached_tokens, 5U);
        QVERIFY(result.written.empty());
    }

    void factsAreVetoes() {
        for (const auto& [set, key] :
             std::vector<std::pair<std::function<void(prompt::skeleton::RouteFacts&)>, std::string>>{
                 {[](auto& facts) { facts.thinking = true; }, "thinking"},
                 {[](auto& facts) { facts.tools = true; }, "tools"},
                 {[](auto& facts) { facts.attachments = true; }, "attachments"}}) {
            ExpansionFixture f;
            set(f.request.facts);
            f.begin();
            QCOMPARE(f.port.asked.size(), 1U);
            QCOMPARE(f.observer.told.at(0), "route normal " + key);
        }
    }

    /// Also where a person wants points always: the model would think in each of them.
    void thinkingModelsAnswerNormallyInEachMode() {
        ExpansionFixture f;
        f.request.facts.thinking = true;
        f.begin(AnswerMode::always);
        QCOMPARE(f.observer.told.at(0), std::string("route normal thinking"));
    }

    void neverAsksNothing() {
        ExpansionFixture f;
        f.begin(AnswerMode::never);
        QCOMPARE(f.port.asked.size(), 1U);
        QCOMPARE(f.observer.told.at(0), std::string("route normal never"));
        f.finish(1, "Yes.");
        QCOMPARE(f.result().text, std::string("Yes."));
    }

    void continuedAnswersAreNormal() {
        ExpansionFixture f;
        f.request.continued = true;
        f.begin(AnswerMode::always);
        QCOMPARE(f.port.asked.size(), 1U);
        QCOMPARE(f.observer.told.at(0), std::string("route normal "));  // it was not asked
    }

    void smallGainCostsNothing() {
        ExpansionFixture f;
        f.request.curve.clear();
        for (const std::uint32_t rows : {1U, 2U, 4U, 8U, 16U, 32U}) {
            f.request.curve.push_back({rows, 10.0 * rows});  // a machine on which rows cost what they are
        }
        f.begin();
        QCOMPARE(f.port.asked.size(), 1U);
        QCOMPARE(f.observer.told.at(0), std::string("route normal no-gain"));
    }

    void shortLimitsAreNormal() {
        ExpansionFixture f;
        f.request.max_tokens = 60;
        f.begin(AnswerMode::always);
        QCOMPARE(f.observer.told.at(0), std::string("route normal answer-limit"));
        QCOMPARE(f.asked(1).generate->max_tokens, 60U);
    }

    void routerAsksOnAFork() {
        ExpansionFixture f;
        f.messages = {{"system", "Be kind."}, {"user", ExpansionFixture::kQuestion}};
        f.begin();
        const std::size_t count = f.choices();
        QVERIFY(count >= 2);
        QCOMPARE(f.port.asked.size(), count);
        const std::string normal = f.port.tokenizer->decode(f.request.prompt.tokens, true);
        for (const auto& one : f.port.asked) {
            // The person's message as it stands, then the question, in the same turn.
            const std::size_t end =
                normal.find(ExpansionFixture::kQuestion) + std::string(ExpansionFixture::kQuestion).size();
            QCOMPARE(one.text.substr(0, end), normal.substr(0, end));
            QCOMPARE(f.port.tokenizer->decode(std::span(one.choose->prompt).first(one.choose->keep), true),
                     normal.substr(0, end));
            QVERIFY(one.text.ends_with("<|im_start|>assistant\n"));
            for (const auto option : one.choose->options) {
                QVERIFY(option >= 'A' && option <= 'C');
            }
        }
        QVERIFY(f.observer.told.empty());
        f.choose(false);
        QCOMPARE(f.port.asked.size(), count + 1);
        QCOMPARE(f.observer.told.at(0), std::string("route normal model-says-no"));
        QCOMPARE(f.port.asked.back().generate->prompt, f.request.prompt.tokens);
        f.finish(count + 1, "One text.");
        const auto result = f.result();
        QVERIFY(result.state.router_score < 0);
        QCOMPARE(result.text, std::string("One text."));
    }

    /// An outline's prompt is shared by its points, so it is read as it stands; the others take what they
    /// can.
    void movedTextIsUsedWhereNothingIsBuiltOnIt() {
        ExpansionFixture f;
        f.request.moved.push_back({12, {1, 2, 3}, 3});
        f.request.moved.push_back({100'000, {1, 2, 3}, 3});
        f.begin();
        QCOMPARE(f.asked(1).choose->moved.size(), 1U);  // within what both prompts begin with
        f.choose(true);
        QVERIFY(f.port.asked.back().generate->grammar != nullptr);
        QVERIFY(f.port.asked.back().generate->moved.empty());
        f.finish(f.port.asked.size(), "1. One\n");
        QCOMPARE(f.port.asked.back().generate->moved.size(), 2U);
    }

    void routerThatFailsIsNormal() {
        ExpansionFixture f;
        f.begin();
        const std::size_t count = f.choices();
        for (std::size_t i = 0; i < count; ++i) {
            f.expansion->handle(i + 1, Error{ErrorCode::internal, "No.", {}});
        }
        QCOMPARE(f.observer.told.at(0), std::string("route normal router-failed"));
    }

    void outlineIsDrawnUnderAGrammar() {
        ExpansionFixture f;
        f.request.sampler.repetition_penalty = 1.3F;
        f.request.sampler.temperature = 0.9F;
        f.begin();
        f.choose(true);
        const auto id = f.port.asked.size();
        const auto& outline = *f.asked(id).generate;
        QVERIFY(outline.grammar != nullptr);
        QCOMPARE(outline.sampler.temperature, 0.F);
        QCOMPARE(outline.sampler.repetition_penalty, 1.F);
        QVERIFY(outline.max_tokens > 0);
        // Behind the person's message, which stands as in the normal prompt.
        const auto& normal = f.request.prompt.tokens;
        const auto same =
            std::mismatch(normal.begin(), normal.end(), outline.prompt.begin(), outline.prompt.end()).first;
        const std::string shared =
            f.port.tokenizer->decode(std::vector<engine::TokenId>(normal.begin(), same), true);
        QVERIFY(shared.ends_with(ExpansionFixture::kQuestion));
        f.finish(id, ExpansionFixture::kOutline);
        QCOMPARE(f.observer.told.at(0), std::string("route skeleton suits"));
        QCOMPARE(f.observer.told.at(1), std::string("outline 4"));
        QVERIFY(f.observer.last.predicted_gain > 1.3);
        QVERIFY(f.observer.last.router_score > 0);
    }

    void theSameGrammarServesEachTurn() {
        ExpansionFixture f;
        f.begin(AnswerMode::always);
        const auto first = f.asked(1).generate->grammar;
        f.begin(AnswerMode::always);
        QVERIFY(f.port.asked.back().generate->grammar == first);
    }

    void badOutlineCostsTheOutlineOnly_data() {
        QTest::addColumn<QString>("outline");
        QTest::newRow("alike")
            << "1. No impact on the development of modern c\n2. No impact on the development of modern e\n3. "
               "No "
               "impact on the development of modern m\n4. No impact on the development of modern t\n";
        QTest::newRow("one point") << "1. Everything\n";
        QTest::newRow("nothing") << "";
    }
    void badOutlineCostsTheOutlineOnly() {
        QFETCH(QString, outline);
        ExpansionFixture f;
        f.begin(AnswerMode::always);
        QCOMPARE(f.port.asked.size(), 1U);
        f.finish(1, outline.toStdString());
        QCOMPARE(f.port.asked.size(), 2U);
        QCOMPARE(f.port.asked.back().generate->prompt, f.request.prompt.tokens);
        QVERIFY(f.observer.told.at(0).starts_with("route normal outline-"));
        f.finish(2, "One text.");
        QCOMPARE(f.result().text, std::string("One text."));
    }

    void spoiltOutlineIsStoppedEarly() {
        ExpansionFixture f;
        f.begin(AnswerMode::always);
        f.say(1, "1. No impact on the development of modern c\n");
        QVERIFY(!f.asked(1).cancelled);
        f.say(
            1,
            "2. No impact on the development of modern e\n3. No impact on the development of modern m\n4. No "
            "impact on the development of modern t\n5. No ");
        QVERIFY(f.asked(1).cancelled);
        f.finish(1, {}, engine::StopReason::cancelled);
        QCOMPARE(f.port.asked.size(), 2U);
        QVERIFY(f.observer.told.at(0).starts_with("route normal outline-"));
    }

    void engineErrorEndsIt() {
        ExpansionFixture f;
        f.begin(AnswerMode::always);
        f.expansion->handle(1, Error{ErrorCode::out_of_memory, "Too little memory.", {}});
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::failed);
        QCOMPARE(result.error->message, std::string("Too little memory."));
        ExpansionFixture g;
        g.begin(AnswerMode::never);
        g.say(1, "Half");
        g.expansion->handle(1, Error{ErrorCode::internal, "Broken.", {}});
        const auto half = g.result();
        QVERIFY(half.ending == ExpansionResult::Ending::failed);
        QCOMPARE(half.text, std::string("Half"));
    }

    void smallContextIsNormal() {
        ExpansionFixture f;
        f.request.context = 0;
        f.messages = {{"user", ExpansionFixture::kQuestion}};
        f.request.context = static_cast<std::uint32_t>(f.composer->compose(f.messages).tokens.size()) + 300;
        f.begin(AnswerMode::always);
        if (f.asked(1).generate->grammar != nullptr) {
            f.finish(1, ExpansionFixture::kOutline);
        }
        QCOMPARE(f.observer.told.back(), std::string("route normal context-too-small"));
        QCOMPARE(f.port.asked.back().generate->prompt, f.request.prompt.tokens);
        f.request.context -= 250;
        f.observer.told.clear();
        f.begin();  // not even the router's question fits
        QCOMPARE(f.observer.told.at(0), std::string("route normal context-too-small"));
    }

    void templateThatRewritesTurnsIsNormal() {
        ExpansionFixture f;
        // Earlier turns lose their line breaks in it.
        f.engine.model.description.chat_template =
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if loop.last %}{{ m.content }}{% else %}{{ "
            "m.content | replace('\n', ' ') }}{% endif %}<|im_end|>\n{% endfor %}{% if "
            "add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        f.composer = std::make_unique<app::PromptComposer>(f.engine.model);
        QVERIFY(f.composer->warnings().empty());
        f.begin_points();
        QCOMPARE(f.port.asked.size(), 2U);
        QCOMPARE(f.observer.told.at(0), std::string("route normal template"));
    }

    void cancelWhileTheRouterIsAsked() {
        ExpansionFixture f;
        f.begin();
        f.expansion->cancel();
        QVERIFY(f.all_cancelled());
        for (std::size_t i = 0; i < f.port.asked.size(); ++i) {
            QVERIFY(f.running());
            f.expansion->handle(i + 1, Error{ErrorCode::cancelled, "Cancelled.", {}});
        }
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(result.text, std::string());
    }

    void cancelWhileTheOutlineIsDrawn() {
        ExpansionFixture f;
        f.begin(AnswerMode::always);
        f.say(1, "1. Stronger heart\n2. Better");
        f.expansion->cancel();
        QVERIFY(f.all_cancelled());
        f.finish(1, {}, engine::StopReason::cancelled);
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(result.text, std::string());  // an outline is no answer
        QCOMPARE(f.port.asked.size(), 1U);
    }

    void cancelOfANormalAnswerKeepsItsText() {
        ExpansionFixture f;
        f.begin(AnswerMode::never);
        f.say(1, "Half of ");
        f.expansion->cancel();
        QVERIFY(f.all_cancelled());
        f.finish(1, "it", engine::StopReason::cancelled);
        const auto result = f.result();
        QVERIFY(result.ending == ExpansionResult::Ending::cancelled);
        QCOMPARE(result.text, std::string("Half of it"));
        QVERIFY(result.finished->reason == engine::StopReason::cancelled);
    }

    void abandonEndsAtOnceInEachState() {
        ExpansionFixture routing;
        routing.begin();
        routing.expansion->abandon();
        QVERIFY(routing.all_cancelled());
        QVERIFY(routing.result().ending == ExpansionResult::Ending::cancelled);
        ExpansionFixture outline;
        outline.begin(AnswerMode::always);
        outline.say(1, "1. Stronger");
        outline.expansion->abandon();
        QVERIFY(outline.all_cancelled());
        QCOMPARE(outline.result().text, std::string());
        ExpansionFixture normal;
        normal.begin(AnswerMode::never);
        normal.say(1, "Half");
        normal.expansion->abandon();
        QCOMPARE(normal.result().text, std::string("Half"));
        ExpansionFixture points;
        points.begin_points();
        points.say(3, "Deep sleep.");
        points.say(2, "Strong heart");
        points.expansion->abandon();
        QVERIFY(points.all_cancelled());
        QCOMPARE(points.result().text, std::string("**1. Stronger heart**\n\nStrong heart\n\n**2. Better "
                                                   "sleep**\n\nDeep sleep."));
    }

    void stateSurvivesItsJson() {
        ExpansionFixture f;
        f.begin_points();
        f.say(2, "Strong.");
        const app::ExpansionState state = f.expansion->state();
        const auto read = app::read_expansion(app::to_json(state));
        QVERIFY(read.has_value());
        QVERIFY(*read == state);
        QVERIFY(!app::read_expansion(""));
        QVERIFY(!app::read_expansion("{broken"));
        QVERIFY(!app::read_expansion("[1]"));
        const auto strange = app::read_expansion(
            R"({"mode":"skeleton","points":[{"title":7,"needs":[-1,"x",2],"tokens":-5,"state":"odd"}, 3],"total_ms":"x"})");
        QVERIFY(strange->skeleton);
        QCOMPARE(strange->points.size(), 1U);
        QCOMPARE(strange->points[0].needs, std::vector<std::uint32_t>{2});
        QCOMPARE(strange->points[0].tokens, 0U);
    }
};

QTEST_GUILESS_MAIN(TestExpansion)
#include "test_expansion.moc"
