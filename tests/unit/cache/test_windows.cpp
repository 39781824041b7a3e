// SPDX-License-Identifier: Apache-2.0
// Sliding windows in the cache: what a view lets go of while it runs, where a text can be resumed, and that a
// refused resume is said.
#include <QtTest>

#include "tests/unit/cache/cache_fixture.h"

using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr std::size_t kWindow = 100;

bool read_in_chunks(KvCache& cache, FakePages& pages, Chat& chat, const std::vector<TokenId>& tokens,
                    std::size_t chunk) {
    for (std::size_t first = 0; first < tokens.size(); first += chunk) {
        const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = tokens.begin() + static_cast<std::ptrdiff_t>(std::min(first + chunk, tokens.size()));
        if (!write(cache, pages, chat, std::vector<TokenId>(begin, end))) {
            return false;
        }
    }
    return true;
}

std::size_t window_pages_used(const KvCache& cache) {
    return cache.state().window_pages_used;
}

}  // namespace

class TestWindows : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_running_view_holds_only_what_the_window_shows() {
        FakePages pages(64, 6);
        KvCache cache(pages, kWindow);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, chat, run(2000, 0), 30));
        QVERIFY(holds(pages, chat.view, chat.tokens, kWindow));
        QVERIFY(window_pages_used(cache) <= 5);
        QCOMPARE(cache.state().pages_used, 32U);
        QVERIFY(chat.view.resumable(2000, kWindow));
        QVERIFY(!chat.view.resumable(1500, kWindow));
    }

    void a_fork_shares_the_window_and_copies_the_partial_page_of_both_groups() {
        FakePages pages(16, 8);
        KvCache cache(pages, kWindow);
        Chat a{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, a, run(300, 0), 50));
        Chat b{a.tokens, a.view.fork(300), {}};
        QVERIFY(write(cache, pages, b, run(10, 900)));
        QCOMPARE(pages.copies, 2);
        QVERIFY(write(cache, pages, a, run(10, 800)));
        QVERIFY(holds(pages, a.view, a.tokens, kWindow));
        QVERIFY(holds(pages, b.view, b.tokens, kWindow));
    }

    void the_end_of_a_text_can_be_resumed_and_its_middle_only_when_kept() {
        FakePages pages(64, 32);
        KvCache cache(pages, kWindow);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, chat, run(640, 0), 64));
        cache.keep(chat.tokens, chat.view.fork(640));  // the end of a prompt
        QVERIFY(read_in_chunks(cache, pages, chat, run(640, 640), 64));
        cache.keep(chat.tokens, std::move(chat.view));
        const std::vector<TokenId> all = run(1280, 0);
        View end = cache.match(all, 1280);
        QCOMPARE(end.length(), 1280U);
        QVERIFY(holds(pages, end, all, kWindow));
        View retry = cache.match(all, 640);
        QCOMPARE(retry.length(), 640U);
        QVERIFY(holds(pages, retry, all, kWindow));
        QCOMPARE(cache.counters().refused, 0U);
        // In the middle of what was read at one go nothing is left of the window.
        View middle = cache.match(all, 1000);
        QCOMPARE(middle.length(), 640U);
        QCOMPARE(cache.last_match().known, 1000U);
        QCOMPARE(cache.last_match().reused, 640U);
        QVERIFY(*cache.last_match().refusal != 0);
        QCOMPARE(cache.counters().refused, 1U);
        QCOMPARE(cache.counters().refused_tokens, 360U);
    }

    void a_text_that_comes_back_a_little_shorter_is_resumed() {
        FakePages pages(64, 16);
        KvCache cache(pages, kWindow);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, chat, run(635, 0), 1));
        cache.keep(chat.tokens, std::move(chat.view));
        for (const std::size_t length : {635U, 634U, 620U, 600U}) {
            View view = cache.match(run(635, 0), length);
            QCOMPARE(view.length(), length);
            QVERIFY(holds(pages, view, run(635, 0), kWindow));
        }
    }

    void windows_of_resume_points_go_last() {
        FakePages pages(64, 12);
        KvCache cache(pages, kWindow);
        Chat first{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, first, run(192, 0), 64));
        cache.publish(first.tokens, first.view);
        QVERIFY(read_in_chunks(cache, pages, first, run(320, 192), 64));
        cache.keep(first.tokens, std::move(first.view));  // 512 tokens: needs the last 3 pages at most
        const std::size_t kept = window_pages_used(cache);
        QVERIFY(kept >= 3);
        Chat second{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, second, run(512, 5000), 512));  // takes 8 window pages at once
        QCOMPARE(cache.match(run(512, 0), 512).length(), 512U);
        QCOMPARE(cache.tree().fault(), std::string());
        cache.keep(second.tokens, std::move(second.view));
        Chat third{{}, cache.make_view(), {}};
        QVERIFY(write(cache, pages, third, run(700, 9000)));  // 11 of 12: resume points have to go now
        QVERIFY(cache.counters().dropped_windows > 0);
        QCOMPARE(cache.match(run(512, 0), 512).length(), 0U);
        QCOMPARE(cache.last_match().known, 512U);
        QCOMPARE(cache.tree().fault(), std::string());
    }

    void an_answer_longer_than_the_window_leaves_its_prompt_resumable() {
        FakePages pages(64, 32);
        KvCache cache(pages, kWindow);
        Chat chat{{}, cache.make_view(), {}};
        QVERIFY(read_in_chunks(cache, pages, chat, run(300, 0), 64));
        cache.keep(chat.tokens, chat.view.fork(300));                   // in the middle of a page
        QVERIFY(read_in_chunks(cache, pages, chat, run(400, 300), 1));  // the answer
        cache.keep(chat.tokens, std::move(chat.view));
        View retry = cache.match(run(700, 0), 299);
        QCOMPARE(retry.length(), 299U);
        QVERIFY(holds(pages, retry, run(700, 0), kWindow));
        View next = cache.match(run(700, 0), 700);
        QCOMPARE(next.length(), 700U);
        QVERIFY(holds(pages, next, run(700, 0), kWindow));
        QCOMPARE(cache.tree().fault(), std::string());
    }

    void nothing_is_left_behind() {
        FakePages pages(32, 12);
        KvCache cache(pages, kWindow);
        for (TokenId i = 0; i < 50; ++i) {
            Chat chat{{}, cache.make_view(), {}};
            QVERIFY(
                read_in_chunks(cache, pages, chat, run(100 + 20 * static_cast<std::size_t>(i), i * 64), 50));
            cache.keep(chat.tokens, std::move(chat.view));
            QCOMPARE(cache.tree().fault(), std::string());
        }
        cache.forget_kept();
        QCOMPARE(cache.state().pages_used, 0U);
        QCOMPARE(cache.state().window_pages_used, 0U);
    }
};

QTEST_GUILESS_MAIN(TestWindows)
#include "test_windows.moc"
