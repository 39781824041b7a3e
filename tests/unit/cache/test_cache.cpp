// SPDX-License-Identifier: Apache-2.0
// Pages, views and the tree of what is kept, over pages that remember which token was written where.
#include <random>

#include <QtTest>

#include "tests/unit/cache/cache_fixture.h"

using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr CacheScope kAnna = {1, false};
constexpr CacheScope kBert = {2, false};
constexpr CacheScope kSecretAnna = {1, true};
constexpr CacheScope kSecretBert = {2, true};

/// The books are right, and nothing is held by anything but the tree.
bool only_the_tree_holds(const KvCache& cache) {
    return cache.tree().fault().empty() &&
           cache.pool().page_count() - cache.pool().free_count() <= cache.tree().page_count();
}

}  // namespace

class TestCache : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_fork_shares_full_pages_and_copies_the_partial_one_on_write() {
        FakePages pages(16);
        KvCache cache(pages);
        Chat parent{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, parent, run(100, 0)));
        QCOMPARE(cache.pool().free_count(), 14U);
        Chat child{parent.tokens, parent.view.fork(100), {}};
        QCOMPARE(cache.pool().free_count(), 14U);
        QVERIFY(write(cache, pages, child, run(5, 500)));
        QCOMPARE(pages.copies, 1);
        QCOMPARE(cache.pool().free_count(), 13U);
        QCOMPARE(parent.view.pages()[0], child.view.pages()[0]);
        QVERIFY(parent.view.pages()[1] != child.view.pages()[1]);
        QVERIFY(write(cache, pages, parent, run(5, 900)));
        QCOMPARE(pages.copies, 1);  // the parent is alone on its page again
        QVERIFY(holds(pages, parent.view, parent.tokens));
        QVERIFY(holds(pages, child.view, child.tokens));
    }

    void eight_branches_take_one_prefix_and_eight_tails() {
        FakePages pages(64);
        KvCache cache(pages);
        Chat trunk{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, trunk, run(1000, 0)));  // 15 full pages and a partial one
        std::vector<Chat> branches;
        for (TokenId i = 0; i < 8; ++i) {
            branches.push_back({trunk.tokens, trunk.view.fork(1000), {}});
            QVERIFY(write(cache, pages, branches.back(), run(20, 5000 + 100 * i)));
        }
        trunk.view.clear();
        QCOMPARE(cache.pool().free_count(), 64U - 15U - 8U);
        for (Chat& branch : branches) {
            QVERIFY(holds(pages, branch.view, branch.tokens));
        }
    }

    void rewinding_gives_pages_back() {
        FakePages pages(8);
        KvCache cache(pages);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, chat, run(300, 0)));
        QCOMPARE(cache.pool().free_count(), 3U);
        chat.view.rewind(64);
        QCOMPARE(cache.pool().free_count(), 7U);
        chat.view.clear();
        QCOMPARE(cache.pool().free_count(), 8U);
    }

    void parts_of_views_stand_at_other_places() {
        FakePages pages(16);
        KvCache cache(pages);
        Chat a{{}, cache.make_view(), {}};
        Chat b{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, a, run(150, 0)));
        QVERIFY(write(cache, pages, b, run(200, 1000)));
        Chat stitched{a.tokens, a.view.fork(100), {}};
        stitched.tokens.resize(100);
        stitched.view.append_segment(b.view, 70, 190);
        const std::vector<TokenId> moved = run(120, 1070);
        stitched.tokens.insert(stitched.tokens.end(), moved.begin(), moved.end());
        QCOMPARE(stitched.view.length(), 220U);
        QCOMPARE(stitched.view.exact_length(), 100U);
        const auto segments = stitched.view.segments(0);
        QCOMPARE(segments.size(), 2U);
        QCOMPARE(segments[1].first_slot, 6U);
        QCOMPARE(segments[1].delta, 30);
        const std::size_t before = cache.pool().free_count();
        QVERIFY(
            write(cache, pages, stitched, run(10, 7000)));  // in a page of its own: the part keeps its delta
        QCOMPARE(cache.pool().free_count(), before - 1);
        QCOMPARE(stitched.view.segments(0).back().delta, 0);
        QVERIFY(holds(pages, stitched.view, stitched.tokens));
        QVERIFY(holds(pages, b.view, b.tokens));
        // A part of a stitched view carries its deltas on.
        View again = cache.make_view();
        again.append_segment(stitched.view, 90, 130);
        QCOMPARE(again.segments(0)[0].delta, -90);
        QCOMPARE(again.segments(0)[1].delta, 30 - 90);
        QCOMPARE(again.exact_length(), 0U);
        // What stands behind moved text is not what reading it gives: only the start is kept.
        cache.keep(stitched.tokens, stitched.view.fork(230));
        QCOMPARE(cache.match(stitched.tokens, 230).length(), 100U);
        stitched.view.rewind(50);
        QCOMPARE(stitched.view.exact_length(), 50U);
        a.view.clear();
        b.view.clear();
        again.clear();
        stitched.view.clear();
        QVERIFY(only_the_tree_holds(cache));
    }

    void the_longest_prefix_is_found_token_by_token() {
        FakePages pages(32);
        KvCache cache(pages);
        Chat first{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, first, run(150, 0)));
        cache.keep(first.tokens, std::move(first.view));
        std::vector<TokenId> question = run(150, 0);
        QCOMPARE(cache.match(question, 149).length(), 149U);
        question[70] = 9999;
        View partial = cache.match(question, 149);
        QCOMPARE(partial.length(), 70U);
        QVERIFY(holds(pages, partial, question));
        question[0] = 9999;
        QCOMPARE(cache.match(question, 149).length(), 0U);
        QCOMPARE(cache.counters().hits, 2U);
        QCOMPARE(cache.counters().lookups, 3U);
        QCOMPARE(cache.counters().reused_tokens, 219U);
    }

    void both_versions_of_a_text_stay_known() {
        FakePages pages(32);
        KvCache cache(pages);
        const std::vector<TokenId> shared = run(200, 0);
        const std::vector<TokenId> first = joined(shared, run(100, 1000));
        const std::vector<TokenId> second = joined(shared, run(100, 2000));
        QCOMPARE(converse(cache, pages, first), 0U);
        QCOMPARE(converse(cache, pages, second), 200U);  // an edit re-reads nothing that is shared
        QCOMPARE(converse(cache, pages, first), 299U);   // back to the other version
        QCOMPARE(converse(cache, pages, second), 299U);
        QVERIFY(only_the_tree_holds(cache));
        QCOMPARE(cache.tree().page_count(), 3U + 2U + 2U);  // pages of 64: 3 shared, 2 of each version
    }

    void many_texts_that_part_in_one_page_are_all_found() {
        FakePages pages(600);
        KvCache cache(pages);
        std::mt19937 random(3);
        std::vector<std::vector<TokenId>> texts;
        for (int i = 0; i < 500; ++i) {
            std::vector<TokenId> text = run(64, 0);
            for (std::size_t place = 40; place < text.size(); ++place) {
                text[place] = static_cast<TokenId>(random() % 2);
            }
            QVERIFY(converse(cache, pages, text) >= (i == 0 ? 0U : 40U));
            texts.push_back(text);
        }
        for (const auto& text : texts) {
            QCOMPARE(cache.match(text, 64).length(), 64U);
            std::vector<TokenId> other = text;
            other[63] = 9;
            QCOMPARE(cache.match(other, 64).length(), 63U);
        }
    }

    void a_longer_text_replaces_its_start() {
        FakePages pages(8);
        KvCache cache(pages);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, chat, run(40, 0)));
        cache.keep(chat.tokens, chat.view.fork(40));
        QVERIFY(write(cache, pages, chat, run(60, 40)));
        cache.keep(chat.tokens, chat.view.fork(100));
        cache.keep(std::span(chat.tokens).first(32), chat.view.fork(32));
        chat.view.clear();
        QCOMPARE(cache.pool().free_count(), 6U);
        QCOMPARE(cache.tree().token_count(), 100U);
        QVERIFY(only_the_tree_holds(cache));
    }

    void what_is_being_read_can_be_used_at_once() {
        FakePages pages(32);
        KvCache cache(pages);
        Chat reader{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, reader, run(150, 0)));
        cache.publish(reader.tokens, reader.view);
        Chat second{{}, cache.match(run(1000, 0), 999), {}};
        QCOMPARE(second.view.length(), 128U);
        QVERIFY(write(cache, pages, reader, run(150, 150)));
        QCOMPARE(pages.copies, 0);  // only full pages are shared: the reader writes on undisturbed
        cache.publish(reader.tokens, reader.view);
        second.view = cache.match(run(1000, 0), 999);
        QCOMPARE(second.view.length(), 256U);
        QVERIFY(holds(pages, second.view, run(1000, 0)));
    }

    void what_was_used_least_goes_first() {
        FakePages pages(6);
        KvCache cache(pages);
        for (TokenId chat = 0; chat < 3; ++chat) {
            QCOMPARE(converse(cache, pages, run(100, chat * 1000)), 0U);
        }
        QCOMPARE(cache.pool().free_count(), 0U);
        QCOMPARE(cache.match(run(100, 0), 100).length(), 100U);  // used again
        Chat next{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, next, run(128, 5000)));
        QCOMPARE(cache.match(run(100, 0), 100).length(), 100U);
        QCOMPARE(cache.counters().evicted_pages, 2U);
        QVERIFY(cache.tree().fault().empty());
    }

    void leaves_go_before_what_they_stand_on() {
        FakePages pages(8);
        KvCache cache(pages);
        QCOMPARE(converse(cache, pages, run(384, 0)), 0U);  // 6 pages
        Chat next{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, next, run(5 * 64, 5000)));  // takes 3 of them
        QCOMPARE(cache.match(run(384, 0), 384).length(), 192U);
        next.view.clear();
    }

    void what_is_used_often_outlives_a_stream_of_new_texts() {
        FakePages pages(10);
        KvCache cache(pages);
        const std::vector<TokenId> system = run(128, 0);
        for (TokenId i = 0; i < 40; ++i) {
            const std::size_t reused = converse(cache, pages, joined(system, run(128, 10'000 + i * 1000)));
            QCOMPARE(reused, i == 0 ? 0U : 128U);
        }
        QVERIFY(cache.counters().evicted_pages > 60);
    }

    void what_is_not_used_any_more_sinks() {
        FakePages pages(10);
        KvCache cache(pages);
        for (int i = 0; i < 30; ++i) {
            converse(cache, pages, run(128, 0));
        }
        for (TokenId i = 0; i < 400; ++i) {
            converse(cache, pages, run(128, 10'000 + i * 1000));
        }
        QCOMPARE(cache.match(run(128, 0), 128).length(), 0U);
    }

    void running_views_are_never_taken_away() {
        FakePages pages(4);
        KvCache cache(pages);
        Chat big{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, big, run(200, 0)));
        cache.publish(big.tokens, big.view);
        View other = cache.make_view();
        QVERIFY(!cache.make_room(other, 1));
        QCOMPARE(other.pages().size(), 0U);
        QVERIFY(holds(pages, big.view, big.tokens));
        QCOMPARE(cache.counters().evicted_pages, 0U);
    }

    void an_owner_is_forgotten_and_what_others_share_stays() {
        FakePages pages(32);
        KvCache cache(pages);
        const std::vector<TokenId> shared = run(128, 0);
        const std::vector<TokenId> anna = joined(shared, run(100, 1000));
        const std::vector<TokenId> bert = joined(shared, run(100, 2000));
        QCOMPARE(converse(cache, pages, anna, kAnna), 0U);
        QCOMPARE(converse(cache, pages, bert, kBert), 128U);
        cache.forget(1);
        QCOMPARE(cache.match(anna, 228).length(), 128U);
        QCOMPARE(cache.match(bert, 228).length(), 228U);
        QVERIFY(only_the_tree_holds(cache));
        cache.forget(2);
        QCOMPARE(cache.match(bert, 228).length(), 0U);
        QCOMPARE(cache.pool().free_count(), 32U);
    }

    void a_page_does_not_keep_somebody_elses_end_alive() {
        FakePages pages(32);
        KvCache cache(pages);
        QCOMPARE(converse(cache, pages, run(40, 0), kAnna), 0U);
        QCOMPARE(converse(cache, pages, run(60, 0), kBert), 40U);
        cache.forget(2);
        QCOMPARE(cache.match(run(60, 0), 60).length(), 40U);
        QCOMPARE(converse(cache, pages, run(60, 0), kBert), 40U);
        QCOMPARE(converse(cache, pages, run(40, 0), kAnna), 39U);
        cache.forget(1);
        QCOMPARE(cache.match(run(60, 0), 60).length(), 60U);
        cache.forget(2);
        QCOMPARE(cache.pool().free_count(), 32U);
    }

    void private_text_is_known_to_its_owner_alone() {
        FakePages pages(32);
        KvCache cache(pages);
        const std::vector<TokenId> text = run(200, 0);
        QCOMPARE(converse(cache, pages, text, kSecretAnna), 0U);
        QCOMPARE(cache.match(text, 200, kSecretAnna).length(), 200U);
        QCOMPARE(cache.match(text, 200, kSecretBert).length(), 0U);
        QCOMPARE(cache.match(text, 200, kBert).length(), 0U);
        QCOMPARE(cache.match(text, 200, kAnna).length(), 0U);
        QCOMPARE(cache.match(text, 200).length(), 0U);
        // What is public may be used in private, and stays public.
        const std::vector<TokenId> open = run(128, 5000);
        QCOMPARE(converse(cache, pages, open, kBert), 0U);
        QCOMPARE(converse(cache, pages, joined(open, text), kSecretAnna), 128U);
        QCOMPARE(cache.match(joined(open, text), 328).length(), 128U);
        QCOMPARE(cache.match(joined(open, text), 328, kSecretAnna).length(), 328U);
        cache.forget(2);
        QCOMPARE(cache.match(open, 128).length(), 0U);
        QCOMPARE(cache.match(joined(open, text), 328, kSecretAnna).length(), 328U);
        cache.forget(1);
        QCOMPARE(cache.pool().free_count(), 32U);
        // Nobody's private text is not kept at all.
        QCOMPARE(converse(cache, pages, text, {0, true}), 0U);
        QCOMPARE(cache.pool().free_count(), 32U);
    }

    void a_page_that_two_trees_hold_can_be_evicted() {
        FakePages pages(6);
        KvCache cache(pages);
        QCOMPARE(converse(cache, pages, run(128, 0), kBert), 0U);
        QCOMPARE(converse(cache, pages, run(256, 0), kSecretAnna), 128U);
        Chat big{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, big, run(6 * 64, 5000)));
        QCOMPARE(cache.tree().page_count(), 0U);
    }

    /// Of eight pages, views may hold five; the others keep what was read before.
    void views_hold_no_more_than_a_step_can_have() {
        FakePages pages(8);
        pages.most_at_once = 5;
        pages.discarding = true;
        KvCache cache(pages);
        QCOMPARE(converse(cache, pages, run(180, 9000)), 0U);  // three pages, kept
        {
            Chat first{{}, cache.make_view(), {}};
            Chat second{{}, cache.make_view(), {}};
            QVERIFY(write(cache, pages, first, run(192, 0)));
            QVERIFY(write(cache, pages, second, run(128, 2000)));
            QVERIFY(!write(cache, pages, second, run(1, 5000)));  // a sixth page
            QCOMPARE(cache.pool().free_count(), 0U);
            QVERIFY(!cache.make_room(first.view, 1));
            second.view.rewind(64);
            QVERIFY(write(cache, pages, first, run(64, 192)));
            QVERIFY(holds(pages, first.view, first.tokens));
            // What is kept counts as soon as a view has it again.
            Chat third{run(179, 9000), cache.match(run(180, 9000), 179), {}};
            QVERIFY(third.view.length() > 0 && holds(pages, third.view, third.tokens));
            QVERIFY(!cache.make_room(first.view, 1) && !cache.make_room(third.view, 1));
            first.view.clear();
            QVERIFY(cache.make_room(third.view, 1));
        }
        QCOMPARE(cache.tree().fault(), std::string());
    }

    void a_thousand_random_conversations_leave_no_page_behind() {
        FakePages pages(24);
        pages.discarding = true;
        std::mt19937 random(1);
        KvCache cache(pages);
        {
            std::map<int, Chat> running;
            int next_id = 0;
            std::size_t matched = 0;
            for (int step = 0; step < 20000 && next_id < 1000; ++step) {
                const auto pick = [&] {
                    return std::next(running.begin(), static_cast<long>(random() % running.size()));
                };
                const auto what = random() % 10;
                if (running.empty() || (what < 2 && running.size() < 6)) {
                    std::vector<TokenId> prompt =
                        run(1 + random() % 200, static_cast<TokenId>(random() % 3) * 1000);
                    Chat chat{prompt, cache.match(prompt, prompt.size() - 1), {}};
                    QVERIFY(holds(pages, chat.view, prompt));
                    matched += chat.view.length();
                    chat.tokens.resize(chat.view.length());
                    const std::vector<TokenId> rest(prompt.begin() + static_cast<long>(chat.view.length()),
                                                    prompt.end());
                    if (write(cache, pages, chat, rest)) {
                        running.emplace(next_id++, std::move(chat));
                    }
                } else if (what < 7) {
                    Chat& chat = pick()->second;
                    static_cast<void>(write(cache, pages, chat,
                                            run(1 + random() % 20, static_cast<TokenId>(random() % 50))));
                } else if (what == 7) {
                    Chat& chat = pick()->second;
                    const std::size_t length = random() % (chat.view.length() + 1);
                    chat.view.rewind(length);
                    chat.tokens.resize(length);
                } else {
                    const auto ended = pick();
                    QVERIFY(holds(pages, ended->second.view, ended->second.tokens));
                    if (what == 8) {
                        cache.keep(ended->second.tokens, std::move(ended->second.view));
                    }
                    running.erase(ended);
                }
                if (step % 100 == 0) {
                    QCOMPARE(cache.tree().fault(), std::string());
                }
            }
            QCOMPARE(next_id, 1000);
            QVERIFY(matched > 1000);
            for (auto& [id, chat] : running) {
                QVERIFY(holds(pages, chat.view, chat.tokens));
            }
        }
        cache.forget_kept();
        QCOMPARE(cache.pool().free_count(), 24U);
    }
};

QTEST_GUILESS_MAIN(TestCache)
#include "test_cache.moc"
