// SPDX-License-Identifier: Apache-2.0
// compress() with scorers of the test's own: what stays, what is protected, rates, errors, and properties
// under random scores. One thread.
#include <algorithm>

#include <QtTest>

#include "prompt/compress/characters.h"
#include "prompt/compress/compress.h"
#include "prompt/compress/frequency_scorer.h"
#include "prompt/compress/protection.h"
#include "prompt/compress/units.h"
#include "tests/unit/prompt/random_scorer.h"

using namespace tendril;
using namespace tendril::prompt;
using prompt::testing::count_words;
using prompt::testing::NoiseScorer;
using prompt::testing::WordScorer;

namespace {

const CancelFlag kGoOn{false};

CompressSettings settings(Method method, double rate) {
    return {method, rate, needs_question(method) ? "Where is the ferry repaired?" : ""};
}

/// Prose of many different words, about `words` long.
std::string prose(std::size_t words, std::uint32_t seed = 7) {
    static const char* const kWords[] = {"the",    "ferry",   "was",    "repaired", "in",     "a",
                                         "small",  "harbour", "while",  "snow",     "fell",   "on",
                                         "grey",   "roofs",   "and",    "people",   "waited", "quietly",
                                         "behind", "windows", "lantern"};
    std::string text;
    for (std::size_t i = 0; i < words; ++i) {
        seed = seed * 1664525U + 1013904223U;
        text += i == 0 ? "" : i % 90 == 0 ? "\n\n" : " ";
        text += kWords[(seed >> 16U) % std::size(kWords)];
        text += i % 13 == 12 ? "." : i % 7 == 6 ? "," : "";
    }
    return text + ".";
}

/// Every promise that holds for every text and scorer.
void check(const std::string& text, const Compressed& result) {
    std::string joined;
    std::size_t last = 0;
    for (const KeptRange& range : result.kept) {
        QVERIFY(range.begin < range.end && range.end <= text.size());
        QVERIFY(range.begin > last || (range.begin == 0 && last == 0));
        last = range.end;
        joined += text.substr(range.begin, range.end - range.begin);
    }
    QCOMPARE(QByteArray::fromStdString(joined), QByteArray::fromStdString(result.text));
    QVERIFY(compression::is_utf8(result.text));
    QCOMPARE(result.tokens_after, count_words(result.text));
    QCOMPARE(result.tokens_before, count_words(text));
    for (const KeptRange& span : compression::protected_spans(text)) {
        const bool kept = std::any_of(result.kept.begin(), result.kept.end(), [&](const KeptRange& range) {
            return range.begin <= span.begin && span.end <= range.end;
        });
        QVERIFY2(kept, text.substr(span.begin, span.end - span.begin).c_str());
    }
}

}  // namespace

class TestCompress : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void protectsSpans_data();
    void protectsSpans();
    void keepsWhatIsSurprising();
    void meetsTheRate();
    void promisesHoldForNoise();
    void scoresPassages();
    void linesEndSentencesUnlessWrapped();
    void factsStayWhole();
    void scoresOnTheCompressedPast();
    void questionNeedsNoModel();
    void refusesBadInput();
    void stopsHalfWay();
    void rareWordsStay();
    void namesAreTheirOwn();
};

void TestCompress::protectsSpans_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("spans");
    QTest::newRow("digits") << "It cost $3.50 on 2024-05-01 in B12"
                            << QStringList{"$3.50", "2024-05-01", "B12"};
    QTest::newRow("negations") << "He can't, and did not, go nowhere"
                               << QStringList{"can't", "not", "nowhere"};
    QTest::newRow("german") << "Das ist kein Haus, nicht wahr" << QStringList{"kein", "nicht"};
    QTest::newRow("chinese") << "我们不去三百公里外的地方" << QStringList{"不", "三百"};
    QTest::newRow("counted") << "会议在3月举行" << QStringList{"3月"};
    QTest::newRow("quotes") << "She said \"open the door\" and “wait here” to him"
                            << QStringList{"\"open the door\"", "“wait here”"};
    QTest::newRow("german quotes") << "Er rief „komm her“ und ging" << QStringList{"„komm her“"};
    QTest::newRow("single quotes") << "the 'red door' of James' house" << QStringList{"'red door'"};
    QTest::newRow("code span") << "call `free(p)` then" << QStringList{"`free(p)`"};
    QTest::newRow("code block") << "so\n```c\nint x;\n```\nend" << QStringList{"```c\nint x;\n```"};
    QTest::newRow("open code block") << "so\n~~~\nint x;" << QStringList{"~~~\nint x;"};
    QTest::newRow("url") << "see https://example.org/a?b and me@example.org now"
                         << QStringList{"https://example.org/a?b", "me@example.org"};
    QTest::newRow("json") << "{\"name\": true, \"other\": false}" << QStringList{"\"name\"", "\"other\""};
    QTest::newRow("heading") << "# A title here\ntext" << QStringList{"# A title here"};
    QTest::newRow("blanks behind a heading") << "# A title \t\ntext" << QStringList{"# A title"};
    QTest::newRow("underlined") << "A title here\n=====\ntext" << QStringList{"A title here\n====="};
    QTest::newRow("line below nothing") << "apples\n \r\n-----\r\npears" << QStringList{};
    QTest::newRow("list") << "- apples are red\n- pears" << QStringList{"-", "-"};
    QTest::newRow("quote left open") << "He said \"this and\n\nmore \"of it\" here"
                                     << QStringList{"\"of it\""};
}

void TestCompress::protectsSpans() {
    QFETCH(QString, text);
    QFETCH(QStringList, spans);
    const std::string bytes = text.toStdString();
    QStringList found;
    for (const KeptRange& span : compression::protected_spans(bytes)) {
        found += QString::fromStdString(bytes.substr(span.begin, span.end - span.begin));
    }
    QCOMPARE(found, spans);
}

void TestCompress::keepsWhatIsSurprising() {
    WordScorer scorer([](std::string_view word, const ScoreJob&) { return static_cast<float>(word.size()); });
    const std::string text = "A tall man walked up to an enormous lighthouse at noon.";
    const auto result = compress(text, settings(Method::frequency, 0.5), scorer, count_words, kGoOn);
    QVERIFY(result);
    QCOMPARE(QString::fromStdString(result->text), QString("walked enormous lighthouse."));
    check(text, *result);
}

void TestCompress::meetsTheRate() {
    for (const Method method : kMethods) {
        for (const std::size_t words : {100, 1000, 10000}) {
            for (const double rate : {0.9, 0.7, 0.5, 0.33, 0.2}) {
                const std::string text = prose(words);
                NoiseScorer scorer(words);
                const auto result = compress(text, settings(method, rate), scorer, count_words, kGoOn);
                QVERIFY(result);
                const double met =
                    static_cast<double>(result->tokens_after) / static_cast<double>(result->tokens_before);
                const double slack = 0.01 + 5 / static_cast<double>(result->tokens_before);
                QVERIFY2(met <= rate + slack && met >= rate - slack,
                         qPrintable(QString("%1 %2 words: %3, asked %4")
                                        .arg(name_of(method))
                                        .arg(words)
                                        .arg(met)
                                        .arg(rate)));
                check(text, *result);
            }
        }
    }
}

void TestCompress::promisesHoldForNoise() {
    const std::string texts[] = {
        "The man (who was 42) said: \"I won't!\" Then — silence…\n\n# Heading one\n\n1. first thing is "
        "red\n2. second\n",
        "今天天气很好，我们不去公园。他说：“等一下！”然后在3月5日离开iPhone和iPad。😀👨"
        "‍"
        "👩"
        "‍"
        "👧"
        " "
        "很多人😀高兴。",
        "```\ncode stays\n  as it is\n```\n\nwords   with \t odd\nblanks   here , and there .\n\n\n\nend",
        "{\"key\": {\"inner\": [true, \"text\"], \"none\": null}}\r\nnext line\r\n",
        "ไม่มีใครรู้ว่าเขาไปที่ไหนเมื่อวานนี้ ภาษาไทยไม่มีช่องว่าง",
        std::string(1000, 'x') + " " + std::string(300, '"') + " " + std::string(50, '`'),
        ".... !!! ??? . . . ' ' '' \" \" «a» ‘b’",
        "Tad2) said:) then…\n# \nFirst is this\n## Here  \nand that\v",
    };
    for (const std::string& text : texts) {
        for (const Method method : kMethods) {
            for (std::uint64_t seed = 0; seed < 20; ++seed) {
                NoiseScorer scorer(seed);
                const double rate = 0.05 + 0.04 * static_cast<double>(seed);
                const auto result = compress(text, settings(method, rate), scorer, count_words, kGoOn);
                QVERIFY(result);
                check(text, *result);
            }
        }
    }
}

/// So that what is known of one serves every rate and method: on nothing, never over the border of a part.
void TestCompress::scoresPassages() {
    const std::string text = prose(500) + " 第三句。第四句";
    std::vector<std::string> passages;
    for (const KeptRange& one : scored_passages(text)) {
        passages.push_back(text.substr(one.begin, one.end - one.begin));
        QVERIFY(passages.back().size() <= 800);
    }
    QVERIFY(passages.size() > 3);
    for (const double rate : {0.3, 0.7}) {
        NoiseScorer scorer(1);
        QVERIFY(compress(text, settings(Method::selective, rate), scorer, count_words, kGoOn));
        QCOMPARE(scorer.texts, passages);
        QVERIFY(std::all_of(scorer.contexts.begin(), scorer.contexts.end(),
                            [](const auto& c) { return c.empty(); }));
    }
    NoiseScorer lingua(1);
    QVERIFY(compress(text, settings(Method::llmlingua, 0.3), lingua, count_words, kGoOn));
    QVERIFY(lingua.texts.size() > passages.size());  // then on the compressed past
    QVERIFY(scores_passages(Method::llmlingua, 0.3) && !scores_passages(Method::llmlingua, 0.5));
    QVERIFY(scores_passages(Method::selective, 1) && !scores_passages(Method::frequency, 0.3));
    QVERIFY(std::equal(passages.begin(), passages.end(), lingua.texts.begin()));

    const std::string said[] = {"We met at the mill. It was late.", "Who had the key of the mill then?"};
    const std::string transcript = "You: " + said[0] + "\nMe: " + said[1];
    CompressSettings parts = settings(Method::selective, 0.5);
    parts.parts = {{5, 5 + said[0].size() + 1}, {transcript.size() - said[1].size(), transcript.size()}};
    NoiseScorer spoken(1);
    const auto result = compress(transcript, parts, spoken, count_words, kGoOn);
    QVERIFY(result);
    check(transcript, *result);
    QCOMPARE(spoken.texts, (std::vector<std::string>{said[0], said[1]}));
    parts.parts = {{5, 4000}, {3000, 2000}};  // places that are not there
    QVERIFY(compress(transcript, parts, spoken, count_words, kGoOn));
}

void TestCompress::linesEndSentencesUnlessWrapped() {
    const auto sentences = [](const std::string& text) {
        std::vector<std::string> found;
        for (const KeptRange& range : compression::sentences_of(text)) {
            found.push_back(text.substr(range.begin, range.end - range.begin));
        }
        return found;
    };
    const std::string log = "ana> the router is slow again\nbo> yes\nkim> who has the key of the cellar";
    QCOMPARE(sentences(log).size(), std::size_t{3});
    const std::string wrapped =
        "The old router was moved to the\ncellar because of the noise that\nit made at night, and the key\n"
        "is with the caretaker.";
    QCOMPARE(sentences(wrapped), std::vector<std::string>{wrapped});
    const std::string link =
        wrapped + " See\n" + "https://example.org/" + std::string(60, 'x') + "\nfor more.";
    QCOMPARE(sentences(link).front(), wrapped);
}

void TestCompress::factsStayWhole() {
    // What has a number, a negation or a name is not cut into it and a rest that nobody understands.
    WordScorer scorer([](std::string_view word, const ScoreJob&) {
        return word.size() < 4 ? 8.0F : 9.0F + static_cast<float>(word.size()) / 10;
    });
    const std::string facts[] = {"A sum of 849 crowns was paid for the signal tower in the end.",
                                 "In the end the station clock was not made to work.",
                                 "The keys of the mill went to a cousin of Samuel Adeyemi."};
    std::string text;
    for (std::uint32_t i = 0; i < 12; ++i) {
        text += prose(40, i) + " " + (i % 4 == 1 ? facts[i / 4] + " " : "");
    }
    for (const double rate : {0.7, 0.5, 0.3}) {
        const auto result = compress(text, settings(Method::frequency, rate), scorer, count_words, kGoOn);
        QVERIFY(result);
        check(text, *result);
        for (const std::string& fact : facts) {
            QVERIFY2(result->text.find(fact) != std::string::npos, fact.c_str());
        }
    }
}

void TestCompress::scoresOnTheCompressedPast() {
    WordScorer scorer([](std::string_view word, const ScoreJob&) {
        const auto noise = reinterpret_cast<std::uintptr_t>(word.data()) % 97;  // no two score the same
        return static_cast<float>(word.size()) + static_cast<float>(noise) / 100;
    });
    const std::string text = prose(600);
    QVERIFY(compress(text, settings(Method::llmlingua, 0.5), scorer, count_words, kGoOn));
    QVERIFY(scorer.seen.size() > 3);
    QVERIFY(scorer.seen[0].context.empty());
    std::size_t read = 0;
    for (std::size_t i = 1; i < scorer.seen.size(); ++i) {
        read += scorer.seen[i - 1].text.size();
        const std::string& context = scorer.seen[i].context;
        QVERIFY(
            context.starts_with(scorer.seen[i - 1].context));  // it only grows, so a cache goes on from it
        QVERIFY(context.size() > read * 3 / 10 && context.size() < read * 7 / 10);
        QVERIFY(context.find(" a ") == std::string::npos);  // the shortest words are not in it
    }
}

void TestCompress::questionNeedsNoModel() {
    WordScorer scorer([](std::string_view word, const ScoreJob&) { return static_cast<float>(word.size()); });
    // Said three times, so that it is no news; only the question can keep it whole.
    const std::string fact = "It is to the inn by the oak that he ran.";
    const std::string text = fact + " " + prose(150, 3) + " " + fact + " " + prose(150, 5) + " " + fact;
    const auto times = [&](const Compressed& result) {
        int found = 0;
        for (std::size_t at = 0; (at = result.text.find(fact, at)) != std::string::npos; ++at) {
            ++found;
        }
        return found;
    };
    const auto with = compress(text, {Method::question, 0.3, "Did he run to the inn by an oak?"}, scorer,
                               count_words, kGoOn);
    QVERIFY(with);
    QCOMPARE(times(*with), 3);
    check(text, *with);
    const auto without = compress(text, settings(Method::frequency, 0.3), scorer, count_words, kGoOn);
    QVERIFY(without && times(*without) < 3);
}

void TestCompress::refusesBadInput() {
    NoiseScorer scorer(1);
    for (const double rate : {0.0, 0.04, 1.01, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
        const auto result =
            compress("some words", settings(Method::frequency, rate), scorer, count_words, kGoOn);
        QVERIFY(!result && result.error().code == ErrorCode::invalid_argument);
    }
    const auto no_question = compress("some words", {Method::question, 0.5, " "}, scorer, count_words, kGoOn);
    QVERIFY(!no_question && no_question.error().code == ErrorCode::invalid_argument);
    const auto broken = compress("a \xff b", settings(Method::frequency, 0.5), scorer, count_words, kGoOn);
    QVERIFY(!broken && broken.error().code == ErrorCode::malformed);
    QCOMPARE(scorer.calls, 0);
    for (const std::string text : {"", " ", "\n", "word", "."}) {
        for (const Method method : kMethods) {
            const auto result = compress(text, settings(method, 0.05), scorer, count_words, kGoOn);
            QVERIFY(result);
            check(text, *result);
        }
    }
    const std::string whole = prose(50);
    const auto all = compress(whole, settings(Method::selective, 1), scorer, count_words, kGoOn);
    QVERIFY(all && all->text == whole);
}

void TestCompress::stopsHalfWay() {
    for (const Method method : {Method::selective, Method::llmlingua}) {
        NoiseScorer scorer(1);
        CancelFlag cancel{false};
        double last = 0;
        const auto result =
            compress(prose(5000), settings(method, 0.4), scorer, count_words, cancel, [&](double share) {
                QVERIFY(share >= last && share <= 1);
                last = share;
                cancel = share > 0.3;
            });
        QVERIFY(!result && result.error().code == ErrorCode::cancelled);
        QVERIFY(last > 0.3 && last < 0.6);
    }
}

void TestCompress::rareWordsStay() {
    // Ranks as a vocabulary gives them: short words were learnt first.
    FrequencyScorer scorer([](std::string_view text) {
        std::vector<RankedPiece> pieces;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find(' ', at + 1), text.size());
            pieces.push_back({at, end, static_cast<std::uint32_t>((end - at) * (end - at) * 100)});
            at = end;
        }
        return pieces;
    });
    const std::string text = "Once the mayor of the town of Brixholt had a very fine collection of umbrellas";
    const auto result = compress(text, settings(Method::frequency, 0.5), scorer, count_words, kGoOn);
    QVERIFY(result);
    QCOMPARE(QString::fromStdString(result->text), QString("mayor town Brixholt collection umbrellas"));
}

void TestCompress::namesAreTheirOwn() {
    for (const Method method : kMethods) {
        QVERIFY(method_named(name_of(method)) == method);
    }
    QVERIFY(!method_named("zip"));
    QVERIFY(!method_named("longllmlingua"));  // did not beat head and tail (tests/bench/compress/README.md)
}

QTEST_GUILESS_MAIN(TestCompress)
#include "test_compress.moc"
