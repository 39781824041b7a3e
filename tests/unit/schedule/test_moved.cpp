// SPDX-License-Identifier: Apache-2.0
// Branches that share pages, and texts put together of what branches wrote: bit-identical where it is exact,
// and accounted for to the token.
#include <QtTest>

#include "tests/unit/schedule/branches.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

class TestMoved : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_branch_writes_what_it_writes_alone_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        QTest::addColumn<int>("window_pages");
        for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
            QTest::addRow("%s, reference", architecture) << architecture << true << 0;
            QTest::addRow("%s, cpu", architecture) << architecture << false << 0;
        }
        QTest::addRow("windows, cpu") << "gemma3" << false << 60;
    }
    void a_branch_writes_what_it_writes_alone() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        QFETCH(int, window_pages);
        const Family family;
        const auto windows = static_cast<std::size_t>(window_pages);
        TinyModel tiny = large(architecture);
        tiny.window = windows > 0 ? 32 : 200;
        const auto alone = [&](const std::vector<TokenId>& text) {
            TinyRuntime runtime(tiny, reference, 60, 64, {}, windows);
            Written written;
            runtime.scheduler->add(std::make_unique<Writer>(1, text, 0, 20, written));
            runtime.run();
            return written;
        };
        for (const bool broken : {false, true}) {
            TinyRuntime runtime(tiny, reference, 60, 64, {}, windows);
            Written outline;
            runtime.scheduler->add(std::make_unique<Writer>(1, family.chat, 0, 12, outline));
            runtime.run();
            const std::vector<TokenId> trunk = joined(family.chat, outline.tokens);
            if (broken) {  // control: something else in a page that all of them share
                QVERIFY(CacheFaults::reuse_page(*runtime.cache, 0));
            }
            std::vector<Written> written(kBranches);
            for (RequestId i = 0; i < kBranches; ++i) {
                runtime.scheduler->add(
                    std::make_unique<Writer>(2 + i, joined(trunk, family.suffix(i)), 0, 20, written[i]));
            }
            runtime.run();
            std::size_t same = 0;
            for (std::size_t i = 0; i < kBranches; ++i) {
                QVERIFY(written[i].ended && written[i].logits.size() == 20);
                same += same_bits(written[i].logits, alone(joined(trunk, family.suffix(i))).logits) ? 1 : 0;
            }
            QCOMPARE(same, broken ? 0U : kBranches);
        }
    }

    /// All suffixes are read in one pass, and a branch that ends leaves its lane to the next at once.
    void branches_take_as_many_steps_as_their_tokens() {
        const Family family;
        SchedulerSettings settings;
        settings.mixed_step_ms = settings.prefill_step_ms = 1e9;  // however busy the machine is
        TinyRuntime runtime(large("llama"), false, 80, 512, settings);
        Answer ahead;
        read_ahead(runtime, 1, family.chat, ahead);
        runtime.run();
        std::uint64_t before = runtime.scheduler->work().steps;
        std::vector<Written> written(kBranches + 2);
        const auto branch = [&](std::size_t i, std::size_t tokens) {
            return std::make_unique<Writer>(2 + i, joined(family.chat, family.suffix(i)), 0, tokens,
                                            written[i]);
        };
        for (std::size_t i = 0; i < kBranches; ++i) {
            runtime.scheduler->add(branch(i, 20));
        }
        runtime.run();
        QCOMPARE(runtime.scheduler->work().steps - before, 20U);

        written.assign(kBranches + 2, {});
        before = runtime.scheduler->work().steps;
        for (std::size_t i = 0; i < kBranches; ++i) {
            runtime.scheduler->add(branch(i, i < 2 ? 5 : 18));
        }
        for (std::size_t next = kBranches; !runtime.scheduler->idle();) {
            runtime.scheduler->step(runtime.interrupt);
            for (; next < written.size() && written[next - kBranches].ended; ++next) {
                runtime.scheduler->add(branch(next, 20));
            }
        }
        QVERIFY(written.back().ended);
        QCOMPARE(runtime.scheduler->work().steps - before, 5U + 20U);
    }

    /// Eight instructions that differ in a number and a title.
    void what_all_suffixes_begin_with_is_read_once() {
        const Family family;
        TinyRuntime runtime(large("llama"), false, 80);
        Answer ahead;
        read_ahead(runtime, 1, family.chat, ahead);
        runtime.run();
        const std::uint64_t before = runtime.scheduler->work().rows;
        std::vector<Answer> points(kBranches);
        std::size_t rows = family.question.size();
        for (std::size_t i = 0; i < kBranches; ++i) {
            const std::vector<TokenId> suffix = joined(family.question, family.suffix(i));
            rows += family.suffix(i).size();
            submit(runtime, 2 + i, request(joined(family.chat, suffix), 1, i), points[i]);
        }
        runtime.run();
        QCOMPARE(runtime.scheduler->work().rows - before, std::uint64_t{rows});
        for (std::size_t i = 1; i < kBranches; ++i) {
            QCOMPARE(points[i].finished.cached_tokens, 124U);
        }
    }

    void each_token_is_cached_moved_or_read() {
        const Family family;
        TinyRuntime runtime(large("llama"), true, 80);
        Answer outline;
        submit(runtime, 1, request(family.chat, 12, 5), outline);
        runtime.run();
        const auto rows_of = [](const Answer& answer) {
            const FinishedEvent& f = answer.finished;
            const std::size_t drawn = f.tokens.size() + (f.reason == StopReason::end_of_text ? 1 : 0);
            return f.prompt_tokens - f.cached_tokens - f.moved_tokens + drawn - 1;
        };
        QCOMPARE(runtime.scheduler->work().rows, std::uint64_t{rows_of(outline)});
        QCOMPARE(outline.finished.prompt_tokens - outline.finished.cached_tokens, 100U);
        const std::vector<TokenId> trunk = joined(family.chat, outline.finished.tokens);

        // The second stage reads its suffixes, and the outline's last token, which was drawn but not read.
        std::uint64_t before = runtime.scheduler->work().rows;
        std::vector<Answer> points(kBranches);
        std::vector<std::vector<TokenId>> texts;
        for (std::size_t i = 0; i < kBranches; ++i) {
            texts.push_back(joined(trunk, family.suffix(i)));
            submit(runtime, 2 + i, request(texts.back(), 30, i), points[i]);
        }
        runtime.run();
        std::size_t rows = 0;
        for (std::size_t i = 0; i < kBranches; ++i) {
            const FinishedEvent& f = points[i].finished;
            QCOMPARE(std::size_t{f.prompt_tokens - f.cached_tokens}, family.suffix(i).size() + 1);
            QCOMPARE(f.moved_tokens, 0U);
            rows += rows_of(points[i]);
        }
        QCOMPARE(runtime.scheduler->work().rows - before, std::uint64_t{rows});

        // The next turn: what the branches have read or written is moved, but for what none of them has read.
        std::vector<std::size_t> sizes;
        std::size_t unread = 0;
        for (std::size_t i = 0; i < kBranches; ++i) {
            const FinishedEvent& f = points[i].finished;
            texts[i] = joined(texts[i], f.tokens);
            sizes.push_back(f.tokens.size() + 3);
            unread += f.reason == StopReason::end_of_text ? 0 : 1;
        }
        const Stitched turn = stitch(family.chat, texts, sizes, kGlue, family.question);
        GenerateRequest made = request(turn.tokens, 10, 4);
        made.moved = turn.moved;
        before = runtime.scheduler->work().rows;
        const std::uint64_t steps = runtime.scheduler->work().steps;
        Answer next;
        submit(runtime, 20, made, next);
        runtime.run();
        const FinishedEvent& f = next.finished;
        const std::size_t all = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
        QCOMPARE(std::size_t{f.moved_tokens}, all - unread);
        QCOMPARE(f.cached_tokens, 100U);
        QCOMPARE(runtime.scheduler->work().rows - before, std::uint64_t{rows_of(next)});
        QCOMPARE(std::size_t{f.prompt_tokens - f.cached_tokens - f.moved_tokens},
                 kBranches * kGlue.size() + family.question.size() + unread);
        const std::size_t answer_steps = f.tokens.size() + (f.reason == StopReason::end_of_text ? 1 : 0);
        QCOMPARE(runtime.scheduler->work().steps - steps,
                 std::uint64_t{answer_steps});  // all rows of it at once
        GenerateRequest shortest = made;
        shortest.max_tokens = 1;
        Answer one;
        submit(runtime, 21, shortest, one);
        runtime.run();
        QCOMPARE(one.finished.moved_tokens, f.moved_tokens);
        qInfo("next turn: %u prompt tokens, %u cached, %u moved, %u read", f.prompt_tokens, f.cached_tokens,
              f.moved_tokens, f.prompt_tokens - f.cached_tokens - f.moved_tokens);
    }

    /// One layer's keys and values know nothing of what stood in front of them: only the angle is left.
    void moved_text_is_as_if_read_where_it_stands_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<bool>("reference");
        QTest::addColumn<int>("chunk");
        QTest::newRow("reference") << "llama" << true << 0;
        QTest::newRow("cpu") << "llama" << false << 0;
        QTest::newRow("cpu, row by row") << "qwen3" << false << 1;
        QTest::newRow("window, reference") << "gemma3" << true << 0;
        QTest::newRow("window, cpu") << "gemma3" << false << 0;
    }
    void moved_text_is_as_if_read_where_it_stands() {
        QFETCH(QString, architecture);
        QFETCH(bool, reference);
        QFETCH(int, chunk);
        const Family family;
        TinyModel tiny = large(architecture);
        tiny.layers = 1;
        TinyRuntime cold(tiny, reference, 40);
        TinyRuntime runtime(tiny, reference, 60, 64,
                            chunk > 0 ? small_chunks(static_cast<std::size_t>(chunk)) : SchedulerSettings());
        const auto contexts = read_contexts(runtime, 4);
        const Stitched text = stitch(family.chat, contexts, lengths(4), kGlue, family.question);
        const Written exact = read(*cold.scheduler, text.tokens, text.end);
        const Written moved = read(*runtime.scheduler, text.tokens, text.end, text.moved);
        QCOMPARE(moved.moved, 20U + 31U + 42U + 53U);
        const Written wrong = read(*runtime.scheduler, text.tokens, text.end, text.moved, forget_deltas);
        QCOMPARE(wrong.moved, moved.moved);
        qInfo("logits off by %g with the delta, by %g without",
              static_cast<double>(farthest(exact.logits, moved.logits)),
              static_cast<double>(farthest(exact.logits, wrong.logits)));
        QVERIFY(farthest(exact.logits, moved.logits) < 0.01F);
        QVERIFY(farthest(exact.logits, wrong.logits) > 10 * farthest(exact.logits, moved.logits));
    }

    /// However the rows are cut into steps and whoever runs beside them.
    void how_it_is_packed_changes_no_bit_data() {
        QTest::addColumn<QString>("architecture");
        QTest::addColumn<int>("window_pages");
        QTest::newRow("llama") << "llama" << 0;
        QTest::newRow("qwen2") << "qwen2" << 0;
        QTest::newRow("windows") << "gemma3" << 80;
    }
    void how_it_is_packed_changes_no_bit() {
        QFETCH(QString, architecture);
        QFETCH(int, window_pages);
        const auto windows = static_cast<std::size_t>(window_pages);
        const Family family;
        std::optional<Written> first;
        for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
            TinyRuntime runtime(large(architecture), false, 80, 64,
                                chunk > 0 ? small_chunks(chunk) : SchedulerSettings(), windows);
            const auto contexts = read_contexts(runtime, 4);
            const Stitched text = stitch(family.chat, contexts, lengths(4), kGlue, family.question);
            const Written now = read(*runtime.scheduler, text.tokens, text.end, text.moved);
            QCOMPARE(now.moved, 20U + 31U + 42U + 53U);
            if (!first) {
                first = now;
                // Control: read at its place it is something else.
                TinyRuntime cold(large(architecture), false, 80, 64, {}, windows);
                QVERIFY(!same_bits(read(*cold.scheduler, text.tokens, text.end).logits, now.logits));
            }
            QVERIFY(same_bits(first->logits, now.logits));
        }
    }

    /// Branches of a text that is put together itself: they take one another's pages, moved ones too.
    void branches_share_moved_text() {
        const Family family;
        const auto ask = [&](TinyRuntime& runtime, std::size_t from, std::size_t to) {
            const auto contexts = read_contexts(runtime, 4);
            const Stitched text = stitch(family.chat, contexts, lengths(4), kGlue, random_tokens(80, 9));
            std::vector<Written> written(kBranches);
            const std::uint64_t before = runtime.scheduler->work().rows;
            for (std::size_t i = from; i < to; ++i) {
                runtime.scheduler->add(std::make_unique<Writer>(2 + i, joined(text.tokens, family.suffix(i)),
                                                                0, 10, written[i], text.moved));
            }
            runtime.run();
            std::size_t suffixes = 0;
            for (std::size_t i = from; i < to; ++i) {
                suffixes += family.suffix(i).size() + 9;
            }
            // The trunk's own rows are read once: chat, glue, and what stands behind the last stretch.
            [&] {
                QCOMPARE(runtime.scheduler->work().rows - before, std::uint64_t{100 + 8 + 80 + suffixes});
            }();
            return written;
        };
        TinyRuntime runtime(large("llama"), false, 90);
        const std::vector<Written> together = ask(runtime, 0, kBranches);
        for (std::size_t i = 0; i < kBranches; ++i) {
            TinyRuntime own(large("llama"), false, 90);
            QVERIFY(same_bits(together[i].logits, ask(own, i, i + 1)[i].logits));
        }
        QCOMPARE(together[0].moved, 146U);
        QCOMPARE(together[1].moved, 0U);  // taken from the first, with all that it has read
    }

    /// A text that is to be read is not taken from one that has it put together.
    void what_is_exact_takes_nothing_moved() {
        const Family family;
        TinyRuntime cold(large("llama"), true, 60);
        TinyRuntime runtime(large("llama"), true, 90, 64, small_chunks(16));
        const auto contexts = read_contexts(runtime, 3);
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, random_tokens(200, 9));
        const Written want = read(*cold.scheduler, text.tokens, text.tokens.size() - 1);
        Written moved, exact, other;
        Stitched less = text;
        less.moved.pop_back();
        runtime.scheduler->add(std::make_unique<Writer>(1, text.tokens, 0, 1, moved, text.moved));
        runtime.scheduler->add(std::make_unique<Writer>(2, text.tokens, 0, 1, exact));
        runtime.scheduler->add(std::make_unique<Writer>(3, text.tokens, 0, 1, other, less.moved));
        runtime.run();
        QVERIFY(moved.moved > 0 && !same_bits(moved.logits, want.logits));
        QVERIFY(same_bits(exact.logits, want.logits));
        QVERIFY(!same_bits(other.logits, want.logits) && !same_bits(other.logits, moved.logits));
        // And the other way round: known text is not moved.
        Written again;
        runtime.scheduler->add(std::make_unique<Writer>(4, text.tokens, 0, 1, again, text.moved));
        runtime.run();
        QCOMPARE(again.moved, 0U);
        QVERIFY(same_bits(again.logits, want.logits));
    }

    void a_choice_may_stand_behind_moved_text() {
        const Family family;
        TinyRuntime runtime(large("llama"), true, 60);
        const auto contexts = read_contexts(runtime, 3);
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
        std::vector<float> want =
            read(*runtime.scheduler, text.tokens, text.tokens.size() - 1, text.moved).logits[0];
        log_softmax(want);
        ChooseRequest made;
        made.prompt = text.tokens;
        made.options = {5, 90};
        made.moved = text.moved;
        Answer answer;
        choose(runtime, 2, made, answer);
        runtime.run();
        QCOMPARE(answer.chosen->moved_tokens, 93U);
        QVERIFY(same_bits(answer.chosen->logprobs, {want[5], want[90]}));
    }

    void guesses_change_no_token_behind_moved_text() {
        const Family family;
        std::optional<Answer> plain;
        for (const bool speculate : {false, true}) {
            TinyRuntime runtime(large("llama"), false, 80);
            const auto contexts = read_contexts(runtime, 3);
            const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
            GenerateRequest made = request(text.tokens, 120);
            made.sampler.temperature = 0;  // random models run in circles
            made.moved = text.moved;
            made.speculate = speculate;
            Answer answer;
            submit(runtime, 1, made, answer);
            runtime.run();
            QCOMPARE(answer.finished.moved_tokens, 93U);
            if (!plain) {
                plain = answer;
            }
            QVERIFY(answer.finished.tokens == plain->finished.tokens);
            QCOMPARE(answer.finished.accepted_tokens > 0, speculate);
        }
    }

    void scores_begin_where_they_are_asked_for() {
        const Family family;
        TinyRuntime runtime(large("llama"), true, 60);
        const auto contexts = read_contexts(runtime, 3);
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
        const auto score = [&](ScoreRequest made) {
            ScoredEvent scored;
            runtime.scheduler->add(std::make_unique<Scoring>(5, std::move(made), [&](RequestId, Event event) {
                if (auto* done = std::get_if<ScoredEvent>(&event)) {
                    scored = std::move(*done);
                }
            }));
            runtime.run();
            return scored.tokens;
        };
        const auto from = static_cast<std::uint32_t>(text.end + 1);
        const auto moved = score({text.tokens, 1, from, text.moved});
        const Written rows = read(*runtime.scheduler, text.tokens, text.end, text.moved);
        const auto all = score({text.tokens, 1, 0, {}, {}, true});  // stays for the next one
        const std::uint64_t before = runtime.scheduler->work().rows;
        const auto tail = score({text.tokens, 1, from});
        QCOMPARE(runtime.scheduler->work().rows - before, std::uint64_t{family.question.size() - 1});
        QCOMPARE(tail.size(), family.question.size() - 1);
        QCOMPARE(moved.size(), tail.size());
        for (std::size_t i = 0; i < tail.size(); ++i) {
            std::vector<float> row = rows.logits[i];
            log_softmax(row);
            QCOMPARE(moved[i].token, family.question[i + 1]);
            QCOMPARE(moved[i].logprob, row[static_cast<std::size_t>(family.question[i + 1])]);
            QCOMPARE(tail[i].logprob, all[text.end + i].logprob);
        }
    }

    /// How far from exact a text is that was put together, and that other mistakes would be larger.
    void stitched_text_is_close_to_exact() {
        const Family family;
        TinyModel tiny = large("llama");
        double sums[4] = {0, 0, 0, 0};
        for (unsigned round = 0; round < 8; ++round) {
            TinyRuntime runtime(tiny, false, 90);
            const std::vector<TokenId> chat = random_tokens(100, 200 + round);
            std::vector<std::vector<TokenId>> contexts;
            for (std::size_t i = 0; i < 4; ++i) {
                contexts.push_back(joined(joined(chat, family.suffix(i)),
                                          random_tokens(40, 300 + 10 * round + static_cast<unsigned>(i))));
                Answer answer;
                read_ahead(runtime, 10 + i, contexts.back(), answer);
                runtime.run();
            }
            const std::vector<std::size_t> sizes(4, 40);
            const Stitched text = stitch(chat, contexts, sizes, kGlue, family.question);
            std::reverse(contexts.begin(), contexts.end());
            const Stitched backwards = stitch(chat, contexts, sizes, kGlue, family.question);
            TinyRuntime cold(tiny, false, 90);
            const Logits exact = read(*cold.scheduler, text.tokens, text.end).logits;
            sums[0] += mean_kl(exact, read(*runtime.scheduler, text.tokens, text.end, text.moved).logits);
            sums[1] +=
                mean_kl(exact, read(*runtime.scheduler, backwards.tokens, text.end, backwards.moved).logits);
            sums[2] += mean_kl(
                exact, read(*runtime.scheduler, text.tokens, text.end, text.moved, forget_deltas).logits);
            // Exact pages take its place.
            Answer answer;
            read_ahead(runtime, 20, text.tokens, answer);
            runtime.run();
            sums[3] += mean_kl(exact, read(*runtime.scheduler, text.tokens, text.end, text.moved).logits);
        }
        qInfo("mean KL: stitched %.3g, wrong order %.3g, delta 0 %.3g, after the swap %.3g", sums[0] / 8,
              sums[1] / 8, sums[2] / 8, sums[3] / 8);
        QVERIFY(sums[0] > 0);
        QVERIFY(sums[1] > 1.5 * sums[0]);
        QVERIFY(sums[2] > 1.5 * sums[0]);
        QCOMPARE(sums[3], 0.0);
    }
};

QTEST_GUILESS_MAIN(TestMoved)
#include "test_moved.moc"
