// SPDX-License-Identifier: Apache-2.0
// Questions with a few possible answers: exact, several at once, and without a trace in the cache.
#include <cmath>

#include <QtTest>

#include "engine/schedule/scoring.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

ChooseRequest question(std::vector<TokenId> prompt, std::vector<TokenId> options = {3, 200, 77}) {
    ChooseRequest made;
    made.prompt = std::move(prompt);
    made.options = std::move(options);
    return made;
}

std::vector<float> expected(TinyRuntime& runtime, const ChooseRequest& made) {
    std::vector<float> logits = probe(runtime, made.prompt, false).back();
    log_softmax(logits);
    std::vector<float> values;
    for (const TokenId option : made.options) {
        values.push_back(logits[static_cast<std::size_t>(option)]);
    }
    return values;
}

}  // namespace

class TestChoice : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void is_the_log_probability_behind_the_prompt_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        for (const char* architecture : {"llama", "qwen2", "gemma3"}) {
            QTest::addRow("%s, reference", architecture) << architecture << true;
            QTest::addRow("%s, cpu", architecture) << architecture << false;
        }
    }
    void is_the_log_probability_behind_the_prompt() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        const ChooseRequest asked = question(random_tokens(90, 4));
        TinyRuntime fresh(model(architecture), reference);
        const std::vector<float> want = expected(fresh, asked);
        TinyRuntime runtime(model(architecture), reference);
        for (int round = 0; round < 2; ++round) {  // cold and warm
            Answer answer;
            choose(runtime, 1, asked, answer);
            runtime.run();
            QCOMPARE(answer.ends, 1);
            QVERIFY(answer.chosen && same_bits(answer.chosen->logprobs, want));
            QCOMPARE(answer.chosen->prompt_tokens, 90U);
            QCOMPARE(answer.chosen->cached_tokens, 0U);  // nobody else had it: nothing was kept
        }
        QVERIFY(runtime.cache->tree().page_count() == 0);
        ChooseRequest other = asked;  // control
        other.prompt[40] = (other.prompt[40] + 1) % 256;
        Answer answer;
        choose(runtime, 1, other, answer);
        runtime.run();
        QVERIFY(!same_bits(answer.chosen->logprobs, want));
    }

    void one_token_of_a_known_text_is_read() {
        TinyRuntime runtime(model("llama"), true);
        const std::vector<TokenId> chat = random_tokens(100, 3);
        Answer ahead;
        read_ahead(runtime, 1, chat, ahead);
        runtime.run();
        Answer answer;
        choose(runtime, 2, question(chat), answer);
        runtime.run();
        QCOMPARE(answer.chosen->cached_tokens, 99U);
        QCOMPARE(runtime.cache->tree().token_count(), 100U);
    }

    void several_share_one_step_and_leave_the_conversation_only() {
        TinyRuntime runtime(model("qwen3"), true, 24);
        const std::vector<TokenId> chat = random_tokens(150, 3);
        Answer ahead;
        read_ahead(runtime, 1, chat, ahead);
        runtime.run();
        std::vector<Answer> answers(3);
        std::vector<ChooseRequest> asked;
        for (RequestId i = 0; i < 3; ++i) {
            asked.push_back(question(joined(chat, random_tokens(20, 20 + static_cast<unsigned>(i)))));
            choose(runtime, 2 + i, asked.back(), answers[i]);
        }
        runtime.scheduler->step(runtime.interrupt);
        QVERIFY(runtime.scheduler->idle());  // 60 rows
        for (std::size_t i = 0; i < 3; ++i) {
            QCOMPARE(answers[i].ends, 1);
            QCOMPARE(answers[i].chosen->cached_tokens, 150U);
            TinyRuntime fresh(model("qwen3"), true, 24);
            QVERIFY(same_bits(answers[i].chosen->logprobs, expected(fresh, asked[i])));
        }
        QCOMPARE(runtime.cache->tree().token_count(), 150U);
        QCOMPARE(runtime.cache->tree().fault(), std::string());
    }

    void what_two_read_together_is_kept() {
        TinyRuntime runtime(model("llama"), true, 24, 64, small_chunks(16));
        const std::vector<TokenId> chat = random_tokens(150, 3);
        std::vector<Answer> answers(3);
        choose(runtime, 1, question(joined(chat, random_tokens(20, 20))), answers[0]);
        choose(runtime, 2, question(joined(chat, random_tokens(30, 21))), answers[1]);
        runtime.run();
        QCOMPARE(answers[0].chosen->cached_tokens, 0U);
        QCOMPARE(answers[1].chosen->cached_tokens, 150U);  // waited for the first
        QVERIFY(runtime.cache->tree().token_count() >= 150U);
        submit(runtime, 3, request(joined(chat, random_tokens(9, 22)), 4), answers[2]);
        runtime.run();
        QCOMPARE(answers[2].finished.cached_tokens, 150U);
    }

    void what_is_to_be_kept_is() {
        TinyRuntime runtime(model("llama"), true, 24);
        ChooseRequest asked = question(random_tokens(150, 3));
        asked.keep = 100;
        Answer answer;
        choose(runtime, 1, asked, answer);
        runtime.run();
        QCOMPARE(runtime.cache->tree().token_count(), 100U);
    }

    void joins_others_and_ends_when_cancelled() {
        TinyRuntime runtime(model("llama"), true, 24, 64, small_chunks(16));
        Answer talk;
        Answer first;
        Answer second;
        submit(runtime, 1, request(random_tokens(20, 1), 40), talk);
        runtime.scheduler->step(runtime.interrupt);
        runtime.scheduler->step(runtime.interrupt);
        choose(runtime, 2, question(random_tokens(60, 2)), first);
        ChooseRequest later = question(random_tokens(60, 3));
        later.priority = Priority::background;
        choose(runtime, 3, later, second);
        while (first.ends == 0) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QCOMPARE(talk.ends, 0);    // went on meanwhile
        QCOMPARE(second.ends, 0);  // waits for both
        QVERIFY(runtime.scheduler->cancel(3));
        QVERIFY(second.error && second.error->code == ErrorCode::cancelled);
        runtime.run();
        QVERIFY(talk.finished.tokens ==
                answer_alone(model("llama"), request(random_tokens(20, 1), 40)).finished.tokens);
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), runtime.cache->pool().page_count());
    }

    void another_owner_sees_nothing_private() {
        TinyRuntime runtime(model("llama"), true, 24);
        Answer ahead;
        read_ahead(runtime, 1, random_tokens(150, 3), ahead, {7, true});
        runtime.run();
        for (const std::uint64_t owner : {7U, 8U}) {
            ChooseRequest asked = question(random_tokens(150, 3));
            asked.cache = {owner, owner == 7};
            Answer answer;
            choose(runtime, 2, asked, answer);
            runtime.run();
            QCOMPARE(answer.chosen->cached_tokens, owner == 7 ? 149U : 0U);
        }
    }
};

QTEST_GUILESS_MAIN(TestChoice)
#include "test_choice.moc"
