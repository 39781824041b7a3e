// SPDX-License-Identifier: Apache-2.0
// Given texts: many of them scored in few steps, losses of a prefill, vectors of texts; each as if it were
// alone, and with no more left in the cache than was asked for.
#include <cmath>

#include <QtTest>

#include "engine/schedule/embedding.h"
#include "engine/schedule/scoring.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

ScoreRequest score_of(std::vector<TokenId> tokens, bool keep = false) {
    ScoreRequest made;
    made.tokens = std::move(tokens);
    made.keep = keep;
    return made;
}

void score(TinyRuntime& runtime, RequestId id, ScoreRequest made, Answer& answer) {
    runtime.scheduler->add(std::make_unique<Scoring>(id, std::move(made), into(answer)));
}

void embed(TinyRuntime& runtime, RequestId id, EmbedRequest made, Answer& answer) {
    runtime.scheduler->add(std::make_unique<TextEmbedding>(id, std::move(made), into(answer)));
}

std::vector<float> logprobs(const Answer& answer) {
    std::vector<float> values;
    for (const ScoredToken& token : answer.scored->tokens) {
        values.push_back(token.logprob);
    }
    return values;
}

/// Final states of a text's rows, from a forward pass of its own: [token][width].
Logits states_of(TinyRuntime& runtime, const std::vector<TokenId>& tokens) {
    View view = runtime.cache->make_view();
    if (!runtime.cache->make_room(view, tokens.size())) {
        throw std::runtime_error("no room");
    }
    std::vector<std::int32_t> positions(tokens.size());
    std::iota(positions.begin(), positions.end(), 0);
    std::vector<std::uint32_t> wanted(positions.begin(), positions.end());
    const std::vector<StepView> views = {{0, tokens.size(), 0, view.segments(tokens.size())}};
    runtime.forward->run(tokens, {views, positions}, wanted, runtime.interrupt);
    Logits states;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto state = runtime.forward->states(i, 1);
        states.emplace_back(state.begin(), state.end());
    }
    return states;
}

std::vector<float> mean_of(const Logits& states) {
    std::vector<double> sum(states.front().size());
    for (const auto& state : states) {
        for (std::size_t i = 0; i < sum.size(); ++i) {
            sum[i] += static_cast<double>(state[i]);
        }
    }
    const double by = 1.0 / static_cast<double>(states.size());
    std::vector<float> mean;
    for (const double value : sum) {
        mean.push_back(static_cast<float>(value * by));
    }
    return mean;
}

}  // namespace

class TestScores : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void many_sentences_run_in_few_steps_each_as_if_alone() {
        std::vector<std::vector<TokenId>> sentences;
        for (unsigned i = 0; i < 40; ++i) {
            sentences.push_back(random_tokens(6 + i % 7, 100 + i));
        }
        std::vector<std::vector<float>> alone;
        std::size_t rows = 0;
        for (const auto& sentence : sentences) {
            TinyRuntime runtime(model("llama"), false);
            Answer answer;
            score(runtime, 1, score_of(sentence), answer);
            runtime.run();
            alone.push_back(logprobs(answer));
            rows += sentence.size() - 1;
        }
        SchedulerSettings settings;
        settings.background_step_ms = settings.background_layer_ms = 1e6;
        TinyRuntime runtime(model("llama"), false, 40, 64, settings);
        std::vector<Answer> answers(sentences.size());
        for (std::size_t i = 0; i < sentences.size(); ++i) {
            score(runtime, i + 1, score_of(sentences[i]), answers[i]);
        }
        runtime.run();
        for (std::size_t i = 0; i < sentences.size(); ++i) {
            QCOMPARE(answers[i].ends, 1);
            QVERIFY(same_bits(logprobs(answers[i]), alone[i]));
        }
        QCOMPARE(runtime.scheduler->work().rows, std::uint64_t{rows});
        qInfo("%zu sentences, %zu rows, %llu steps of at most 64 rows", sentences.size(), rows,
              static_cast<unsigned long long>(runtime.scheduler->work().steps));
        QVERIFY(runtime.scheduler->work().steps <= rows / 64 + 4);  // one after the other: 40
        QCOMPARE(runtime.cache->tree().page_count(), std::size_t{0});
    }

    void what_is_read_is_kept_only_when_asked() {
        TinyRuntime runtime(model("llama"), false);
        const std::vector<TokenId> text = random_tokens(100, 5);
        for (const bool keep : {false, true}) {
            Answer answer;
            score(runtime, 1, score_of(text, keep), answer);
            runtime.run();
            QVERIFY(answer.scored.has_value());
            QCOMPARE(runtime.cache->tree().token_count(), std::uint64_t{keep ? 99U : 0U});
        }
        ScoreRequest rest = score_of(text);  // what others had read stays theirs
        rest.from = 90;
        Answer answer;
        score(runtime, 1, rest, answer);
        runtime.run();
        QCOMPARE(answer.scored->tokens.size(), std::size_t{10});
        QCOMPARE(runtime.cache->tree().token_count(), std::uint64_t{99});
        QVERIFY(runtime.cache->tree().fault().empty());
    }

    void losses_of_a_prefill_are_those_of_a_score() {
        const std::vector<TokenId> text = random_tokens(100, 6);
        Answer scored;
        TinyRuntime other(model("qwen2"), false);
        score(other, 1, score_of(text), scored);
        other.run();
        const std::vector<float> want = logprobs(scored);

        TinyRuntime runtime(model("qwen2"), false);
        const auto read = [&](std::size_t tokens, bool losses) {
            PrefillRequest made;
            made.tokens.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(tokens));
            made.losses = losses;
            Answer answer;
            runtime.scheduler->add(std::make_unique<Prefill>(1, std::move(made), into(answer), Clock::now()));
            runtime.run();
            return *answer.prefilled;
        };
        QVERIFY(read(40, false).logprobs.empty());
        const PrefilledEvent rest = read(100, true);  // 40 are known: token 40 has no row in front of it
        QCOMPARE(rest.reused, 40U);
        QCOMPARE(rest.logprobs_from, 41U);
        QVERIFY(same_bits(rest.logprobs, std::vector<float>(want.begin() + 40, want.end())));
        runtime.cache->forget_kept();
        const PrefilledEvent all = read(100, true);
        QCOMPARE(all.logprobs_from, 1U);
        QVERIFY(same_bits(all.logprobs, want));
    }

    void a_vector_is_one_state_or_the_mean_data() {
        QTest::addColumn<QString>("architecture");
        for (const char* architecture : {"llama", "qwen2", "gemma3"}) {
            QTest::newRow(architecture) << architecture;
        }
    }
    void a_vector_is_one_state_or_the_mean() {
        QFETCH(QString, architecture);
        const std::vector<TokenId> text = random_tokens(50, 7);
        TinyRuntime fresh(model(architecture), false);
        const Logits states = states_of(fresh, text);
        TinyRuntime runtime(model(architecture), false);
        const std::pair<Pooling, std::vector<float>> wanted[] = {{Pooling::last, states.back()},
                                                                 {Pooling::first, states.front()},
                                                                 {Pooling::mean, mean_of(states)}};
        for (const auto& [pooling, vector] : wanted) {
            Answer answer;
            embed(runtime, 1, {text, pooling}, answer);
            runtime.run();
            QVERIFY(answer.embedded.has_value());
            QVERIFY(same_bits(answer.embedded->vector, vector));
        }
        QCOMPARE(runtime.cache->tree().page_count(), std::size_t{0});
    }

    void vectors_scores_and_answers_share_steps() {
        const std::vector<TokenId> text = random_tokens(20, 8);
        const auto ask = [&](TinyRuntime& runtime, std::vector<Answer>& answers, bool together) {
            for (unsigned i = 0; i < 12; ++i) {
                const std::vector<TokenId> own = random_tokens(9 + i, 50 + i);
                if (i % 3 == 0) {
                    embed(runtime, i + 1, {own, Pooling::mean}, answers[i]);
                } else if (i % 3 == 1) {
                    score(runtime, i + 1, score_of(own), answers[i]);
                } else {
                    GenerateRequest made = request(own, 5, i);
                    made.priority = Priority::background;
                    submit(runtime, i + 1, made, answers[i]);
                }
                if (!together) {
                    runtime.run();
                }
            }
            runtime.run();
        };
        TinyRuntime one(model("llama"), false, 40);
        TinyRuntime crowd(model("llama"), false, 40);
        std::vector<Answer> alone(12);
        std::vector<Answer> together(12);
        ask(one, alone, false);
        ask(crowd, together, true);
        QVERIFY(crowd.scheduler->work().steps * 2 < one.scheduler->work().steps);
        for (std::size_t i = 0; i < 12; ++i) {
            QCOMPARE(together[i].ends, 1);
            if (i % 3 == 0) {
                QVERIFY(same_bits(together[i].embedded->vector, alone[i].embedded->vector));
            } else if (i % 3 == 1) {
                QVERIFY(same_bits(logprobs(together[i]), logprobs(alone[i])));
            } else {
                QCOMPARE(together[i].finished.tokens, alone[i].finished.tokens);
            }
        }
    }

    void short_of_pages_they_pause_and_come_out_the_same() {
        std::vector<Answer> wide(6);
        std::vector<Answer> narrow(6);
        for (const bool many : {true, false}) {
            TinyRuntime runtime(model("llama"), false, many ? 40 : 4);
            for (unsigned i = 0; i < 6; ++i) {
                Answer& answer = (many ? wide : narrow)[i];
                const std::vector<TokenId> own = random_tokens(100, 70 + i);
                if (i % 2 == 0) {
                    embed(runtime, i + 1, {own, Pooling::mean}, answer);
                } else {
                    PrefillRequest made;
                    made.tokens = own;
                    made.losses = true;
                    runtime.scheduler->add(
                        std::make_unique<Prefill>(i + 1, std::move(made), into(answer), Clock::now()));
                }
            }
            runtime.run();
        }
        for (std::size_t i = 0; i < 6; ++i) {
            QCOMPARE(narrow[i].ends, 1);
            if (i % 2 == 0) {
                QVERIFY(same_bits(narrow[i].embedded->vector, wide[i].embedded->vector));
                continue;
            }
            const PrefilledEvent& got = *narrow[i].prefilled;
            const PrefilledEvent& want = *wide[i].prefilled;
            QVERIFY(got.complete && got.logprobs_from >= 1);
            QCOMPARE(got.logprobs_from + got.logprobs.size(), std::size_t{100});
            QVERIFY(same_bits(got.logprobs, std::vector<float>(want.logprobs.begin() + got.logprobs_from - 1,
                                                               want.logprobs.end())));
        }
    }
};

QTEST_GUILESS_MAIN(TestScores)
#include "test_scores.moc"
