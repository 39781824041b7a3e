// SPDX-License-Identifier: Apache-2.0
// What nobody waits for: reading ahead, side jobs, and texts that two tasks have in common. None of it may
// change a bit of what a person gets.
#include <QtTest>

#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

GenerateRequest in_background(GenerateRequest made) {
    made.priority = Priority::background;
    return made;
}

}  // namespace

class TestSharing : public QObject {
    Q_OBJECT

    static void models() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::addRow("%s, reference", architecture) << architecture << true;
            QTest::addRow("%s, cpu", architecture) << architecture << false;
        }
    }

  private Q_SLOTS:
    void one_reads_what_two_have_in_common() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        const GenerateRequest first = request(prompt, 12, 5);
        const GenerateRequest second = request(joined(prompt, random_tokens(20, 9)), 12, 6);
        TinyRuntime runtime(model("llama"), true, 16, 64, small_chunks(16));
        std::vector<Answer> answers(3);
        submit(runtime, 1, first, answers[0]);
        submit(runtime, 2, second, answers[1]);
        submit(runtime, 3, first, answers[2]);
        runtime.run();
        QCOMPARE(answers[0].finished.cached_tokens, 0U);
        QCOMPARE(answers[1].finished.cached_tokens, 180U);
        QCOMPARE(answers[2].finished.cached_tokens, 179U);
        QVERIFY(answers[0].finished.tokens == answer_alone(model("llama"), first).finished.tokens);
        QVERIFY(answers[1].finished.tokens == answer_alone(model("llama"), second).finished.tokens);
        QVERIFY(answers[2].finished.tokens == answers[0].finished.tokens);
    }

    void one_that_comes_in_the_middle_waits_for_the_rest() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        TinyRuntime runtime(model("qwen3"), true, 16, 64, small_chunks(16));
        std::vector<Answer> answers(2);
        submit(runtime, 1, request(prompt, 5, 5), answers[0]);
        runtime.scheduler->step(runtime.interrupt);
        runtime.scheduler->step(runtime.interrupt);
        submit(runtime, 2, request(prompt, 5, 5), answers[1]);
        runtime.run();
        QCOMPARE(answers[1].finished.cached_tokens, 179U);
        QVERIFY(answers[0].finished.tokens == answers[1].finished.tokens);
    }

    void one_whose_leader_is_cancelled_reads_the_rest_itself() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        TinyRuntime runtime(model("llama"), true, 16, 64, small_chunks(16));
        std::vector<Answer> answers(2);
        submit(runtime, 1, request(prompt, 5, 5), answers[0]);
        submit(runtime, 2, request(prompt, 5, 5), answers[1]);
        for (int i = 0; i < 5; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QVERIFY(runtime.scheduler->cancel(1));
        runtime.run();
        QCOMPARE(answers[1].finished.cached_tokens, 80U);
        QVERIFY(answers[1].finished.tokens ==
                answer_alone(model("llama"), request(prompt, 5, 5)).finished.tokens);
    }

    void a_person_does_not_wait_for_what_is_read_ahead() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        SchedulerSettings settings = small_chunks(16);
        settings.background_step_ms = 0;
        settings.least_background = 16;
        TinyRuntime runtime(model("llama"), true, 16, 64, settings);
        Answer ahead;
        Answer answer;
        read_ahead(runtime, 1, joined(prompt, random_tokens(40, 8)), ahead);
        for (int i = 0; i < 5; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        submit(runtime, 2, request(prompt, 5, 5), answer);
        while (answer.ends == 0) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QCOMPARE(ahead.ends, 0);
        QCOMPARE(answer.finished.cached_tokens, 64U);  // of the 80 that were read, the full page
        QVERIFY(answer.finished.tokens ==
                answer_alone(model("llama"), request(prompt, 5, 5)).finished.tokens);
        // The other way round: what the person's request has read is not read again.
        std::size_t steps = 0;
        for (; !runtime.scheduler->idle(); ++steps) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QVERIFY(ahead.prefilled && ahead.prefilled->complete);
        QCOMPARE(ahead.prefilled->tokens, 220U);
        QVERIFY2(steps <= 3, qPrintable(QString::number(steps)));  // 40 tokens in chunks of 16
    }

    /// A person's request overtook it and has read all of its text by the time it is to go on.
    void what_another_has_read_meanwhile_ends() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        SchedulerSettings settings = small_chunks(16);
        settings.background_step_ms = 0;
        settings.least_background = 16;
        TinyRuntime runtime(model("llama"), true, 16, 64, settings);
        Answer ahead;
        Answer answer;
        read_ahead(runtime, 1, prompt, ahead);
        runtime.scheduler->step(runtime.interrupt);
        submit(runtime, 2, request(joined(prompt, {1, 2, 3}), 5, 5), answer);
        for (int i = 0; i < 100 && !runtime.scheduler->idle(); ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QCOMPARE(answer.ends, 1);
        QCOMPARE(ahead.ends, 1);
        QVERIFY(ahead.prefilled && ahead.prefilled->complete);
        QCOMPARE(ahead.prefilled->tokens, 180U);
        QVERIFY(runtime.scheduler->idle());
    }

    /// It has ended before its step began; a step that is short of pages must not pause it to begin it again.
    void what_is_known_already_ends_once() {
        const std::vector<TokenId> known = random_tokens(128, 3);
        SchedulerSettings settings;
        settings.background_step_ms = 0;
        settings.least_background = 16;
        TinyRuntime runtime(model("llama"), true, 6, 64, settings);
        Answer first;
        read_ahead(runtime, 1, known, first);
        runtime.run();
        Answer large;
        read_ahead(runtime, 2, random_tokens(300, 4), large);
        while (runtime.cache->pool().free_count() > 0) {
            runtime.scheduler->step(runtime.interrupt);
        }
        std::vector<Answer> again(8);
        const std::vector<TokenId> start(known.begin(), known.begin() + 64);  // is not evicted
        for (RequestId i = 0; i < again.size(); i += 2) {
            read_ahead(runtime, 3 + i, known, again[i]);
            read_ahead(runtime, 4 + i, start, again[i + 1]);
            runtime.scheduler->step(runtime.interrupt);
        }
        runtime.run();
        QCOMPARE(large.ends, 1);
        for (const Answer& one : again) {
            QCOMPARE(one.ends, 1);
        }
    }

    void private_texts_are_not_shared() {
        const std::vector<TokenId> prompt = random_tokens(180, 3);
        TinyRuntime runtime(model("llama"), true, 16, 64, small_chunks(16));
        std::vector<Answer> answers(2);
        GenerateRequest made = request(prompt, 3, 5);
        made.cache = {7, true};
        submit(runtime, 1, made, answers[0]);
        made.cache = {8, false};
        submit(runtime, 2, made, answers[1]);
        runtime.scheduler->step(runtime.interrupt);
        runtime.scheduler->step(runtime.interrupt);
        QCOMPARE(answers[1].prefill.size(), 1U);  // begun; control below: the same of one owner waits
        runtime.run();
        made.cache = {8, true};
        TinyRuntime open(model("llama"), true, 16, 64, small_chunks(16));
        std::vector<Answer> same(2);
        submit(open, 1, made, same[0]);
        submit(open, 2, made, same[1]);
        open.scheduler->step(open.interrupt);
        open.scheduler->step(open.interrupt);
        QCOMPARE(same[1].prefill.size(), 0U);
        open.run();
    }

    void a_cancelled_prefill_keeps_what_was_read() {
        const std::vector<TokenId> prompt = random_tokens(200, 3);
        SchedulerSettings settings;
        settings.background_step_ms = 0;
        settings.least_background = 24;
        TinyRuntime runtime(model("qwen2"), true, 16, 64, settings);
        Answer ahead;
        Answer answer;
        read_ahead(runtime, 1, prompt, ahead);
        for (int i = 0; i < 5; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QVERIFY(runtime.scheduler->unhurried());
        QVERIFY(runtime.scheduler->cancel(1));
        QCOMPARE(ahead.ends, 1);
        QVERIFY(ahead.prefilled && !ahead.prefilled->complete);
        QCOMPARE(ahead.prefilled->tokens, 120U);
        submit(runtime, 2, request(prompt, 5, 5), answer);
        QVERIFY(!runtime.scheduler->unhurried());
        runtime.run();
        QCOMPARE(answer.finished.cached_tokens, 120U);
    }

    void a_side_job_costs_its_own_tokens_and_leaves_none() {
        const std::vector<TokenId> chat = random_tokens(150, 3);
        const std::vector<TokenId> title = joined(chat, random_tokens(12, 4));
        TinyRuntime runtime(model("llama"), true, 16);
        Answer talk;
        Answer side;
        submit(runtime, 1, request(chat, 10, 5), talk);
        runtime.run();
        submit(runtime, 2, in_background(request(title, 8, 6)), side);
        runtime.run();
        QCOMPARE(side.finished.cached_tokens, 150U);
        // The next turn finds the whole conversation; nobody finds what the side job wrote.
        Answer next;
        submit(runtime, 3, request(joined(joined(chat, talk.finished.tokens), random_tokens(9, 1)), 4), next);
        runtime.run();
        QVERIFY(next.finished.cached_tokens >= 159U);
        Answer longer;
        submit(runtime, 4, request(joined(joined(title, side.finished.tokens), {1, 2, 3}), 4), longer);
        runtime.run();
        QVERIFY(longer.finished.cached_tokens <= title.size());
    }

    void a_side_job_pushes_out_others_but_not_the_conversation() {
        const std::vector<TokenId> chat = random_tokens(150, 3);
        const std::vector<TokenId> old = random_tokens(110, 8);
        TinyRuntime runtime(model("llama"), true,
                            5);  // two pages for the old text, three for the conversation
        Answer before;
        Answer talk;
        submit(runtime, 1, request(old, 3, 5), before);
        runtime.run();
        submit(runtime, 2, request(chat, 10, 5), talk);
        runtime.run();
        QCOMPARE(runtime.cache->pool().free_count(), 0U);
        for (unsigned round = 0; round < 5; ++round) {  // each needs a page of its own
            Answer side;
            submit(runtime, 10 + round,
                   in_background(request(joined(chat, random_tokens(12, 20 + round)), 8)), side);
            runtime.run();
            QCOMPARE(side.ends, 1);
            QVERIFY(side.finished.cached_tokens >= 150U);
        }
        Answer next;
        submit(runtime, 3, request(joined(joined(chat, talk.finished.tokens), random_tokens(9, 1)), 4), next);
        runtime.run();
        QVERIFY2(next.finished.cached_tokens >= 159U,
                 qPrintable(QString::number(next.finished.cached_tokens)));
        Answer again;  // control: something was pushed out
        submit(runtime, 4, request(old, 3, 5), again);
        runtime.run();
        QVERIFY(again.finished.cached_tokens < 109U);
    }

    void a_full_house_of_side_jobs_lets_a_person_in() {
        SchedulerSettings settings;
        settings.max_active = 3;
        TinyRuntime runtime(model("llama"), true, 24, 64, settings);
        std::vector<Answer> side(4);
        for (unsigned i = 0; i < 4; ++i) {
            submit(runtime, 10 + i, in_background(request(random_tokens(40, i), 30, i)), side[i]);
        }
        runtime.scheduler->step(runtime.interrupt);
        Answer answer;
        submit(runtime, 2, request(random_tokens(40, 9), 5), answer);
        while (answer.ends == 0) {
            runtime.scheduler->step(runtime.interrupt);
        }
        for (const Answer& one : side) {
            QCOMPARE(one.ends, 0);
        }
        runtime.run();
        for (unsigned i = 0; i < 4; ++i) {
            QVERIFY(side[i].finished.tokens ==
                    answer_alone(model("llama"), request(random_tokens(40, i), 30, i)).finished.tokens);
        }
    }

    void no_way_of_reading_changes_a_bit_data() { models(); }
    void no_way_of_reading_changes_a_bit() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        const std::vector<TokenId> chat = random_tokens(130, 9);
        const std::vector<TokenId> tokens = joined(chat, random_tokens(60, 10));
        TinyRuntime fresh(model(architecture), reference);
        const Logits cold = probe(fresh, tokens, false);
        QVERIFY(same_bits(cold, probe(fresh, tokens, false)));  // warm

        // Read ahead in small pieces, cancelled, forked by a side job, followed by another, paused for a
        // third.
        SchedulerSettings settings = small_chunks(23);
        settings.background_step_ms = 0;
        settings.least_background = 13;
        TinyRuntime runtime(model(architecture), reference, 16, 64, settings);
        Answer ahead;
        Answer side;
        Answer other;
        read_ahead(runtime, 1, chat, ahead);
        for (int i = 0; i < 4; ++i) {
            runtime.interrupt = i == 2;  // a broken step
            runtime.scheduler->step(runtime.interrupt);
        }
        runtime.scheduler->cancel(1);
        submit(runtime, 2, in_background(request(joined(chat, random_tokens(11, 2)), 5)), side);
        runtime.scheduler->step(runtime.interrupt);
        Logits by_itself;
        Logits following;
        runtime.scheduler->add(std::make_unique<Probe>(3, tokens, by_itself, false, Priority::background));
        runtime.scheduler->add(std::make_unique<Probe>(4, tokens, following, false, Priority::background));
        for (int i = 0; i < 3; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        submit(runtime, 5, request(random_tokens(50, 77), 6), other);
        runtime.run();
        QVERIFY(same_bits(cold, by_itself));
        QVERIFY(same_bits(cold, following));
        // Control: another text does differ.
        std::vector<TokenId> wrong = tokens;
        wrong[185] = (wrong[185] + 1) % 256;
        QVERIFY(!same_bits(cold, probe(runtime, wrong, false)));
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), runtime.cache->pool().page_count());
    }
};

QTEST_GUILESS_MAIN(TestSharing)
#include "test_sharing.moc"
