// SPDX-License-Identifier: Apache-2.0
// Chunks, words, ranking; and how well facts that are planted in long documents are found.
#include <cmath>
#include <random>

#include <QTemporaryDir>
#include <QtTest>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "app/documents/chunk_ranking.h"
#include "engine/text/utf8_stream.h"
#include "prompt/retrieval/chunks.h"
#include "prompt/retrieval/passage.h"
#include "prompt/retrieval/rank.h"
#include "prompt/retrieval/words.h"
#include "storage/chat_store.h"

using namespace tendril;
using namespace tendril::prompt;

namespace {

std::string cut(const std::string& text, const Chunk& chunk) {
    return text.substr(chunk.begin, chunk.end - chunk.begin);
}

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

QString joined(const std::vector<std::string>& words) {
    QStringList list;
    for (const std::string& word : words) {
        list += QString::fromStdString(word);
    }
    return list.join('|');
}

struct Fact {
    std::string sentence, question, answer;
};

/// A document of paragraphs about nothing, with facts of one pattern among them: who looks for one finds
/// words of all.
struct Planted {
    std::string text;
    std::vector<Fact> facts;
};

constexpr const char* kNames[] = {"Marlow",   "Dunmere", "Ashby",  "Corrin", "Velden", "Ostrava",
                                  "Pellworm", "Quint",   "Harrow", "Selby",  "Tarnow", "Ulmen",
                                  "Wexford",  "Yarrow",  "Zennor", "Brindle"};
constexpr const char* kThings[] = {"pump station", "signal tower", "grain depot", "weather mast",
                                   "tram workshop"};
constexpr const char* kFiller[] = {
    "the",       "station", "was",     "repaired", "in",    "spring", "and",    "later",   "a",
    "committee", "of",      "local",   "people",   "asked", "for",    "better", "records", "water",
    "electric",  "tower",   "code",    "access",   "depot", "during", "long",   "winter",  "report",
    "which",     "said",    "nothing", "new",      "about", "pumps",  "grain",  "weather", "signal",
    "workshop",  "number",  "is",      "not",      "known", "before", "year",   "line"};

Planted plant(unsigned seed, std::size_t bytes, bool chinese) {
    std::mt19937 random(seed);
    const auto pick = [&random](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    Planted planted;
    for (const char* thing : kThings) {
        for (int i = 0; i < 4; ++i) {
            const std::string name = kNames[(pick(std::size(kNames) / 4) * 4 + static_cast<std::size_t>(i))];
            const std::string code = std::to_string(1000 + pick(9000));
            if (chinese) {
                const std::string place = std::string(name);
                planted.facts.push_back({place + "的" + thing + "的门禁密码是" + code + "。",
                                         "请问" + place + "的" + thing + "的门禁密码是多少？", code});
            } else {
                planted.facts.push_back(
                    {"The access code of the " + name + " " + thing + " is " + code + ".",
                     "What is the access code of the " + std::string(thing) + " in " + name + "?", code});
            }
        }
    }
    std::size_t next = 0;
    const std::size_t every = bytes / (planted.facts.size() + 1);
    while (planted.text.size() < bytes) {
        std::string paragraph;
        for (int sentence = 0; sentence < 6; ++sentence) {
            for (std::size_t words = 8 + pick(8); words > 0; --words) {
                paragraph += std::string(paragraph.empty() || paragraph.back() == ' ' ? "" : " ") +
                             kFiller[pick(std::size(kFiller))];
            }
            paragraph += ". ";
            if (next < planted.facts.size() && planted.text.size() > every * (next + 1)) {
                paragraph += planted.facts[next++].sentence + " ";
            }
        }
        planted.text += paragraph + "\n\n";
    }
    return planted;
}

}  // namespace

class TestRetrieval : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void chunksFollowTheText() {
        const std::string section = "## Pumps\n\n" + repeated("Pumps move water. ", 30) + "\n\n";
        const std::string text = "# Manual\n\nShort beginning.\n\n" + section +
                                 repeated("A long line of words. ", 200) + "\n\n## Last\n\nEnd.\n";
        const auto chunks = split_chunks(text);
        QVERIFY(chunks.size() >= 5);
        QVERIFY(cut(text, chunks[0]).starts_with("# Manual"));
        bool found = false;
        for (const Chunk& chunk : chunks) {
            const std::string words = cut(text, chunk);
            QVERIFY(chunk.end - chunk.begin <= 1600);
            QVERIFY2(!words.ends_with("## Last") && !words.ends_with("## Pumps"),
                     words.c_str());  // not without its text
            found = found || words.find("## Pumps\n\nPumps move") != std::string::npos;
        }
        QVERIFY(found);
        // inside the long paragraph a chunk repeats the end of the one before, from the beginning of a
        // sentence
        int overlaps = 0;
        for (std::size_t i = 1; i < chunks.size(); ++i) {
            if (chunks[i].begin < chunks[i - 1].end) {
                ++overlaps;
                QVERIFY(cut(text, chunks[i]).starts_with("A long line"));
                QVERIFY(chunks[i - 1].end - chunks[i].begin <= 160);
            }
        }
        QVERIFY(overlaps >= 3);
        QCOMPARE(split_chunks(text), chunks);
    }

    void codeStaysWhole() {
        const std::string code = "```cpp\nint a;\n\n# no heading\n\nint b;\n```";
        const std::string text = repeated("Words before it. ", 55) + "\n\n" + code + "\n\nBehind.";
        bool whole = false;
        for (const Chunk& chunk : split_chunks(text)) {
            whole = whole || cut(text, chunk).find(code) != std::string::npos;
        }
        QVERIFY(whole);
        const auto open = split_chunks("```\nnever closed\n\nmore");
        QCOMPARE(open.size(), 1U);
    }

    void charactersStayWhole() {
        const std::string text = repeated("葡萄藤", 2000);  // one line without a mark
        std::size_t covered = 0;
        for (const Chunk& chunk : split_chunks(text)) {
            QVERIFY(engine::is_valid_utf8(cut(text, chunk)));
            QVERIFY(chunk.begin <= covered);
            covered = chunk.end;
        }
        QCOMPARE(covered, text.size());
        QVERIFY(split_chunks("").empty());
        QVERIFY(split_chunks(" \n\n\t").empty());
        QVERIFY(!split_chunks(std::string(5000, '\x80')).empty());
    }

    void excerptsSayWhatIsLeftOut() {
        const std::string text = "one two three four five";
        QCOMPARE(QString::fromStdString(excerpts(text, {{0, 7}, {4, 13}, {19, 23}})),
                 QString("one two three\n[…]\nfive"));
        QCOMPARE(QString::fromStdString(excerpts(text, {{0, 3}, {4, 7}})), QString("one two"));
        QCOMPARE(QString::fromStdString(excerpts(text, {{4, 7}, {4, 5}, {30, 40}})), QString("two"));
        QVERIFY(excerpts(text, {}).empty());
    }

    void questionsBecomePhrases() {
        QCOMPARE(joined(query_phrases("What is the access code of the Marlow pump?")),
                 QString("access|code|Marlow|pump"));
        QCOMPARE(joined(query_phrases("Wie groß ist die Förderhöhe für 7.5 kW?")),
                 QString("groß|Förderhöhe|7.5|kW"));
        QCOMPARE(joined(query_phrases("What is this about?")), QString("What|is|this|about"));
        QCOMPARE(joined(query_phrases("why does parseHeader_v2() fail")),
                 QString("parseHeader_v2|parse|Header|v2|fail"));
        QCOMPARE(joined(query_phrases("请问葡萄的产地在哪里？")), QString::fromUtf8("葡 萄|产 地|地 在"));
        QCOMPARE(joined(query_phrases("葡")), QString::fromUtf8("葡"));
        QVERIFY(query_phrases(" ?! ").empty());
        QCOMPARE(query_phrases(repeated("a1 b2 c3 d4 ", 3)).size(), 4U);
    }

    void theSentenceThatIsAskedForIsShown() {
        const std::string text =
            "Weather and a code. In spring nothing.\nThe pumps of Marlow have the access code "
            "7.5 and 4711. More\nabout the code";
        const auto best = [](const std::string& of, const std::string& question) {
            return std::string(best_passage(of, query_phrases(question)));
        };
        QCOMPARE(best(text, "Which access code has the MARLOW pump?"),
                 std::string("The pumps of Marlow have the access code 7.5 and 4711."));
        QCOMPARE(best(text, "And in spring?"), std::string("In spring nothing."));
        QCOMPARE(best(text, "Who is Quint?"), std::string());
        QCOMPARE(best("葡萄很甜。水泵的密码是4711。", "水泵的密码是什么?"),
                 std::string("水泵的密码是4711。"));
        QCOMPARE(best("", "What?"), std::string());
    }

    void wordsOfTheIndex() {
        QCOMPARE(QString::fromStdString(index_words("葡萄 grapes")).simplified(),
                 QString::fromUtf8("葡 萄 grapes"));
        QVERIFY(QString::fromStdString(index_words("call parseHeader now"))
                    .contains("parseHeader parse Header now"));
    }

    void rareWordsCountMost() {
        // words: one that all chunks have, one that a single chunk has
        const std::vector<MatchedChunk> matched = {
            {{1, 0}, 100, {3, 0}}, {{1, 1}, 100, {1, 1}}, {{1, 2}, 100, {1, 0}}, {{1, 3}, 400, {1, 0}}};
        const auto ranked = bm25(matched, 4, 100, 10);
        QCOMPARE(ranked.size(), 4U);
        QCOMPARE(ranked[0].name, (ChunkName{1, 1}));
        QCOMPARE(ranked[1].name, (ChunkName{1, 0}));  // more often
        QCOMPARE(ranked[2].name, (ChunkName{1, 2}));
        QCOMPARE(ranked[3].name, (ChunkName{1, 3}));  // the same in a longer chunk is less
        QVERIFY(ranked[3].score > 0);
        // ln(1 + 3.5/1.5) + ln(1 + 0.5/4.5), each once in a chunk of mean length
        QVERIFY(std::abs(ranked[0].score - (std::log(1 + 3.5 / 1.5) + std::log(1 + 0.5 / 4.5))) < 1e-12);
        QCOMPARE(bm25(matched, 4, 100, 2).size(), 2U);
        QVERIFY(bm25({}, 0, 0, 5).empty());
        QCOMPARE(bm25({{{2, 0}, 9, {1}}, {{1, 0}, 9, {1}}}, 2, 9, 5)[0].name, (ChunkName{1, 0}));
    }

    void otherConversationsChangeNothing() {
        QTemporaryDir folder;
        const std::string file = folder.filePath("chats.db").toStdString();
        storage::OpenReport report;
        const auto store = storage::ChatStore::open(file, report).value();
        const auto add = [&](const std::vector<std::string>& chunks) {
            storage::Document document;
            document.conversation = store->create_conversation("", "").value().id;
            document.text = "text";
            const auto id = store->add_document(document, storage::AttachmentChoice::searched).value();
            std::vector<storage::NewChunk> rows;
            for (const std::string& words : chunks) {
                rows.push_back({0, 40, words});
            }
            return store->set_chunks(id, rows) ? id : 0;
        };
        const auto id = add({"the pump needs oil", "the pump stands in Marlow", "Marlow has a bridge",
                             "bridges need paint and the pump has none", "nothing else"});
        const std::string question = "pump bridge";
        const auto own = [&] { return app::rank_chunks(*store, {id}, question, 10).value(); };
        const auto of_the_table = [&] {  // as FTS5 ranks by itself
            SQLite::Database raw(file);
            SQLite::Statement rows(raw,
                                   "SELECT c.chunk FROM chunk_search JOIN document_chunk c ON "
                                   "c.id=chunk_search.rowid WHERE chunk_search MATCH 'pump OR bridge' AND "
                                   "c.document=? ORDER BY bm25(chunk_search), c.chunk");
            rows.bind(1, id);
            std::vector<std::int64_t> order;
            while (rows.executeStep()) {
                order.push_back(rows.getColumn(0).getInt64());
            }
            return order;
        };
        const auto before = own();
        const auto table_before = of_the_table();
        QCOMPARE(before.size(), 4U);
        QCOMPARE(before[0].name.chunk, 3U);
        QCOMPARE(before[1].name.chunk, 2U);  // bridges are rarer than pumps, here
        QVERIFY(add(std::vector<std::string>(200, "a bridge and another bridge")) != 0);
        const auto after = own();
        QVERIFY(of_the_table() != table_before);  // what this is about
        for (std::size_t i = 0; i < before.size(); ++i) {
            QCOMPARE(after[i].name, before[i].name);
            QCOMPARE(after[i].score, before[i].score);
        }
    }

    void ranksAreFused() {
        const auto fused = fuse({{{1, 5}, {1, 2}, {1, 9}}, {{1, 2}, {1, 7}}});
        QCOMPARE(fused.front(), (ChunkName{1, 2}));  // high in both
        QCOMPARE(fused.size(), 4U);
        QCOMPARE(fuse({{{2, 0}}, {{1, 0}}}).front(), (ChunkName{1, 0}));  // equal: by name
        QVERIFY(fuse({}).empty());
    }

    void theOrderDoesNotDependOnTheRanking() {
        const std::vector<SizedChunk> one = {{{1, 7}, 100}, {{1, 2}, 100}, {{2, 0}, 100}};
        const std::vector<SizedChunk> other = {{{2, 0}, 100}, {{1, 7}, 100}, {{1, 2}, 100}};
        QCOMPARE(choose(one, 300, 9), choose(other, 300, 9));
        QCOMPARE(choose(one, 300, 9), (std::vector<ChunkName>{{1, 2}, {1, 7}, {2, 0}}));
        QCOMPARE(choose(one, 10, 9), (std::vector<ChunkName>{{1, 7}}));  // at least the best
        QCOMPARE(choose({{{1, 1}, 100}, {{1, 2}, 400}, {{1, 3}, 100}}, 200, 9),
                 (std::vector<ChunkName>{{1, 1}, {1, 3}}));
        QCOMPARE(choose(one, 300, 2).size(), 2U);
    }

    void embeddingsCompare() {
        QCOMPARE(cosine({1, 0}, {2, 0}), 1.0);
        QCOMPARE(cosine({1, 0}, {0, 3}), 0.0);
        QCOMPARE(cosine({1, 0}, {1}), 0.0);
        QCOMPARE(cosine({0, 0}, {1, 0}), 0.0);
    }

    void plantedFactsAreFound_data() {
        QTest::addColumn<bool>("chinese");
        QTest::newRow("English") << false;
        QTest::newRow("Chinese") << true;
    }
    void plantedFactsAreFound() {
        QFETCH(bool, chinese);
        constexpr std::size_t kTop = 4;
        int found = 0;
        int random_found = 0;
        int asked = 0;
        std::size_t read = 0;
        std::size_t whole = 0;
        std::mt19937 random(7);
        for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
            QTemporaryDir folder;
            storage::OpenReport report;
            const auto store =
                storage::ChatStore::open(folder.filePath("chats.db").toStdString(), report).value();
            const Planted planted = plant(seed, 64'000, chinese);  // about 16,000 tokens
            storage::Document document;
            document.conversation = store->create_conversation("", "").value().id;
            document.text = planted.text;
            const auto id = store->add_document(document, storage::AttachmentChoice::searched).value();
            const auto chunks = split_chunks(planted.text);
            std::vector<storage::NewChunk> rows;
            for (const Chunk& chunk : chunks) {
                rows.push_back({static_cast<std::int64_t>(chunk.begin), static_cast<std::int64_t>(chunk.end),
                                index_words(cut(planted.text, chunk))});
            }
            QVERIFY(store->set_chunks(id, rows));
            for (const Fact& fact : planted.facts) {
                ++asked;
                const auto has = [&](std::size_t chunk) {
                    return cut(planted.text, chunks[chunk]).find(fact.sentence) != std::string::npos;
                };
                const auto hits = app::rank_chunks(*store, {id}, fact.question, kTop).value();
                bool here = false;
                for (const auto& hit : hits) {
                    here = here || has(hit.name.chunk);
                    read += chunks[hit.name.chunk].end - chunks[hit.name.chunk].begin;
                }
                found += here ? 1 : 0;
                whole += planted.text.size();
                bool by_chance = false;
                for (std::size_t i = 0; i < kTop; ++i) {
                    by_chance = by_chance ||
                                has(std::uniform_int_distribution<std::size_t>(0, chunks.size() - 1)(random));
                }
                random_found += by_chance ? 1 : 0;
            }
        }
        qInfo("found in the best %zu chunks: %d of %d (%.1f %% of the text read); random chunks: %d of %d",
              kTop, found, asked, 100.0 * static_cast<double>(read) / static_cast<double>(whole),
              random_found, asked);
        QVERIFY2(found * 100 >= asked * 97, qPrintable(QString::number(found)));
        QVERIFY(random_found * 100 <= asked * 20);
    }
};

QTEST_GUILESS_MAIN(TestRetrieval)
#include "test_retrieval.moc"
