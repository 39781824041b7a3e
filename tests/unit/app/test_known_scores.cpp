// SPDX-License-Identifier: Apache-2.0
// What is kept of scores, within its bounds; and texts found again, to the byte, in a prompt that was read
// with losses. One thread.
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include "app/compress/known_scores.h"
#include "app/compress/read_passages.h"
#include "tests/unit/app/text_tokens.h"

using namespace tendril;
using namespace tendril::app;

namespace {

/// Tokens that are the texts in its list, in order.
class Listed final : public test::TextTokens {
  public:
    explicit Listed(const std::vector<std::string>& texts) { texts_.assign(texts.begin(), texts.end()); }
    std::vector<engine::TokenId> all() const {
        std::vector<engine::TokenId> tokens;
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            tokens.push_back(static_cast<engine::TokenId>(i));
        }
        return tokens;
    }
};

/// Token i has i tenths of a nat.
std::vector<ReadPassage> read(const std::vector<std::string>& prompt, const std::vector<std::string>& texts,
                              std::size_t from = 1, std::size_t count = 1000) {
    const Listed tokenizer(prompt);
    const auto tokens = tokenizer.all();
    std::vector<float> logprobs;
    for (std::size_t i = from; i < std::min(tokens.size(), from + count); ++i) {
        logprobs.push_back(-static_cast<float>(i) / 10);
    }
    return passages_read({tokenizer, tokens, logprobs, from}, texts);
}

KnownScores::Pieces pieces(std::size_t count, float nats) {
    KnownScores::Pieces all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back({2 * i, 2 * i + 2, nats});
    }
    return all;
}

}  // namespace

class TestKnownScores : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void each_model_context_and_text_is_its_own() {
        KnownScores known;
        known.keep("a", {"", "text"}, pieces(2, 1));
        const auto found = known.find("a", {"", "text"});
        QVERIFY(found.has_value());
        QCOMPARE(found->size(), std::size_t{2});
        QCOMPARE((*found)[1].begin, std::size_t{2});
        QCOMPARE((*found)[1].end, std::size_t{4});
        QCOMPARE((*found)[1].nats, 1.0F);
        QVERIFY(known.has("a", {"", "text"}));
        QVERIFY(!known.find("b", {"", "text"}));
        QVERIFY(!known.find("a", {"x", "text"}));
        QVERIFY(!known.find("a", {"", "texts"}));
        QVERIFY(!known.find("a", {"text", ""}));
        known.keep("a", {"", "text"}, pieces(1, 2));  // in its place
        QCOMPARE(known.find("a", {"", "text"})->size(), std::size_t{1});
        known.clear();
        QVERIFY(!known.has("a", {"", "text"}));
        QCOMPARE(known.bytes(), std::size_t{0});
    }

    void no_more_is_kept_than_the_bound() {
        KnownScores known(10'000);
        const auto job = [](int number) { return prompt::ScoreJob{"", "text " + std::to_string(number)}; };
        for (int i = 0; i < 100; ++i) {
            known.keep("a", job(i), pieces(50, 1));
            QVERIFY(known.bytes() <= 10'000 && known.bytes() > 0);
            QVERIFY(known.find("a", job(0)).has_value());  // what is used stays
            QVERIFY(known.has("a", job(i)));
        }
        QVERIFY(!known.has("a", job(1)));
        QVERIFY(known.has("a", job(98)));
        known.keep("a", job(7), pieces(5000, 1));  // larger than all: nothing else goes for it
        QVERIFY(!known.has("a", job(7)) && known.has("a", job(99)));
    }

    void a_file_that_was_changed_is_another_model() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("a.gguf").toStdString();
        const std::string absent = scorer_key(path);
        std::ofstream(path) << "one";
        const std::string first = scorer_key(path);
        std::ofstream(path) << "another";
        QVERIFY(first != absent && scorer_key(path) != first);
        QCOMPARE(scorer_key(path), scorer_key(path));
    }

    void texts_are_found_to_the_byte() {
        const auto found = read({"<user>", "\n", "The", " old mill", " is", " closed.", "<end>", "\n"},
                                {"The old mill is closed."});
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(found[0].text, std::string("The old mill is closed."));
        const std::pair<std::size_t, std::size_t> places[] = {{0, 3}, {3, 12}, {12, 15}, {15, 23}};
        QCOMPARE(found[0].pieces.size(), std::size(places));
        for (std::size_t i = 0; i < std::size(places); ++i) {
            QCOMPARE(found[0].pieces[i].begin, places[i].first);
            QCOMPARE(found[0].pieces[i].end, places[i].second);
            QCOMPARE(found[0].pieces[i].nats, static_cast<float>(i + 2) / 10);
        }
    }

    void a_token_over_the_border_counts_when_only_blanks_are_outside_data() {
        QTest::addColumn<QStringList>("prompt");
        QTest::addColumn<int>("pieces");  // -1: refused
        QTest::newRow("blanks behind")
            << QStringList{"```", "\n", "The old mill is", " closed", ".\n", "```"} << 3;
        QTest::newRow("blanks in front") << QStringList{"```", "\n\n", "  The", " old mill is closed."} << 2;
        QTest::newRow("a quote in front") << QStringList{"\n", "\"The", " old mill is closed."} << -1;
        QTest::newRow("a fence behind") << QStringList{"\n", "The old mill is closed", ".```"} << -1;
        QTest::newRow("another word behind") << QStringList{"\n", "The old mill is closed. Then"} << -1;
        QTest::newRow("other words") << QStringList{"\n", "The new mill is closed."} << -1;
    }
    void a_token_over_the_border_counts_when_only_blanks_are_outside() {
        QFETCH(QStringList, prompt);
        QFETCH(int, pieces);
        std::vector<std::string> texts;
        for (const QString& one : prompt) {
            texts.push_back(one.toStdString());
        }
        const auto found = read(texts, {"The old mill is closed."});
        QCOMPARE(found.empty() ? -1 : static_cast<int>(found[0].pieces.size()), pieces);
        if (pieces > 0) {
            QCOMPARE(found[0].pieces.front().begin, std::size_t{0});
            QCOMPARE(found[0].pieces.back().end, found[0].text.size());
        }
    }

    void only_what_was_read_with_losses_counts() {
        const std::vector<std::string> prompt{"The old mill", " is closed.", "\n",           "The new one",
                                              " is open.",    "\n",          "The keys are", " in it."};
        const std::vector<std::string> texts{"The old mill is closed.", "The new one is open.",
                                             "The keys are in it."};
        const auto names = [&](std::size_t from, std::size_t count) {
            std::string all;
            for (const auto& one : read(prompt, texts, from, count)) {
                all += one.text.substr(4, 3) + ";";
            }
            return all;
        };
        QCOMPARE(names(0, 8), std::string("old;new;key;"));
        QCOMPARE(names(1, 7), std::string("new;key;"));  // the first token of a text has none
        QCOMPARE(names(3, 5), std::string("new;key;"));
        QCOMPARE(names(4, 4), std::string("key;"));  // the cache had the beginning of the second
        QCOMPARE(names(1, 5), std::string("new;"));  // cancelled in the middle of the third
        QCOMPARE(names(1, 0), std::string());
    }

    void texts_are_looked_for_one_behind_the_other() {
        const std::vector<std::string> prompt{"x", "Is the mill open?", "\n", "It is not.",
                                              "Is the mill open?"};
        auto found = read(prompt, {"Is the mill open?", "Is the mill open?"});
        QCOMPARE(found.size(), std::size_t{2});
        QCOMPARE(found[0].pieces[0].nats, 0.1F);
        QCOMPARE(found[1].pieces[0].nats, 0.4F);
        const Listed tokenizer(prompt);
        QCOMPARE(texts_in(tokenizer, tokenizer.all(), {"This was left out of it.", "Is the mill open?"}),
                 std::vector<std::string>{"Is the mill open?"});
        found = read(prompt, {"This was left out of it.", "It is not.", "Is the mill open?"});
        QCOMPARE(found.size(), std::size_t{1});  // the second is too short to be told from other places
        QCOMPARE(found[0].text, std::string("Is the mill open?"));
    }
};

QTEST_GUILESS_MAIN(TestKnownScores)
#include "test_known_scores.moc"
