// SPDX-License-Identifier: Apache-2.0
// A message that grows gives the same blocks as one that is there at once, cutting it changes nothing, and no
// token costs more because the answer before it is long.
#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

#include "tests/unit/markup/describe.h"
#include "ui/markup/block_builder.h"
#include "ui/markup/document.h"

using namespace tendril::ui::markup;

namespace {

/// Lines of every kind (but fences inside items and tables: what may end those md4c sees otherwise than
/// CommonMark and GitHub), put together at random: what may follow what is where a cut could go wrong.
std::string random_text(QRandomGenerator& random, int lines) {
    static const char* const kLines[] = {"",
                                         "",
                                         "",
                                         "text",
                                         "more text here",
                                         "- item",
                                         "* star",
                                         "+ plus",
                                         "1. one",
                                         "2. two",
                                         "3) paren",
                                         "  - nested",
                                         "    - deeper",
                                         "   continued",
                                         "      far in",
                                         "# Heading",
                                         "#not",
                                         "## ",
                                         "> quote",
                                         "> - in quote",
                                         "---",
                                         "===",
                                         "***",
                                         "- - -",
                                         "```",
                                         "```c",
                                         "~~~",
                                         "|a|b|",
                                         "-",
                                         "1.",
                                         "-\ttab item",
                                         "10. ten",
                                         "100. hundred",
                                         "**bold** `code`",
                                         "[a][r]",
                                         "a\\",
                                         "1) other",
                                         "-     code item",
                                         "`x`` y",
                                         ">",
                                         "    indented",
                                         "  two in",
                                         "text  ",
                                         "- [ ] task",
                                         "`` a",
                                         "1.  wide"};
    std::string out;
    for (int i = 0; i < lines; ++i) {
        const std::string_view line = kLines[random.bounded(static_cast<int>(std::size(kLines)))];
        // md4c loses an indented block behind two empty lines, and nests an item behind an empty item and an
        // empty line.
        if (!line.empty() || !(out.ends_with("\n\n") || out.ends_with("-\n") || out.ends_with("1.\n"))) {
            out.append(line).push_back('\n');
        }
    }
    return out;
}

std::string at_once(std::string_view text) {
    Document document;
    document.append(text);
    return describe(document.blocks());
}

}  // namespace

class TestStream : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    /// md4c reads the whole text; the document reads it in chunks. Both must see the same blocks.
    void chunksReadLikeTheWhole() {
        QRandomGenerator random(7);
        for (int round = 0; round < 30'000; ++round) {
            const std::string text = random_text(random, 1 + random.bounded(9));
            std::deque<Block> whole;
            build_blocks({text, {}, {}, 0, -1}, whole);
            const std::string expected = describe(whole);
            const std::string got = at_once(text);
            QVERIFY2(got == expected,
                     ("text:\n" + text + "\nin chunks:\n" + got + "\nwhole:\n" + expected).c_str());
        }
    }

    void growingGivesTheSame() {
        QRandomGenerator random(8);
        for (int round = 0; round < 5'000; ++round) {
            const std::string text = random_text(random, 1 + random.bounded(12)) + "\xE2\x82\xAC end";
            Document document;
            std::vector<Block> shown;
            for (std::size_t at = 0; at < text.size();) {
                const std::size_t size = std::min<std::size_t>(1 + random.bounded(6U), text.size() - at);
                const std::size_t changed = document.append(std::string_view(text).substr(at, size));
                at += size;
                // Whoever keeps the blocks before `changed` has what the document has.
                QVERIFY(changed <= document.blocks().size());
                shown.resize(std::min(shown.size(), changed));
                QCOMPARE(shown.size(), changed);
                shown.insert(shown.end(), document.blocks().begin() + static_cast<std::ptrdiff_t>(changed),
                             document.blocks().end());
            }
            QVERIFY(
                std::equal(shown.begin(), shown.end(), document.blocks().begin(), document.blocks().end()));
            Document once;
            once.append(text);
            QVERIFY2(document.blocks() == once.blocks(),
                     ("text:\n" + text + "\ngrown:\n" + describe(document.blocks()) + "\nat once:\n" +
                      describe(once.blocks()))
                         .c_str());
        }
    }

    /// The work for one more token does not grow with what stands before it.
    void workPerTokenIsBounded_data() {
        QTest::addColumn<QByteArray>("piece");
        QTest::addColumn<double>("most_per_byte");  // bytes read in all, for each byte that arrived
        QTest::newRow("answers")
            << QByteArray(
                   "## Title\n\nA paragraph of some length, about a hundred characters, as they are.\n\n"
                   "- one item\n- another **item**\n\n```c\nint main() { return 0; }\n```\n\n")
            << 20.0;
        QTest::newRow("one list") << QByteArray("- an item of a list that never ends\n") << 20.0;
        QTest::newRow("numbers") << QByteArray("1. an item of a list that never ends\n\n") << 20.0;
        QTest::newRow("one paragraph") << QByteArray("words in a paragraph that never ends ") << 2'500.0;
        QTest::newRow("one table") << QByteArray("|a|b|\n|-|-|\n|1|2|\n|3|4|\n|5|6|\n") << 2'500.0;
        QTest::newRow("one quote") << QByteArray("> a quote that never ends\n") << 2'500.0;
    }

    void workPerTokenIsBounded() {
        QFETCH(QByteArray, piece);
        QFETCH(double, most_per_byte);
        const bool answers = QByteArray(QTest::currentDataTag()) == "answers";
        const std::size_t total = answers ? 2'000'000 : (most_per_byte > 100 ? 60'000 : 400'000);
        Document document;
        std::size_t at = 0;
        std::size_t worst = 0;
        for (std::size_t done = 0; done < total; done += 4) {
            std::string token;
            for (int i = 0; i < 4; ++i, ++at) {
                token += piece[static_cast<qsizetype>(at % static_cast<std::size_t>(piece.size()))];
            }
            const std::size_t before = document.parsed_bytes();
            document.append(token);
            worst = std::max(worst, document.parsed_bytes() - before);
        }
        const double per_byte = static_cast<double>(document.parsed_bytes()) / static_cast<double>(total);
        qInfo("%zu bytes in 4-byte tokens: %.1f bytes read per byte, at most %zu for one token", total,
              per_byte, worst);
        QVERIFY(per_byte <= most_per_byte);
        QVERIFY(worst <= 4 * kMaxChunkBytes);
    }

    void longCodeIsNotReadAgain() {
        Document document;
        document.append("```python\n");
        for (int i = 0; i < 500'000; ++i) {
            document.append(i % 8 == 7 ? "x=1\n" : "abc ");
        }
        QCOMPARE(document.blocks().size(), std::size_t{1});
        QCOMPARE(document.blocks()[0].lines.size(), std::size_t{62'500});
        QVERIFY(document.parsed_bytes() < 2'100'000);
        // Negative control: without the cut a growing text is read again and again.
        std::size_t whole = 0;
        for (std::size_t size = 4; size <= 2'000'000; size += 4) {
            whole += size;
        }
        QVERIFY(whole / document.parsed_bytes() > 100'000);
    }

    void closingFenceIsNotShownWhileItArrives() {
        Document document;
        document.append("```\ncode\n`");
        QCOMPARE(describe(document.blocks()), std::string("code() code\\n\n"));
        document.append("``");
        QCOMPARE(describe(document.blocks()), std::string("code() code\\n\n"));
        document.append("\nafter");
        QCOMPARE(describe(document.blocks()), std::string("code() code\\n\np after\n"));
        Document other;  // it was not a fence
        other.append("```\n`");
        other.append("x`\n");
        QCOMPARE(describe(other.blocks()), std::string("code() `x`\\n\n"));
    }

    void finishingFillsInReferences() {
        Document document;
        document.append("[a][r]\n\ntext\n\n");
        document.append("[r]: https://x.org\n");
        QCOMPARE(describe(document.blocks()), std::string("p [a][r]\np text\n"));
        QCOMPARE(document.finish(), std::size_t{0});
        QCOMPARE(describe(document.blocks()), std::string("p {:a->https://x.org}\np text\n"));
        document.append("\nmore");
        QCOMPARE(describe(document.blocks()), std::string("p {:a->https://x.org}\np text\np more\n"));
    }
};

QTEST_GUILESS_MAIN(TestStream)
#include "test_stream.moc"
