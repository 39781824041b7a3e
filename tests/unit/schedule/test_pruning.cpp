// SPDX-License-Identifier: Apache-2.0
// Pruned beginnings of texts: what stands behind them, what is left when they are given up, forgotten or
// pushed out. What they are worth is measured on real models (tests/bench/prune_bench).
#include <cmath>

#include <QtTest>

#include "engine/schedule/pruning.h"
#include "engine/schedule/scoring.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

PruneRequest prune_of(std::vector<TokenId> tokens, double keep, std::uint32_t from = 0,
                      PruneMethod method = PruneMethod::kvzip) {
    PruneRequest made;
    made.tokens = std::move(tokens);
    made.from = from;
    made.length = static_cast<std::uint32_t>(made.tokens.size()) - from;
    made.keep = keep;
    made.method = method;
    made.ask = {'s', 'a', 'y', ' ', 'i', 't'};
    return made;
}

void prune(TinyRuntime& runtime, RequestId id, PruneRequest made, Answer& answer) {
    const std::size_t context = runtime.forward->limits().max_positions;
    if (!runtime.backend->prepare_peaks(made.length)) {
        throw std::runtime_error("cannot prune");
    }
    runtime.scheduler->add(
        std::make_unique<Pruning>(id, std::move(made), into(answer), Clock::now(), *runtime.cache,
                                  PruneShape{runtime.config.layers, runtime.config.kv_heads, context}));
}

PrunedEvent pruned(TinyRuntime& runtime, PruneRequest made) {
    Answer answer;
    prune(runtime, 1, std::move(made), answer);
    runtime.run();
    if (!answer.pruned || answer.ends != 1) {
        throw std::runtime_error("not pruned");
    }
    return *answer.pruned;
}

/// As the engine does; false: it is gone.
bool behind(TinyRuntime& runtime, Task& task, const PrunedEvent& event) {
    const Frozen frozen = runtime.cache->pruned(event.key);
    if (frozen.key == 0) {
        return false;
    }
    View held = runtime.cache->match_pruned(event.key, task.tokens(), frozen.length, task.scope());
    const bool there = !held.empty();
    task.set_pruned(std::move(held));
    return there;
}

Logits probe_behind(TinyRuntime& runtime, const std::vector<TokenId>& tokens, const PrunedEvent& event) {
    Logits seen;
    auto task = std::make_unique<Probe>(1, tokens, seen, false);
    if (!behind(runtime, *task, event)) {
        throw std::runtime_error("gone");
    }
    runtime.scheduler->add(std::move(task));
    runtime.run();
    return seen;
}

bool answer_behind(TinyRuntime& runtime, RequestId id, GenerateRequest made, const PrunedEvent& event,
                   Answer& answer) {
    auto task = std::make_unique<Generation>(id, std::move(made), into(answer), runtime.tokenizer,
                                             runtime.forward->limits().max_positions, Clock::now());
    const bool there = behind(runtime, *task, event);
    runtime.scheduler->add(std::move(task));
    return there;
}

TinyModel longer(const char* architecture) {
    TinyModel made = model(architecture);
    made.context = 1024;
    return made;
}

bool all_free(const TinyRuntime& runtime) {
    return runtime.cache->pool().free_count() == runtime.cache->pool().page_count();
}

}  // namespace

Q_DECLARE_METATYPE(tendril::engine::PruneMethod)

class TestPruning : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void all_keys_are_the_whole_text_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        QTest::addColumn<int>("from");
        for (const char* architecture : {"llama", "qwen2"}) {
            for (const int from : {0, 64, 37}) {
                QTest::addRow("%s, reference, from %d", architecture, from) << architecture << true << from;
                QTest::addRow("%s, cpu, from %d", architecture, from) << architecture << false << from;
            }
        }
    }
    void all_keys_are_the_whole_text() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        QFETCH(int, from);
        const std::vector<TokenId> text = random_tokens(150, 3);
        const std::vector<TokenId> all = joined(text, random_tokens(30, 4));
        TinyRuntime whole(model(architecture), reference);
        const Logits want = probe(whole, all, false);
        TinyRuntime runtime(model(architecture), reference);
        const PrunedEvent event = pruned(runtime, prune_of(text, 1.0, static_cast<std::uint32_t>(from)));
        QCOMPARE(event.kept, static_cast<std::uint32_t>(150 - from));
        QVERIFY(same_bits(probe_behind(runtime, all, event), want));
        QVERIFY(runtime.cache->tree().fault().empty());
        const PrunedEvent half =
            pruned(runtime, prune_of(text, 0.5, static_cast<std::uint32_t>(from)));  // control
        QVERIFY(half.key != event.key && half.bytes_after < half.bytes_before);
        QVERIFY(!same_bits(probe_behind(runtime, all, half), want));
    }

    /// Rows behind stand at their positions in the text, and see what was gathered and nothing else.
    void rows_behind_stand_at_their_positions_data() {
        QTest::addColumn<PruneMethod>("method");
        QTest::newRow("kvzip") << PruneMethod::kvzip;
        QTest::newRow("snapkv") << PruneMethod::snapkv;
        QTest::newRow("random") << PruneMethod::random;
    }
    void rows_behind_stand_at_their_positions() {
        QFETCH(PruneMethod, method);
        const std::vector<TokenId> text = random_tokens(230, 5);
        const std::vector<TokenId> rest = random_tokens(9, 6);
        TinyRuntime runtime(longer("llama"), false, 32);
        const PrunedEvent event = pruned(runtime, prune_of(text, 0.4, 21, method));
        QCOMPARE(event.kept, 84U);
        const Logits got = probe_behind(runtime, joined(text, rest), event);
        // The same by hand.
        for (const bool right : {true, false}) {
            View view = runtime.cache->match_pruned(event.key, joined(text, rest), 230, {});
            QCOMPARE(view.length(), std::size_t{230});
            QCOMPARE(view.gap(), std::size_t{230 - 21 - 84});
            QVERIFY(runtime.cache->make_room(view, 9));
            std::vector<std::int32_t> positions(9);
            std::iota(positions.begin(), positions.end(), right ? 230 : 21 + 84);
            const std::vector<std::uint32_t> wanted = {8};
            const std::vector<StepView> views = {{0, 9, 21 + 84, view.segments(9)}};
            runtime.forward->run(rest, {views, positions}, wanted, runtime.interrupt);
            const auto logits = runtime.forward->logits(0, 1);
            QCOMPARE(same_bits(got.back(), {logits.begin(), logits.end()}), right);
        }
    }

    void what_is_read_behind_is_known_to_the_next() {
        const std::vector<TokenId> text = random_tokens(200, 7);
        TinyRuntime runtime(longer("qwen2"), false, 32);
        const PrunedEvent event = pruned(runtime, prune_of(text, 0.3));
        const std::vector<TokenId> question = joined(text, random_tokens(100, 8));
        Answer first;
        QVERIFY(answer_behind(runtime, 2, request(question, 20, 5), event, first));
        runtime.run();
        QCOMPARE(first.finished.cached_tokens, 200U);
        const std::uint64_t rows = runtime.scheduler->work().rows;
        Answer second;
        const std::vector<TokenId> next =
            joined(joined(question, first.finished.tokens), random_tokens(10, 9));
        QVERIFY(answer_behind(runtime, 3, request(next, 1, 5), event, second));
        runtime.run();
        QCOMPARE(second.finished.cached_tokens + 11, second.finished.prompt_tokens);
        QCOMPARE(runtime.scheduler->work().rows - rows, std::uint64_t{11});
        // Nothing of it is known as the text itself, and nothing of the text behind it.
        Answer plain;
        submit(runtime, 4, request(next, 1, 5), plain);
        runtime.run();
        QCOMPARE(plain.finished.cached_tokens, 200U);
        QVERIFY(runtime.cache->tree().fault().empty());
        for (const auto& [number, node] : runtime.cache->tree().unwritten()) {
            QVERIFY(node->text[0] != RadixTree::kFrozenSlot && node->root == runtime.cache->tree().root());
        }
    }

    void the_same_is_pruned_once() {
        const std::vector<TokenId> text = random_tokens(200, 10);
        TinyRuntime runtime(longer("llama"), false, 32);
        const PrunedEvent first = pruned(runtime, prune_of(text, 0.5));
        const std::uint64_t rows = runtime.scheduler->work().rows;
        const PrunedEvent again = pruned(runtime, prune_of(text, 0.5));
        QCOMPARE(runtime.scheduler->work().rows, rows);
        QCOMPARE(again.key, first.key);
        QVERIFY(pruned(runtime, prune_of(text, 0.4)).key != first.key);
        QVERIFY(pruned(runtime, prune_of(text, 0.5, 10)).key != first.key);
    }

    /// After any number of steps: nothing is left but the text as far as it was read.
    void given_up_it_leaves_no_trace() {
        const std::vector<TokenId> text = random_tokens(300, 11);
        bool ended = false;
        for (int steps = 0; !ended; ++steps) {
            TinyRuntime runtime(longer("llama"), false, 32);
            Answer answer;
            prune(runtime, 1, prune_of(text, 0.5), answer);
            for (int i = 0; i < steps && !runtime.scheduler->idle(); ++i) {
                runtime.scheduler->step(runtime.interrupt);
            }
            ended = answer.pruned.has_value();
            if (ended) {
                qInfo("%d steps and pieces", steps);
                QVERIFY(steps > 10);
                break;
            }
            QVERIFY(runtime.scheduler->cancel(1));
            QVERIFY(answer.error && answer.error->code == ErrorCode::cancelled && answer.ends == 1);
            QVERIFY2(runtime.cache->tree().fault().empty(), runtime.cache->tree().fault().c_str());
            QVERIFY(runtime.cache->tree().token_count() <= 300);
            const std::size_t kept = (runtime.cache->tree().token_count() + 63) / 64;
            QCOMPARE(runtime.cache->pool().page_count() - runtime.cache->pool().free_count(), kept);
            const Logits got = probe(runtime, text, false);
            TinyRuntime fresh(longer("llama"), false, 32);
            QVERIFY(same_bits(got, probe(fresh, text, false)));
        }
    }

    void a_broken_step_changes_nothing_data() { rows_behind_stand_at_their_positions_data(); }
    void a_broken_step_changes_nothing() {
        QFETCH(PruneMethod, method);
        const std::vector<TokenId> text = random_tokens(300, 12);
        const std::vector<TokenId> all = joined(text, random_tokens(5, 13));
        TinyRuntime calm(longer("llama"), false, 32);
        const Logits want = probe_behind(calm, all, pruned(calm, prune_of(text, 0.5, 0, method)));
        TinyRuntime broken(longer("llama"), false, 32);
        Answer answer;
        prune(broken, 1, prune_of(text, 0.5, 0, method), answer);
        for (int i = 0; !broken.scheduler->idle(); ++i) {
            broken.interrupt = i % 2 == 0;
            broken.scheduler->step(broken.interrupt);
        }
        broken.interrupt = false;
        QVERIFY(answer.pruned.has_value());
        QVERIFY(same_bits(probe_behind(broken, all, *answer.pruned), want));
    }

    void a_person_is_answered_first() {
        const std::vector<TokenId> text = random_tokens(300, 14);
        TinyRuntime runtime(longer("llama"), false, 32);
        Answer background;
        prune(runtime, 1, prune_of(text, 0.5), background);
        for (int i = 0; i < 8; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        Answer answer;
        submit(runtime, 2, request(random_tokens(20, 15), 10), answer);
        while (answer.ends == 0) {
            runtime.scheduler->step(runtime.interrupt);
            QCOMPARE(background.ends, 0);
        }
        runtime.run();
        QVERIFY(background.pruned.has_value());
    }

    void forgetting_and_clearing_take_it() {
        const std::vector<TokenId> text = random_tokens(200, 16);
        for (const int how : {0, 1, 2, 3}) {
            TinyRuntime runtime(longer("llama"), false, 32);
            PruneRequest made = prune_of(text, 0.5);
            made.cache = {7, how == 1};
            const PrunedEvent event = pruned(runtime, made);
            if (how == 3) {  // two owners
                PruneRequest other = made;
                other.cache = {8, false};
                GenerateRequest ask = request(joined(text, random_tokens(5, 1)), 3);
                ask.cache = {8, false};
                Answer answer;
                QVERIFY(answer_behind(runtime, 2, ask, event, answer));
                runtime.run();
            }
            if (how == 1) {  // private: nobody else's
                QVERIFY(runtime.cache->match_pruned(event.key, text, 200, {8, true}).empty());
                QVERIFY(runtime.cache->match_pruned(event.key, text, 200, {}).empty());
            }
            std::vector<TokenId> other = text;
            other[30] = (other[30] + 1) % 256;
            QVERIFY(runtime.cache->match_pruned(event.key, other, 200, {7, how == 1}).empty());
            QVERIFY(!runtime.cache->match_pruned(event.key, text, 200, {7, how == 1}).empty());
            how == 2 ? runtime.cache->clear() : runtime.cache->forget(7);
            QCOMPARE(runtime.cache->pruned(event.key).key == 0, how != 3);
            QVERIFY(runtime.cache->tree().fault().empty());
            QCOMPARE(all_free(runtime), how != 3);
            runtime.cache->forget(8);
            QVERIFY(runtime.cache->pruned(event.key).key == 0 && all_free(runtime));
        }
    }

    void forgotten_while_it_runs() {
        const std::vector<TokenId> text = random_tokens(200, 17);
        TinyRuntime runtime(longer("llama"), false, 32);
        PruneRequest made = prune_of(text, 0.5);
        made.cache = {7, false};
        Answer answer;
        prune(runtime, 1, made, answer);
        for (int i = 0; i < 6; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        runtime.scheduler->forget(7);
        runtime.cache->forget(7);
        runtime.run();
        QVERIFY(answer.error.has_value() && answer.ends == 1);
        QVERIFY(all_free(runtime) && runtime.cache->tree().fault().empty());
    }

    void short_of_memory_it_goes_and_whoever_reads_behind_it_stays() {
        const std::vector<TokenId> text = random_tokens(300, 18);
        const std::vector<TokenId> question = joined(text, random_tokens(10, 19));
        TinyRuntime wide(longer("llama"), false, 40);
        Answer want;
        const PrunedEvent there = pruned(wide, prune_of(text, 0.5));
        QVERIFY(answer_behind(wide, 2, request(question, 60, 3), there, want));
        wide.run();

        TinyRuntime runtime(longer("llama"), false, 13);
        const PrunedEvent event = pruned(runtime, prune_of(text, 0.5));
        QCOMPARE(event.key, there.key);
        Answer answer;
        GenerateRequest slow = request(question, 60, 3);
        slow.priority = Priority::background;
        QVERIFY(answer_behind(runtime, 2, slow, event, answer));
        for (int i = 0; i < 10; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        Answer other;  // takes all that is left, and pushes the one behind the pruned text out
        submit(runtime, 3, request(random_tokens(500, 20), 30), other);
        runtime.run();
        QCOMPARE(other.ends, 1);
        QVERIFY(!other.error);
        QCOMPARE(answer.ends, 1);
        QCOMPARE(answer.finished.tokens, want.finished.tokens);
        Answer last;
        submit(runtime, 4, request(random_tokens(800, 21), 5), last);
        runtime.run();
        QVERIFY(!last.error && runtime.cache->pruned(event.key).key == 0);
        QVERIFY2(runtime.cache->tree().fault().empty(), runtime.cache->tree().fault().c_str());
        Answer late;
        QVERIFY(!answer_behind(runtime, 5, request(question, 5), event, late));
        runtime.scheduler->cancel_all();
    }

    void too_little_memory_is_said() {
        TinyRuntime runtime(longer("llama"), false, 7);
        Answer answer;
        prune(runtime, 1, prune_of(random_tokens(300, 22), 0.9), answer);
        runtime.run();
        QVERIFY(answer.error && answer.error->code == ErrorCode::out_of_memory && answer.ends == 1);
        QVERIFY(runtime.cache->tree().fault().empty());
        QCOMPARE(runtime.cache->tree().token_count(), std::uint64_t{300});  // the text itself is there
    }

    void a_pruning_that_pauses_comes_out_the_same() {
        const std::vector<TokenId> text = random_tokens(250, 23);
        const std::vector<TokenId> all = joined(text, random_tokens(5, 24));
        TinyRuntime wide(longer("llama"), false, 40);
        const Logits want = probe_behind(wide, all, pruned(wide, prune_of(text, 0.5)));
        TinyRuntime runtime(longer("llama"), false, 14);
        Answer answer;
        prune(runtime, 1, prune_of(text, 0.5), answer);
        for (int round = 0; answer.ends == 0; ++round) {
            for (int i = 0; i < 3 + round; ++i) {
                runtime.scheduler->step(runtime.interrupt);
            }
            Answer other;  // needs nearly all pages
            submit(runtime, 100 + static_cast<RequestId>(round), request(random_tokens(750, 30), 3), other);
            while (other.ends == 0) {
                runtime.scheduler->step(runtime.interrupt);
            }
            QVERIFY(!other.error && round < 100);
        }
        QVERIFY(answer.pruned.has_value());
        const PrunedEvent event = pruned(runtime, prune_of(text, 0.5));
        QVERIFY(same_bits(probe_behind(runtime, all, event), want));
    }

    void scores_and_prefills_stand_behind_it_too() {
        const std::vector<TokenId> text = random_tokens(200, 25);
        const std::vector<TokenId> all = joined(text, random_tokens(40, 26));
        TinyRuntime runtime(longer("llama"), false, 32);
        const PrunedEvent event = pruned(runtime, prune_of(text, 0.5));
        Answer scored;
        ScoreRequest score;
        score.tokens = all;
        score.from = 201;
        auto scoring = std::make_unique<Scoring>(2, score, into(scored));
        QVERIFY(behind(runtime, *scoring, event));
        runtime.scheduler->add(std::move(scoring));
        runtime.run();
        QCOMPARE(scored.scored->tokens.size(), std::size_t{39});
        std::vector<float> last = probe_behind(runtime, {all.begin(), all.end() - 1}, event).back();
        QVERIFY(log_softmax(last));
        QCOMPARE(scored.scored->tokens.back().logprob, last[static_cast<std::size_t>(all.back())]);
        Answer read;
        auto prefill = std::make_unique<Prefill>(3, PrefillRequest{all, {}, true}, into(read), Clock::now());
        QVERIFY(behind(runtime, *prefill, event));
        runtime.scheduler->add(std::move(prefill));
        runtime.run();
        QCOMPARE(read.prefilled->tokens, 240U);
        QVERIFY(read.prefilled->complete);
    }
};

QTEST_GUILESS_MAIN(TestPruning)
#include "test_pruning.moc"
