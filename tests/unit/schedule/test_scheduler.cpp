// SPDX-License-Identifier: Apache-2.0
// The step loop on tiny random models: what a row gives must not depend, bit for bit, on what runs beside it,
// on chunk borders, or on the cache; and no page may be lost.
#include <random>

#include <QtTest>

#include "engine/schedule/scoring.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

class TestScheduler : public QObject {
    Q_OBJECT

    void models() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::addRow("%s, reference", architecture) << architecture << true;
            QTest::addRow("%s, cpu", architecture) << architecture << false;
        }
    }

  private Q_SLOTS:
    void a_batch_gives_what_each_gives_alone_data() { models(); }
    void a_batch_gives_what_each_gives_alone() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        std::vector<Logits> alone;
        for (unsigned i = 0; i < 3; ++i) {
            TinyRuntime runtime(model(architecture), reference);
            alone.push_back(probe(runtime, random_tokens(40 + 37 * i, i), true));
            QCOMPARE(alone.back().size(), 40U + 37U * i);
        }
        // Together, and with chunks of other sizes.
        TinyRuntime together(model(architecture), reference, 16, 64, small_chunks(23));
        std::vector<Logits> seen(3);
        for (unsigned i = 0; i < 3; ++i) {
            together.scheduler->add(std::make_unique<Probe>(i, random_tokens(40 + 37 * i, i), seen[i], true));
        }
        together.run();
        for (unsigned i = 0; i < 3; ++i) {
            QVERIFY2(same_bits(alone[i], seen[i]), qPrintable(QString("sequence %1").arg(i)));
        }
        QVERIFY(!same_bits(alone[0].back(), alone[0].front()));
    }

    void what_is_cached_gives_the_same_bits_data() { models(); }
    void what_is_cached_gives_the_same_bits() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        const std::vector<TokenId> tokens = random_tokens(150, 9);
        TinyRuntime fresh(model(architecture), reference);
        const Logits want = probe(fresh, tokens, false);
        for (const std::size_t known : {1U, 63U, 64U, 65U, 127U, 149U, 150U}) {
            TinyRuntime warm(model(architecture), reference);
            std::vector<TokenId> first(tokens.begin(), tokens.begin() + static_cast<long>(known));
            const std::vector<TokenId> other = random_tokens(30, 77);
            first.insert(first.end(), other.begin(),
                         other.end());  // diverges: the partial page has to be copied
            probe(warm, first, false);
            Logits seen;
            auto task = std::make_unique<Probe>(2, tokens, seen, false);
            const Probe& watched = *task;
            warm.scheduler->add(std::move(task));
            warm.scheduler->step(warm.interrupt);
            if (!warm.scheduler->idle()) {
                QCOMPARE(watched.reused, std::min<std::size_t>(known, 149));
            }
            warm.run();
            QVERIFY2(same_bits(want, seen), qPrintable(QString("%1 known").arg(known)));
            QCOMPARE(warm.cache->counters().reused_tokens, std::min<std::size_t>(known, 149));
            QVERIFY(same_bits(probe(warm, first, false), probe(warm, first, false)));
        }
    }

    void a_wrong_page_would_be_noticed() {
        // Negative control of the two tests above: one token of the past changes the bits.
        TinyRuntime runtime(model("llama"), true);
        std::vector<TokenId> tokens = random_tokens(100, 9);
        const Logits want = probe(runtime, tokens, false);
        tokens[3] = (tokens[3] + 1) % 256;
        QVERIFY(!same_bits(want, probe(runtime, tokens, false)));
    }

    void an_answer_does_not_depend_on_its_neighbours() {
        const TinyModel tiny = model("llama");
        std::vector<Answer> alone;
        for (unsigned i = 0; i < 4; ++i) {
            alone.push_back(answer_alone(tiny, request(random_tokens(20 + 30 * i, i), 30, i)));
            QCOMPARE(alone.back().ends, 1);
            QCOMPARE(alone.back().finished.tokens.size(), 30U);
            QVERIFY(alone.back().finished.reason == StopReason::max_tokens);
        }
        TinyRuntime runtime(tiny, true, 24, 64, small_chunks(9));
        std::vector<Answer> answers(4);
        for (unsigned i = 0; i < 4; ++i) {
            submit(runtime, i, request(random_tokens(20 + 30 * i, i), 30, i), answers[i]);
            runtime.scheduler->step(runtime.interrupt);
        }
        runtime.run();
        for (unsigned i = 0; i < 4; ++i) {
            QVERIFY(answers[i].finished.tokens == alone[i].finished.tokens);
            QCOMPARE(answers[i].text, alone[i].text);
            QCOMPARE(answers[i].prefill.back().done, answers[i].prefill.back().total);
        }
        QVERIFY(alone[0].finished.tokens != alone[1].finished.tokens);
    }

    void too_few_pages_make_tasks_wait_but_change_no_text() {
        const TinyModel tiny = model("qwen3");
        std::vector<Answer> alone;
        for (unsigned i = 0; i < 3; ++i) {
            alone.push_back(answer_alone(tiny, request(random_tokens(60, i), 100, i)));
        }
        TinyRuntime runtime(tiny, true, 4);  // one of them needs three pages
        std::vector<Answer> answers(3);
        for (unsigned i = 0; i < 3; ++i) {
            submit(runtime, i, request(random_tokens(60, i), 100, i), answers[i]);
        }
        runtime.run();
        for (unsigned i = 0; i < 3; ++i) {
            QCOMPARE(answers[i].ends, 1);
            QVERIFY(!answers[i].error);
            QVERIFY(answers[i].finished.tokens == alone[i].finished.tokens);
        }
    }

    void a_task_that_cannot_fit_gets_words() {
        TinyRuntime runtime(model("llama"), true, 1);
        Answer answer;
        submit(runtime, 1, request(random_tokens(100, 1), 10), answer);
        runtime.run();
        QCOMPARE(answer.ends, 1);
        QVERIFY(answer.error && answer.error->code == ErrorCode::out_of_memory);
    }

    void interactive_tasks_run_before_background_ones() {
        TinyRuntime runtime(model("llama"), true, 16, 64, small_chunks(16));
        Answer background;
        Answer interactive;
        GenerateRequest slow = request(random_tokens(100, 1), 20);
        slow.priority = Priority::background;
        submit(runtime, 1, slow, background);
        runtime.scheduler->step(runtime.interrupt);
        const std::size_t before = background.prefill.size();
        submit(runtime, 2, request(random_tokens(50, 2), 5), interactive);
        while (interactive.ends == 0) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QCOMPARE(background.prefill.size(), before);
        QCOMPARE(background.ends, 0);
        runtime.run();
        QCOMPARE(background.finished.tokens.size(), 20U);
        QVERIFY(background.finished.tokens == answer_alone(model("llama"), slow).finished.tokens);
    }

    void an_interrupted_step_is_done_again() {
        const TinyModel tiny = model("gemma3");
        const GenerateRequest made = request(random_tokens(70, 3), 25);
        const Answer alone = answer_alone(tiny, made);
        TinyRuntime runtime(tiny, true);
        Answer answer;
        submit(runtime, 1, made, answer);
        for (int i = 0; !runtime.scheduler->idle(); ++i) {
            runtime.interrupt = i % 2 == 0;
            runtime.scheduler->step(runtime.interrupt);
        }
        QVERIFY(answer.finished.tokens == alone.finished.tokens);
    }

    void answers_end_for_their_reasons() {
        const TinyModel tiny = model("llama");
        // The context: 256 positions.
        Answer full = answer_alone(tiny, request(random_tokens(250, 5), 0));
        QVERIFY(full.finished.reason == StopReason::context_full);
        QCOMPARE(full.finished.tokens.size(), 6U);
        Answer brim = answer_alone(tiny, request(random_tokens(256, 5), 0));
        QVERIFY(brim.finished.reason == StopReason::context_full);
        QCOMPARE(brim.finished.tokens.size(), 1U);
        // A stop text across token borders: bytes 5..7 of a longer answer.
        GenerateRequest made = request(random_tokens(30, 6), 40);
        made.sampler.temperature = 0.0F;
        const Answer plain = answer_alone(tiny, made);
        QVERIFY(plain.text.size() >= 8);
        made.stop = {"never there", plain.text.substr(4, 3)};
        const std::size_t at = plain.text.find(made.stop[1]);
        const Answer stopped = answer_alone(tiny, made);
        QVERIFY(stopped.finished.reason == StopReason::stop_text);
        QCOMPARE(stopped.text, plain.text.substr(0, at));
        QVERIFY(stopped.finished.tokens.size() < plain.finished.tokens.size());
        QVERIFY(std::equal(stopped.finished.tokens.begin(), stopped.finished.tokens.end(),
                           plain.finished.tokens.begin()));
        // A held back beginning of a stop text comes when the answer ends.
        made.stop = {plain.text.substr(plain.text.size() - 2) + "\x01 nothing"};
        QCOMPARE(answer_alone(tiny, made).text, plain.text);
    }

    void a_repeated_prompt_reads_only_its_last_token() {
        TinyRuntime runtime(model("llama"), true);
        Answer first;
        Answer second;
        submit(runtime, 1, request(random_tokens(100, 4), 10), first);
        runtime.run();
        submit(runtime, 2, request(random_tokens(100, 4), 10), second);
        runtime.run();
        QCOMPARE(first.finished.cached_tokens, 0U);
        QCOMPARE(second.finished.cached_tokens, 99U);
        QVERIFY(first.finished.tokens == second.finished.tokens);
    }

    void speculation_changes_no_token_data() {
        QTest::addColumn<float>("temperature");
        QTest::addColumn<float>("penalty");
        QTest::newRow("greedy") << 0.0F << 1.0F;
        QTest::newRow("cool") << 0.2F << 1.0F;
        QTest::newRow("hot") << 1.2F << 1.0F;
        QTest::newRow("penalties") << 0.3F << 1.3F;
    }
    void speculation_changes_no_token() {
        QFETCH(float, temperature);
        QFETCH(float, penalty);
        std::uint32_t accepted = 0;
        std::uint32_t drafted = 0;
        for (const bool reference : {true, false}) {
            for (unsigned seed = 0; seed < 6; ++seed) {
                std::vector<TokenId> prompt = random_tokens(20, seed);
                for (std::size_t i = 0; i < 40; ++i) {
                    prompt.push_back(prompt[i % 10]);  // something to find again
                }
                GenerateRequest made = request(prompt, 120, seed);
                made.sampler.temperature = temperature;
                made.sampler.repetition_penalty = penalty;
                std::vector<Answer> answers(3);
                for (const bool speculate : {false, true}) {
                    made.speculate = speculate;
                    TinyRuntime runtime(model("qwen3"), reference);
                    submit(runtime, 1, made, answers[speculate ? 1 : 0]);
                    runtime.run();
                    const Answer& answer = answers[speculate ? 1 : 0];
                    const std::size_t evaluated = prompt.size() + answer.finished.tokens.size();
                    QVERIFY(runtime.cache->pool().free_count() + pages_for(evaluated) >=
                            16);  // rejected guesses hold no pages
                }
                QVERIFY(answers[0].finished.tokens == answers[1].finished.tokens);
                QCOMPARE(answers[0].text, answers[1].text);
                QCOMPARE(answers[0].finished.drafted_tokens, 0U);
                QVERIFY(answers[1].finished.accepted_tokens <= answers[1].finished.drafted_tokens);
                accepted += answers[1].finished.accepted_tokens;
                drafted += answers[1].finished.drafted_tokens;
            }
        }
        qInfo("%u of %u guesses were right", accepted, drafted);
        if (temperature == 0.0F && penalty == 1.0F) {
            QVERIFY(accepted > 20);  // greedy answers of random models run in circles
        }
    }

    void scores_agree_with_the_rows_and_are_normalised() {
        TinyRuntime runtime(model("qwen2"), true);
        const std::vector<TokenId> tokens = random_tokens(90, 8);
        const Logits rows = probe(runtime, tokens, true);
        ScoreRequest score{tokens, 3};
        std::optional<ScoredEvent> scored;
        runtime.scheduler->add(std::make_unique<Scoring>(5, score, [&](RequestId, Event event) {
            if (auto* done = std::get_if<ScoredEvent>(&event)) {
                scored = std::move(*done);
            }
        }));
        runtime.run();
        QVERIFY(scored.has_value());
        QCOMPARE(scored->tokens.size(), 89U);
        for (std::size_t i = 0; i < 89; ++i) {
            double sum = 0;
            for (const float logit : rows[i]) {
                sum += std::exp(static_cast<double>(logit));
            }
            const double want =
                static_cast<double>(rows[i][static_cast<std::size_t>(tokens[i + 1])]) - std::log(sum);
            QVERIFY(std::abs(want - static_cast<double>(scored->tokens[i].logprob)) < 1e-4);
            QCOMPARE(scored->tokens[i].token, tokens[i + 1]);
            QCOMPARE(scored->tokens[i].top.size(), 3U);
            const float best = *std::max_element(rows[i].begin(), rows[i].end());
            QCOMPARE(rows[i][static_cast<std::size_t>(scored->tokens[i].top[0].first)], best);
            QVERIFY(scored->tokens[i].top[0].second >= scored->tokens[i].top[1].second);
        }
    }

    void a_thousand_requests_some_cancelled_leave_no_page_behind() {
        TinyModel tiny = model("llama");
        tiny.layers = 1;
        TinyRuntime runtime(tiny, true, 12, 64);
        std::mt19937 random(11);
        std::vector<Answer> answers(1000);
        std::vector<RequestId> open;
        for (RequestId id = 0; id < 1000; ++id) {
            GenerateRequest made =
                request(random_tokens(1 + random() % 60, static_cast<unsigned>(random() % 5)),
                        static_cast<std::uint32_t>(1 + random() % 40), id);
            made.priority = random() % 3 == 0 ? Priority::background : Priority::interactive;
            submit(runtime, id, std::move(made), answers[id]);
            open.push_back(id);
            if (random() % 2 == 0) {
                runtime.scheduler->step(runtime.interrupt);
            }
            if (random() % 3 == 0) {
                const std::size_t which = random() % open.size();
                runtime.scheduler->cancel(open[which]);
                open.erase(open.begin() + static_cast<long>(which));
            }
            if (random() % 40 == 0) {
                runtime.run();
            }
        }
        runtime.run();
        std::size_t cancelled = 0;
        for (const Answer& answer : answers) {
            QCOMPARE(answer.ends, 1);
            QVERIFY(!answer.error);
            cancelled += answer.finished.reason == StopReason::cancelled ? 1 : 0;
        }
        QVERIFY(cancelled > 50);
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), 12U);
    }
};

QTEST_GUILESS_MAIN(TestScheduler)
#include "test_scheduler.moc"
