// SPDX-License-Identifier: Apache-2.0
// The cache and the store behind it: what is written, what comes back after a restart, and what does not.
#include <QtTest>

#include "tests/unit/cache/cache_fixture.h"

using namespace tendril::engine;
using namespace tendril::test;

namespace {

constexpr CacheScope kAnna = {1, false};
constexpr CacheScope kBert = {2, false};
constexpr std::size_t kPlenty = std::size_t{1} << 30;

/// A cache over the store, as after a start of the program.
struct Program {
    explicit Program(FakeStore& store, std::size_t full = 32, std::size_t window_pages = 0,
                     std::size_t window = 0)
        : pages(full, window_pages), cache(pages, window) {
        cache.attach(store);
    }
    FakePages pages;
    KvCache cache;
};

}  // namespace

class TestDiskLink : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_text_is_known_after_a_restart_up_to_its_last_full_page() {
        FakeStore store;
        const std::vector<TokenId> text = run(300, 0);
        {
            Program program(store);
            QCOMPARE(converse(program.cache, program.pages, text, kAnna), 0U);
            QCOMPARE(program.cache.state().unwritten_pages, 4U);
            QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::done);
            QCOMPARE(store.pages.size(), 4U);
            QCOMPARE(store.orphans, 0U);
            QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::done);
            QCOMPARE(program.cache.counters().written_pages, 4U);
        }
        Program program(store);
        View view = program.cache.match(text, 299, kAnna);
        QCOMPARE(view.length(), 256U);
        QVERIFY(holds(program.pages, view, text));
        QCOMPARE(program.cache.last_match().restored, 256U);
        QCOMPARE(store.reads, 4U);
        QCOMPARE(store.expected, 4U);
        QCOMPARE(program.cache.match(text, 299, kAnna).length(), 256U);
        QCOMPARE(store.reads, 4U);  // it is in memory now
        QCOMPARE(program.cache.state().unwritten_pages, 0U);
        std::vector<TokenId> other = text;
        other[100] = 7777;
        QCOMPARE(program.cache.match(other, 299, kAnna).length(), 100U);
    }

    void writing_goes_by_the_budget_and_parents_come_first() {
        FakeStore store;
        Program program(store);
        converse(program.cache, program.pages, run(640, 0));
        QVERIFY(program.cache.write_some(1) == KvCache::Writing::more);
        QCOMPARE(store.pages.size(), 1U);
        store.room = 3;
        QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::later);
        QCOMPARE(store.pages.size(), 4U);
        store.room = 100;
        QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::done);
        QCOMPARE(store.pages.size(), 10U);
        QCOMPARE(store.orphans, 0U);
    }

    void nothing_is_written_before_the_model_is_known() {
        FakeStore store;
        store.known = false;
        Program program(store);
        converse(program.cache, program.pages, run(200, 0));
        QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::later);
        QCOMPARE(program.cache.match(run(200, 0), 200).length(), 200U);
        store.known = true;
        QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::done);
        QCOMPARE(store.pages.size(), 3U);
    }

    void private_pages_never_reach_the_disk() {
        FakeStore store;
        Program program(store);
        converse(program.cache, program.pages, run(300, 0), {1, true});
        QVERIFY(program.cache.write_some(kPlenty) == KvCache::Writing::done);
        Chat big{{}, program.cache.make_view(), {}};
        QVERIFY(write(program.cache, program.pages, big, run(32 * 64, 5000)));  // evicts it
        QCOMPARE(store.pages.size(), 0U);
    }

    void a_private_conversation_may_read_from_the_disk() {
        FakeStore store;
        {
            Program program(store);
            converse(program.cache, program.pages, run(200, 0), kAnna);
            program.cache.write_some(kPlenty);
        }
        Program program(store);
        const CacheScope secret = {2, true};
        QCOMPARE(converse(program.cache, program.pages, joined(run(192, 0), run(200, 900)), secret), 192U);
        program.cache.write_some(kPlenty);
        QCOMPARE(store.pages.size(), 3U);
        QCOMPARE(store.pages.begin()->second.owners, std::set<std::uint64_t>{1});
    }

    void pages_that_are_evicted_are_written_and_come_back() {
        FakeStore store;
        Program program(store, 12);
        const std::vector<TokenId> anna = run(600, 0), bert = run(600, 5000);
        for (int turn = 0; turn < 4; ++turn) {  // together larger than the pool
            const std::size_t first = converse(program.cache, program.pages, anna, kAnna);
            const std::size_t second = converse(program.cache, program.pages, bert, kBert);
            QCOMPARE(first, turn == 0 ? 0U : 576U);
            QCOMPARE(second, turn == 0 ? 0U : 576U);
        }
        QVERIFY(program.cache.counters().evicted_pages > 0);
        QCOMPARE(program.cache.tree().fault(), std::string());
    }

    void a_page_that_cannot_be_read_ends_the_match() {
        FakeStore store;
        const std::vector<TokenId> text = run(400, 0);
        {
            Program program(store);
            converse(program.cache, program.pages, text);
            program.cache.write_some(kPlenty);
        }
        PageName name = *store.root();
        for (std::size_t page = 0; page < 4; ++page) {
            name = page_name(name, std::span(text).subspan(page * 64, 64));
        }
        store.failing.insert(name);
        Program program(store);
        View view = program.cache.match(text, 399);
        QCOMPARE(view.length(), 192U);
        QVERIFY(holds(program.pages, view, text));
    }

    void a_match_takes_no_more_than_the_pool_has() {
        FakeStore store;
        const std::vector<TokenId> text = run(1000, 0);
        {
            Program program(store);
            converse(program.cache, program.pages, text);
            program.cache.write_some(kPlenty);
        }
        Program program(store, 8);
        Chat running{{}, program.cache.make_view(), {}};
        QVERIFY(write(program.cache, program.pages, running, run(200, 5000)));
        View view = program.cache.match(text, 999);
        QCOMPARE(view.length(), 4U * 64U);
        QVERIFY(holds(program.pages, view, text));
        QVERIFY(holds(program.pages, running.view, running.tokens));
    }

    void forgetting_reaches_the_disk() {
        FakeStore store;
        {
            Program program(store);
            converse(program.cache, program.pages, joined(run(128, 0), run(128, 1000)), kAnna);
            program.cache.write_some(kPlenty);
            converse(program.cache, program.pages, joined(run(128, 0), run(128, 2000)), kBert);
            program.cache.write_some(kPlenty);
            QCOMPARE(store.pages.size(), 6U);
        }
        {
            Program program(store);  // owners are known to the disk
            bool told = false;
            program.cache.forget(1, [&](const tendril::Status&) { told = true; });
            QVERIFY(told);
            QCOMPARE(store.pages.size(), 4U);
            QCOMPARE(converse(program.cache, program.pages, joined(run(128, 0), run(128, 2000)), kAnna),
                     255U);
            program.cache.forget(2);
            QCOMPARE(store.pages.size(), 4U);  // they are the first one's by now
            program.cache.clear();
        }
        QCOMPARE(store.pages.size(), 0U);
    }

    void a_restored_text_can_be_resumed_through_its_window() {
        constexpr std::size_t kWindow = 100;
        FakeStore store;
        const std::vector<TokenId> text = run(640, 0);
        {
            Program program(store, 32, 16, kWindow);
            Chat chat{{}, program.cache.make_view(), {}};
            for (std::size_t i = 0; i < text.size(); i += 32) {
                QVERIFY(write(program.cache, program.pages, chat,
                              std::vector<TokenId>(text.begin() + static_cast<long>(i),
                                                   text.begin() + static_cast<long>(i) + 32)));
            }
            program.cache.keep(text, std::move(chat.view));
            program.cache.write_some(kPlenty);
            QCOMPARE(store.pages.size(), 10U);
        }
        std::size_t with_window = 0;
        for (const auto& [name, page] : store.pages) {
            with_window += page.window.empty() ? 0 : 1;
        }
        QVERIFY(with_window >= 2 && with_window <= 4);  // only what is needed to go on at the end
        Program program(store, 32, 16, kWindow);
        View view = program.cache.match(text, 640);
        QCOMPARE(view.length(), 640U);
        QVERIFY(holds(program.pages, view, text, kWindow));
        QCOMPARE(program.cache.match(text, 300).length(), 0U);
        QVERIFY(*program.cache.last_match().refusal != 0);
        QCOMPARE(program.cache.tree().fault(), std::string());
    }

    void without_its_window_on_the_disk_a_text_is_refused_aloud() {
        constexpr std::size_t kWindow = 100;
        FakeStore store;
        const std::vector<TokenId> text = run(640, 0);
        {
            Program program(store, 32, 16, kWindow);
            converse(program.cache, program.pages, text);
            program.cache.write_some(kPlenty);
        }
        for (auto& [name, page] : store.pages) {
            page.window.clear();
        }
        Program program(store, 32, 16, kWindow);
        QCOMPARE(program.cache.match(text, 640).length(), 0U);
        QCOMPARE(program.cache.last_match().known, 640U);
        QCOMPARE(program.cache.counters().refused, 1U);
        QCOMPARE(program.cache.counters().refused_tokens, 640U);
    }
};

QTEST_GUILESS_MAIN(TestDiskLink)
#include "test_disk_link.moc"
