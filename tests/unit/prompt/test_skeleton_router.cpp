// SPDX-License-Identifier: Apache-2.0
// The prompts' data, vetoes in three languages with their negative controls, and the score from permuted
// options.
#include <cmath>

#include <QtTest>

#include "prompt/skeleton/router.h"
#include "skeleton_support.h"

using namespace tendril::prompt::skeleton;

class SkeletonRouterTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void vetoes_data() {
        QTest::addColumn<QString>("question");
        QTest::addColumn<QString>("key");  // empty: the model is asked
        QTest::newRow("code") << "Write a Python function that sorts a list of names."
                              << "code";
        QTest::newRow("code, polite") << "Could you please implement quicksort for me in Rust?"
                                      << "code";
        QTest::newRow("code, zh") << "请用Python写一个排序程序。"
                                  << "code";
        QTest::newRow("code, de") << "Schreibe eine Funktion in Python, die Namen sortiert."
                                  << "code";
        QTest::newRow("fence") << "What does this do? ```x = 1```"
                               << "code";
        QTest::newRow("no code") << "What makes an honour code work at a school, and why?"
                                 << "";
        QTest::newRow("mathematics") << "Calculate the area of a circle with a radius of seven metres."
                                     << "mathematics";
        QTest::newRow("formula") << "What is x when 4x + 2 = 10 holds for it?"
                                 << "formula";
        QTest::newRow("mathematics, zh") << "请计算半径为七米的圆的面积是多大。"
                                         << "mathematics";
        QTest::newRow("step by step") << "Explain step by step why the sky is blue."
                                      << "step-by-step";
        QTest::newRow("translation") << "Please translate the sentence I like tea into German."
                                     << "translation";
        QTest::newRow("translation, zh") << "把下面的句子翻译成英文，谢谢你的帮助。"
                                         << "translation";
        QTest::newRow("poem") << "Write a poem about the sea in the winter."
                              << "creative";
        QTest::newRow("role") << "Pretend to be a pirate and tell me about your ship."
                              << "creative";
        QTest::newRow("letter") << "Draft a short letter to my landlord about the noise."
                                << "document";
        QTest::newRow("letter, de") << "Schreibe einen Brief an meinen Vermieter wegen des Lärms."
                                    << "document";
        QTest::newRow("letters are a topic") << "Why do people still like to get letters on paper?"
                                             << "";
        QTest::newRow("json") << "List the planets of the solar system as JSON."
                              << "format";
        QTest::newRow("briefly") << "Explain briefly how vaccines work in the body."
                                 << "brief";
        QTest::newRow("briefly, zh") << "请简要说明疫苗在身体里是怎样起作用的。"
                                     << "brief";
        QTest::newRow("fact") << "Who wrote the novel Moby Dick and lived in New York?"
                              << "fact";
        QTest::newRow("short") << "Hello there!"
                               << "short-question";
        QTest::newRow("long") << QString("word ").repeated(300) << "long-question";
        QTest::newRow("suits") << "What are the main reasons that people move to large cities?"
                               << "";
        QTest::newRow("suits, zh") << "人们搬到大城市生活的主要原因有哪些？"
                                   << "";
        QTest::newRow("suits, de") << "Was sind die wichtigsten Gründe, in eine große Stadt zu ziehen?"
                                   << "";
    }
    void vetoes() {
        QFETCH(QString, question);
        QFETCH(QString, key);
        const auto reason = veto(own_phrases(), question.toStdString(), {});
        QCOMPARE(reason ? QString::fromStdString(reason->key) : QString(), key);
    }

    void facts_of_the_turn_veto() {
        const std::string question = "What are the main reasons that people move to large cities?";
        const auto key = [&](const RouteFacts& facts) {
            return veto(own_phrases(), question, facts).value_or(Reason{}).key;
        };
        QCOMPARE(key({}), std::string());
        QCOMPARE(key({.attachments = true}), std::string("attachments"));
        QCOMPARE(key({.thinking = true}), std::string("thinking"));
        QCOMPARE(key({.tools = true}), std::string("tools"));
        QCOMPARE(key({.history = true}), std::string());
    }

    void a_dependent_follow_up_needs_a_history() {
        for (const char* question : {"What about the costs of living there?", "Why do they do it so often?",
                                     "Continue with the last part please."}) {
            QCOMPARE(veto(own_phrases(), question, {.history = true}).value_or(Reason{}).key,
                     std::string("follow-up"));
            QVERIFY(!veto(own_phrases(), question, {}));
        }
    }

    void scores_cancel_a_liking_for_a_letter() {
        const Language& language = own_language("en");
        QVERIFY(language.router.size() >= 2);
        const auto answers = [&](float first, float suits) {
            std::vector<std::vector<float>> all;
            for (const RouterText& question : language.router) {
                std::vector<float> logprobs(question.options.size(), std::log(0.1F));
                logprobs[0] += first;
                logprobs[question.suits] += suits;
                double sum = 0;
                for (const float one : logprobs) {
                    sum += std::exp(static_cast<double>(one));
                }
                for (float& one : logprobs) {
                    one -= static_cast<float>(std::log(sum / 0.95));
                }
                all.push_back(logprobs);
            }
            return all;
        };
        const auto likes_a = answers(0.8F, 0);
        QVERIFY(std::abs(route_score(language, likes_a)) < 1e-3);
        QVERIFY(std::abs(route_score(language, answers(0.8F, 0.5F)) - 0.5) < 1e-3);
        QVERIFY(!unsuited(own_phrases(), route_score(language, answers(0, 1))));
        QCOMPARE(unsuited(own_phrases(), route_score(language, answers(0, -1))).value_or(Reason{}).key,
                 std::string("model-says-no"));
        // Negative control: one order alone takes the liking for an answer.
        QVERIFY(std::abs(route_score(language, std::span(likes_a).first(1))) > 0.5);
    }

    void a_model_that_cannot_be_asked_gets_no_say() {
        const Language& language = own_language("en");
        // As SmolLM2 135M answers: always A; and as Gemma 270M without training in chats does: neither.
        std::vector<std::vector<float>> always_a(language.router.size(), {std::log(0.9F), std::log(0.05F)});
        std::vector<std::vector<float>> neither;
        for (const RouterText& question : language.router) {
            std::vector<float> logprobs(2, std::log(0.01F));
            logprobs[question.suits] = std::log(0.05F);
            neither.push_back(logprobs);
        }
        for (const auto& logprobs : {always_a, neither, {}}) {
            QCOMPARE(route_score(language, logprobs), kCannotTell);
            QCOMPARE(unsuited(own_phrases(), route_score(language, logprobs)).value_or(Reason{}).key,
                     std::string("model-cannot-tell"));
        }
    }

    void languages_are_told_apart() {
        const Phrases& phrases = own_phrases();
        QCOMPARE(phrases.language_of("How can I learn to cook well?").code, std::string("en"));
        QCOMPARE(phrases.language_of("Wie kann ich gut kochen lernen?").code, std::string("de"));
        QCOMPARE(phrases.language_of("怎样才能学好做饭？").code, std::string("zh"));
        QCOMPARE(phrases.language_of("怎样用Python学做数据分析？").code, std::string("zh"));
        QCOMPARE(phrases.language_of("料理を上手にするにはどうすればいいですか").code, std::string("other"));
        QCOMPARE(phrases.language_of("Как научиться хорошо готовить?").code, std::string("other"));
        QCOMPARE(phrases.language_of("").code, std::string("other"));
    }

    void every_language_is_complete() {
        for (const Language& language : own_phrases().languages) {
            QVERIFY(language.router.size() >= 2);
            for (const RouterText& question : language.router) {
                QVERIFY(question.text.starts_with("\n\n"));
            }
            QVERIFY(language.outline.starts_with("\n\n"));
            QVERIFY(language.heading.find("{title}") != std::string::npos);
            for (const std::string& text : {language.point, language.point_needing, language.heading}) {
                QVERIFY(text.find("{number}") != std::string::npos);
            }
        }
    }

    void bad_data_is_refused_in_words() {
        QVERIFY(!Phrases::parse(""));
        QVERIFY(!Phrases::parse("{}"));
        QVERIFY(!Phrases::parse("[1, 2"));
        const std::string own(tendril::resources::skeleton_json());
        QVERIFY(Phrases::parse(own));
        std::string damaged = own;
        damaged.replace(damaged.find("\"least_points\""), 14, "\"fewest_points\"");
        const auto parsed = Phrases::parse(damaged);
        QVERIFY(!parsed);
        QVERIFY(!parsed.error().message.empty() &&
                parsed.error().detail.find("least_points") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(SkeletonRouterTest)
#include "test_skeleton_router.moc"
