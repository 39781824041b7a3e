// SPDX-License-Identifier: Apache-2.0
// Guesses from earlier places of the text: right where the text repeats, none where it is new, the same
// whether asked often or seldom.
#include <random>

#include <QtTest>

#include "engine/sample/ngram_draft.h"

using namespace tendril::engine;

class TestDraft : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void what_follows_the_last_place_is_guessed() {
        NgramDraft draft;
        const std::vector<TokenId> text = {1, 2, 3, 4, 5, 6, 9, 1, 2, 3};
        const auto guess = draft.guess(text, 3);
        QCOMPARE(std::vector<TokenId>(guess.begin(), guess.end()), (std::vector<TokenId>{4, 5, 6}));
        QVERIFY(draft.guess(text, 0).empty());
    }

    void the_longest_match_wins_over_the_latest() {
        NgramDraft draft;
        //  1 2 3 4 5 6 -> 70 early, 4 5 6 -> 80 later; the end is 1 2 3 4 5 6.
        const std::vector<TokenId> text = {1, 2, 3, 4, 5, 6, 70, 99, 4, 5, 6, 80, 98, 1, 2, 3, 4, 5, 6};
        QCOMPARE(draft.guess(text, 1)[0], 70);
    }

    void a_repeating_end_goes_on_with_itself() {
        NgramDraft draft;
        const std::vector<TokenId> text = {5, 1, 2, 1, 2, 1, 2};
        const auto guess = draft.guess(text, 6);
        QCOMPARE(std::vector<TokenId>(guess.begin(), guess.end()), (std::vector<TokenId>{1, 2, 1, 2, 1, 2}));
    }

    void new_text_gives_no_guess() {
        NgramDraft draft;
        std::vector<TokenId> text;
        for (TokenId token = 0; token < 5000; ++token) {
            text.push_back(token);
            QVERIFY(draft.guess(text, 8).empty());
        }
        QVERIFY(NgramDraft().guess({}, 8).empty());
        const std::vector<TokenId> two = {1, 1};
        QVERIFY(NgramDraft().guess(two, 8).empty());
    }

    void asking_often_or_seldom_gives_the_same() {
        std::mt19937 random(4);
        for (int round = 0; round < 50; ++round) {
            NgramDraft often;
            std::vector<TokenId> text;
            for (int i = 0; i < 300; ++i) {
                text.push_back(static_cast<TokenId>(random() % 3));
                often.guess(text, 4);
            }
            NgramDraft once;
            const auto a = often.guess(text, 8);
            const auto b = once.guess(text, 8);
            QCOMPARE(std::vector<TokenId>(a.begin(), a.end()), std::vector<TokenId>(b.begin(), b.end()));
            QCOMPARE(a.size(), std::size_t{8});
        }
    }
};

QTEST_GUILESS_MAIN(TestDraft)
#include "test_draft.moc"
