// SPDX-License-Identifier: Apache-2.0
// Texts put together of what others wrote, when things go wrong: never kept, never shown to others, read when
// their pages are lost or do not fit, and gone when they are cancelled.
#include <QtTest>

#include "tests/unit/schedule/branches.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

class TestMovedTrouble : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void lost_pages_are_read() {
        const Family family;
        TinyRuntime runtime(large("llama"), true, 60);
        TinyRuntime cold(large("llama"), true, 60);
        std::vector<std::vector<TokenId>> contexts = read_contexts(runtime, 3);
        contexts[1] = random_tokens(97, 1000);  // never read
        contexts[2].resize(contexts[2].size() - 1);
        contexts[2].push_back(255);
        contexts[2].push_back(254);  // all but its last two tokens were read
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
        const Written some = read(*runtime.scheduler, text.tokens, text.end, text.moved);
        QCOMPARE(some.moved, 20U + 0U + 40U);
        runtime.cache->forget_kept();
        const Written none = read(*runtime.scheduler, text.tokens, text.end, text.moved);
        QCOMPARE(none.moved, 0U);
        QVERIFY(same_bits(none.logits, read(*cold.scheduler, text.tokens, text.end).logits));
    }

    void a_private_text_is_moved_for_its_owner_only() {
        const Family family;
        const auto ask = [&](CacheScope scope) {
            TinyRuntime runtime(large("llama"), true, 60);
            const auto contexts = read_contexts(runtime, 2, {7, true});
            const Stitched text = stitch(family.chat, contexts, lengths(2), kGlue, family.question);
            Written written;
            runtime.scheduler->add(
                std::make_unique<Writer>(1, text.tokens, 0, 3, written, text.moved, scope));
            runtime.run();
            return written.moved;
        };
        QCOMPARE(ask({8, false}), 0U);
        QCOMPARE(ask({8, true}), 0U);
        QCOMPARE(ask({7, false}), 0U);
        QCOMPARE(ask({7, true}), 51U);
    }

    void pauses_for_want_of_pages_lose_nothing() {
        const Family family;
        // Enough for a branch and what it moves, not for all of them.
        TinyRuntime runtime(large("llama"), true, 22, 64, small_chunks(32));
        const auto contexts = read_contexts(runtime, 3);
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, random_tokens(50, 9));
        std::vector<Written> written(kBranches);
        for (std::size_t i = 0; i < kBranches; ++i) {
            runtime.scheduler->add(std::make_unique<Writer>(
                2 + i, joined(text.tokens, random_tokens(100, 30 + static_cast<unsigned>(i))), 0, 60,
                written[i], text.moved));
        }
        std::size_t most = 0;
        while (!runtime.scheduler->idle()) {
            runtime.scheduler->step(runtime.interrupt);
            most = std::max(most, runtime.cache->pool().page_count() - runtime.cache->pool().free_count());
        }
        QCOMPARE(most, std::size_t{22});  // it was tight
        for (const Written& one : written) {
            QVERIFY(one.ended && one.logits.size() == 60);
        }
        QCOMPARE(runtime.cache->tree().fault(), std::string());
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), std::size_t{22});
    }

    /// Moved stretches need more pages than the text that they make: then it is read.
    void a_text_that_fits_only_when_read_is_read() {
        TinyRuntime runtime(large("llama"), true, 12);
        TinyRuntime cold(large("llama"), true, 12);
        const std::vector<TokenId> context = random_tokens(300, 6);
        Answer answer;
        read_ahead(runtime, 1, context, answer);
        runtime.run();
        std::vector<std::vector<TokenId>> contexts;
        for (std::size_t i = 0; i < 8; ++i) {
            contexts.emplace_back(context.begin(),
                                  context.begin() + 40 + static_cast<std::ptrdiff_t>(30 * i));
        }
        const Stitched text = stitch(random_tokens(30, 7), contexts, std::vector<std::size_t>(8, 25), kGlue,
                                     random_tokens(400, 8));
        const Written moved = read(*runtime.scheduler, text.tokens, text.tokens.size() - 1, text.moved);
        QVERIFY(moved.ended);
        QVERIFY(same_bits(moved.logits, read(*cold.scheduler, text.tokens, text.tokens.size() - 1).logits));
        // Control: with a few pages more it is moved.
        TinyRuntime larger(large("llama"), true, 30);
        read_ahead(larger, 1, context, answer);
        larger.run();
        QCOMPARE(read(*larger.scheduler, text.tokens, text.tokens.size() - 1, text.moved).moved, 200U);
    }

    void a_broken_step_is_done_again() {
        const Family family;
        std::optional<Written> first;
        for (const bool interrupted : {false, true}) {
            TinyRuntime runtime(large("llama"), false, 60);
            const auto contexts = read_contexts(runtime, 4);
            const Stitched text = stitch(family.chat, contexts, lengths(4), kGlue, family.question);
            Written written;
            runtime.scheduler->add(std::make_unique<Writer>(1, text.tokens, 0, 10, written, text.moved));
            for (int i = 0; !runtime.scheduler->idle(); ++i) {
                runtime.interrupt = interrupted && i % 2 == 0;
                runtime.scheduler->step(runtime.interrupt);
            }
            QCOMPARE(written.moved, 146U);
            if (!first) {
                first = written;
            }
            QVERIFY(same_bits(written.logits, first->logits));
        }
    }

    /// A step that fails has written nothing that could be kept.
    void a_failed_step_leaves_nothing_wrong() {
        const Family family;
        bool damaged = false;
        SchedulerSettings settings;
        settings.check = [&damaged]() -> Status {
            return damaged ? Status(fail(ErrorCode::malformed, "Damaged.")) : Status();
        };
        TinyRuntime runtime(large("llama"), true, 60, 64, settings);
        const auto contexts = read_contexts(runtime, 3);
        const std::uint64_t kept = runtime.cache->tree().token_count();
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
        Written written;
        runtime.scheduler->add(std::make_unique<Writer>(1, text.tokens, 0, 10, written, text.moved));
        damaged = true;
        runtime.scheduler->step(runtime.interrupt);
        runtime.scheduler->step(runtime.interrupt);
        QVERIFY(runtime.scheduler->idle() && !written.ended);
        QCOMPARE(runtime.cache->tree().token_count(), kept);
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), runtime.cache->pool().page_count());
    }

    void a_thousand_cancels_leave_no_page_behind() {
        TinyModel tiny = large("llama");
        tiny.layers = 1;
        TinyRuntime runtime(tiny, true, 40);
        std::mt19937 random(12);
        std::vector<Answer> answers(4000);
        std::vector<RequestId> open;
        std::size_t cancels = 0;
        std::size_t moved = 0;
        std::vector<std::vector<TokenId>> contexts = read_contexts(runtime, 5);
        RequestId id = 0;
        for (; cancels < 1000 && id < answers.size(); ++id) {
            std::shuffle(contexts.begin(), contexts.end(), random);
            const std::size_t count = random() % 4;
            const std::vector<std::vector<TokenId>> some(
                contexts.begin(), contexts.begin() + static_cast<std::ptrdiff_t>(count));
            const Stitched text = stitch(
                random_tokens(random() % 130, static_cast<unsigned>(random() % 3)), some, lengths(count),
                kGlue, random_tokens(1 + random() % 40, static_cast<unsigned>(random() % 4)));
            const CacheScope scope = {random() % 3, random() % 5 == 0};
            const Priority priority = random() % 3 == 0 ? Priority::background : Priority::interactive;
            if (random() % 3 == 0) {
                choose(runtime, id, {text.tokens, {1, 2}, priority, scope, 0, text.moved}, answers[id]);
            } else {
                GenerateRequest made =
                    request(text.tokens, static_cast<std::uint32_t>(1 + random() % 40), id);
                made.priority = priority;
                made.cache = scope;
                made.moved = text.moved;
                submit(runtime, id, std::move(made), answers[id]);
            }
            open.push_back(id);
            for (std::size_t steps = random() % 3; steps > 0; --steps) {
                runtime.interrupt = random() % 8 == 0;
                runtime.scheduler->step(runtime.interrupt);
            }
            runtime.interrupt = false;
            if (random() % 3 > 0) {
                const std::size_t which = open.size() - 1 - random() % std::min<std::size_t>(open.size(), 4);
                cancels += runtime.scheduler->cancel(open[which]) ? 1 : 0;
                open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
            }
            if (random() % 50 == 0) {
                runtime.run();
                QCOMPARE(runtime.cache->tree().fault(), std::string());
            }
            if (random() % 100 == 0) {
                runtime.scheduler->forget(1);
                runtime.cache->forget(1);
            }
            if (random() % 60 == 0) {
                contexts = read_contexts(runtime, 5);  // some were evicted
            }
        }
        QCOMPARE(cancels, 1000U);
        runtime.run();
        for (std::size_t i = 0; i < id; ++i) {
            QCOMPARE(answers[i].ends, 1);
            QVERIFY(!answers[i].error || answers[i].error->code == ErrorCode::cancelled);
            moved +=
                answers[i].finished.moved_tokens + (answers[i].chosen ? answers[i].chosen->moved_tokens : 0);
        }
        qInfo("%zu requests, %zu cancelled, %zu tokens moved", static_cast<std::size_t>(id), cancels, moved);
        QVERIFY(moved > 10000);
        QCOMPARE(runtime.cache->tree().fault(), std::string());
        runtime.cache->forget_kept();
        QCOMPARE(runtime.cache->pool().free_count(), std::size_t{40});
    }

    void nothing_that_was_moved_is_kept() {
        const Family family;
        TinyRuntime runtime(large("qwen3"), true, 60);
        const auto contexts = read_contexts(runtime, 3);
        const std::uint64_t kept = runtime.cache->tree().token_count();
        const Stitched text = stitch(family.chat, contexts, lengths(3), kGlue, family.question);
        Written written;
        runtime.scheduler->add(std::make_unique<Writer>(1, text.tokens, 0, 30, written, text.moved));
        runtime.run();
        QCOMPARE(written.moved, 93U);
        QCOMPARE(runtime.cache->tree().token_count() - kept, std::uint64_t{100 + 2});
        QCOMPARE(runtime.cache->tree().fault(), std::string());
        // Control: the same text, read, is kept whole.
        Written exact;
        runtime.scheduler->add(std::make_unique<Writer>(2, text.tokens, 0, 30, exact));
        runtime.run();
        QVERIFY(runtime.cache->tree().token_count() - kept > text.tokens.size());
    }
};

QTEST_GUILESS_MAIN(TestMovedTrouble)
#include "test_moved_trouble.moc"
