// SPDX-License-Identifier: Apache-2.0
// Pages, views and the prefix cache over pages that remember which token was written where, so that a wrong
// page is noticed.
#include <cstring>
#include <map>
#include <random>

#include <QtTest>

#include "engine/cache/kv_cache.h"

using namespace tendril::engine;

namespace {

constexpr TokenId kNothing = -1;

class FakePages final : public KvPages {
  public:
    explicit FakePages(std::size_t count) : contents(count, std::vector<TokenId>(kPageTokens, kNothing)) {}
    std::size_t page_count(PageGroup group) const override {
        return group == PageGroup::full ? contents.size() : 0;
    }
    std::string layout_name() const override { return "tokens"; }
    std::size_t page_bytes(PageGroup) const override { return kPageTokens * sizeof(TokenId); }
    void export_page(PageGroup, PageId page, std::span<std::byte> to) const override {
        std::memcpy(to.data(), contents[page].data(), to.size());
    }
    void import_page(PageGroup, PageId page, std::span<const std::byte> from) override {
        std::memcpy(contents[page].data(), from.data(), from.size());
    }
    void copy_page(PageGroup, PageId from, PageId to, std::size_t tokens) override {
        contents[to].assign(kPageTokens, kNothing);
        std::copy_n(contents[from].begin(), tokens, contents[to].begin());
        ++copies;
    }
    std::vector<std::vector<TokenId>> contents;
    int copies = 0;
};

/// A conversation as the scheduler would run it: its tokens, and the view that should hold them.
struct Chat {
    std::vector<TokenId> tokens;
    View view;
};

bool write(KvCache& cache, FakePages& pages, Chat& chat, const std::vector<TokenId>& tokens) {
    if (!cache.make_room(chat.view, tokens.size())) {
        return false;
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::size_t position = chat.view.length() + i;
        pages.contents[chat.view.pages()[position / kPageTokens]][position % kPageTokens] = tokens[i];
    }
    chat.view.advance(tokens.size());
    chat.tokens.insert(chat.tokens.end(), tokens.begin(), tokens.end());
    return true;
}

bool holds(const FakePages& pages, const View& view, std::span<const TokenId> tokens) {
    if (view.length() > tokens.size()) {
        return false;
    }
    for (std::size_t position = 0; position < view.length(); ++position) {
        if (pages.contents[view.pages()[position / kPageTokens]][position % kPageTokens] !=
            tokens[position]) {
            return false;
        }
    }
    return true;
}

std::vector<TokenId> run(std::size_t size, TokenId first) {
    std::vector<TokenId> tokens(size);
    for (std::size_t i = 0; i < size; ++i) {
        tokens[i] = first + static_cast<TokenId>(i);
    }
    return tokens;
}

}  // namespace

class TestCache : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void a_fork_shares_full_pages_and_copies_the_partial_one_on_write() {
        FakePages pages(16);
        KvCache cache(pages);
        Chat parent{{}, cache.make_view()};
        QVERIFY(write(cache, pages, parent, run(100, 0)));
        QCOMPARE(cache.pool().free_count(), 14U);
        Chat child{parent.tokens, parent.view.fork(100)};
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

    void rewinding_gives_pages_back() {
        FakePages pages(8);
        KvCache cache(pages);
        Chat chat{{}, cache.make_view()};
        QVERIFY(write(cache, pages, chat, run(300, 0)));
        QCOMPARE(cache.pool().free_count(), 3U);
        chat.view.rewind(64);
        QCOMPARE(cache.pool().free_count(), 7U);
        chat.view.clear();
        QCOMPARE(cache.pool().free_count(), 8U);
    }

    void the_longest_prefix_is_found_token_by_token() {
        FakePages pages(32);
        KvCache cache(pages);
        Chat first{{}, cache.make_view()};
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
    }

    void kept_views_give_way_the_longest_unused_first() {
        FakePages pages(6);
        KvCache cache(pages);
        for (TokenId chat = 0; chat < 3; ++chat) {
            Chat one{{}, cache.make_view()};
            QVERIFY(write(cache, pages, one, run(100, chat * 1000)));
            cache.keep(one.tokens, std::move(one.view));
        }
        QCOMPARE(cache.pool().free_count(), 0U);
        QCOMPARE(cache.match(run(100, 0), 100).length(), 100U);  // used again
        Chat next{{}, cache.make_view()};
        QVERIFY(write(cache, pages, next, run(128, 5000)));
        QCOMPARE(cache.match(run(100, 1000), 100).length(), 0U);
        QCOMPARE(cache.match(run(100, 0), 100).length(), 100U);
        QCOMPARE(cache.counters().evicted_entries, 1U);
    }

    void running_views_are_never_taken_away() {
        FakePages pages(4);
        KvCache cache(pages);
        Chat big{{}, cache.make_view()};
        QVERIFY(write(cache, pages, big, run(200, 0)));
        View other = cache.make_view();
        QVERIFY(!cache.make_room(other, 1));
        QCOMPARE(other.pages().size(), 0U);
        QVERIFY(holds(pages, big.view, big.tokens));
    }

    void a_longer_view_replaces_its_prefix() {
        FakePages pages(8);
        KvCache cache(pages);
        Chat chat{{}, cache.make_view()};
        QVERIFY(write(cache, pages, chat, run(64, 0)));
        cache.keep(chat.tokens, chat.view.fork(64));
        QVERIFY(write(cache, pages, chat, run(64, 64)));
        cache.keep(chat.tokens, chat.view.fork(128));
        cache.keep(std::span(chat.tokens).first(32), chat.view.fork(32));
        chat.view.clear();
        QCOMPARE(cache.pool().free_count(), 6U);
        Chat other{{}, cache.make_view()};
        QVERIFY(write(cache, pages, other, run(6 * 64 + 1, 7000)));  // evicts it as one
        QCOMPARE(cache.counters().evicted_entries, 1U);
    }

    void a_thousand_random_conversations_leave_no_page_behind() {
        FakePages pages(24);
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
                    Chat chat{prompt, cache.match(prompt, prompt.size() - 1)};
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
            }
            QCOMPARE(next_id, 1000);
            QVERIFY(matched > 1000);
            for (const auto& [id, chat] : running) {
                QVERIFY(holds(pages, chat.view, chat.tokens));
            }
        }
        cache.forget_kept();
        QCOMPARE(cache.pool().free_count(), 24U);
    }
};

QTEST_GUILESS_MAIN(TestCache)
#include "test_cache.moc"
