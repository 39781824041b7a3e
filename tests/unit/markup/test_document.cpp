// SPDX-License-Identifier: Apache-2.0
// What Markdown becomes: the shapes of blocks, the peers' bug threads as golden texts, and hostile input
// within its bounds.
#include <QElapsedTimer>
#include <QTest>

#include "tests/unit/markup/describe.h"
#include "ui/markup/document.h"

using namespace tendril::ui::markup;

namespace {

Document read(std::string_view text) {
    Document document;
    document.append(text);
    document.finish();
    return document;
}

std::string shape(std::string_view text) {
    return describe(read(text).blocks());
}

std::string repeated(std::string_view piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) {
        out += piece;
    }
    return out;
}

}  // namespace

class TestDocument : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void golden_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* text, const char* expected) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(expected);
        };
        row("empty", "", "");
        row("paragraphs", "one\ntwo\n\nthree", "p one two\np three\n");
        row("styles", "a **b _c_** `d*` ~~e~~", "p a {b:b }{bi:c} {c:d*} {s:e}\n");
        row("headings", "# A\nb\n## C ##\nD\n---\ne", "h1 A\np b\nh2 C\nh2 D\np e\n");
        row("rule", "a\n\n---\n\nb", "p a\nrule\np b\n");
        row("nested list", "- a\n  - b\n    1. c\n    2. d\n- e",
            "* p a\n  * p b\n    1. p c\n    2. p d\n* p e\n");
        row("loose ordered list", "3. a\n\n   more\n\n4. b\n\nend", "3. p a\n  p more\n4. p b\np end\n");
        row("lazy numbers", "1. a\n1. b\n1. c", "1. p a\n2. p b\n3. p c\n");
        row("list restarts", "1. a\n2. b\n\ntext\n\n1. c", "1. p a\n2. p b\np text\n1. p c\n");
        row("numbers go on behind code at the margin", "1. a\n```\nx\n```\n2. b",
            "1. p a\ncode() x\\n\n2. p b\n");
        row("tasks", "- [ ] a\n- [x] b", "* [ ] p a\n* [x] p b\n");
        row("empty item", "- a\n-\n- c", "* p a\n* p \n* p c\n");
        row("item of item", "- - a", "* * p a\n");
        row("quote", "> a\n> > b\n>\n> - c\n\nd", "> p a\n> > p b\n> * p c\np d\n");
        row("code", "```Python title=x\nif a:\n    b\n\n```\nc", "code(python) if a:\\n    b\\n\\n\np c\n");
        row("tilde code holds backticks", "~~~\n```\n~~~", "code() ```\\n\n");
        row("code in list", "1. a\n   ```c\n   x;\n   ```\n2. b", "1. p a\n  code(c) x;\\n\n2. p b\n");
        row("code in list closed at the margin", "1. a\n   ```c\n   x;\n```\nb",
            "1. p a\n  code(c) x;\\n\np b\n");
        row("code in quote", "> ```c\n> x;\n> ```\n\nb", "> code(c) x;\\n\np b\n");
        row("rule ends a list", "- a\n---\nb", "* p a\nrule\np b\n");
        row("indented code", "a\n\n    b\n\n    c\n", "p a\ncode() b\\n\\nc\\n\n");
        row("indented fence", "  ```\n    a\n  b\n  ```", "code()   a\\nb\\n\n");
        row("hard break", "a  \nb\\\nc",
            "p a\xE2\x80\xA8"
            "b\xE2\x80\xA8"
            "c\n");
        row("table", "|a|b|\n|:-|-:|\n|1|**2**|\n\nx", "table | a | b | | 1 | {b:2} |\np x\n");
        row("link", "[a *b*](https://x.org/y 'T') <https://z.org>",
            "p {:a ->https://x.org/y}{i:b->https://x.org/y} {:https://z.org->https://z.org}\n");
        row("bare address stays text", "see https://x.org/y", "p see https://x.org/y\n");
        row("reference", "[a][1] and [b]\n\n# H\n\n[1]: https://one.org\n[b]: https://two.org",
            "p {:a->https://one.org} and {:b->https://two.org}\nh1 H\n");
        row("footnote stays", "a[^1]\n\n[^1]: word", "p a[^1]\np [^1] : word\n");
        row("entities", "&lt;b&gt; &amp; &#8364; &#x1F600; &nosuch;",
            "p <b> & \xE2\x82\xAC \xF0\x9F\x98\x80 &nosuch;\n");
        // Pictures are never loaded: the description and the address are shown.
        row("picture", "![cat](http://x.org/c.png)",
            "p {m:cat} ({m:http://x.org/c.png->http://x.org/c.png})\n");
        row("picture in link", "[![c](i.png)](u)", "p {m:c->u}{: (->u}{m:i.png->i.png}{:)->u}\n");
        // No HTML.
        row("html", "<img src=x onerror=y> <b>c</b>\n\n<script>\nd\n</script>",
            "p <img src=x onerror=y> <b>c</b>\np <script> d </script>\n");
        // The peers' bug threads. LM Studio 472: \( became $; formulae keep every backslash.
        row("LMS-472 formula", "so \\(x_1 \\le \\{y\\}\\) and \\[a\\,b\\\\\\]",
            "p so \\(x_1 \\le \\{y\\}\\) and \\[a\\,b\\\\\\]\n");
        row("LMS-472 in code", "`\\(x\\)`\n\n```\n\\(y\\)\n```", "p {c:\\(x\\)}\ncode() \\(y\\)\\n\n");
        row("escapes elsewhere go", "\\*a\\* \\\\(b)", "p *a* \\(b)\n");
        row("LMS-410 prices", "It costs $5 and $10, not $$7$$.", "p It costs $5 and $10, not $$7$$.\n");
        row("LMS-1112 bar in table code", "|a|b|\n|-|-|\n|`x \\| y`|2|",
            "table | a | b | | {c:x | y} | 2 |\n");
        row("G4A-1898 display formula", "$$\n\\frac{a}{b}\n$$", "p $$ \\frac{a}{b} $$\n");
        row("unclosed fence", "a\n\n```js\nlet x = 1;\n// y", "p a\ncode(js) let x = 1;\\n// y\n");
        row("md4c ends a span it never began", "![i](http:/~~/p) ~~s~~\n.",
            "p {m:i} ({m:http:/~~/p->http:/~~/p}) ~~s .\n");
        row("unclosed styles", "**a `b", "p **a `b\n");
    }

    void golden() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        QCOMPARE(QByteArray::fromStdString(shape(text.toStdString())), expected);
    }

    void controlCharacters() {
        QCOMPARE(shape(std::string_view("a\0b\x1b[31m", 8)), std::string("p a\xEF\xBF\xBD"
                                                                         "b\xE2\x90\x9B[31m\n"));
        // An override of the direction is shown as a mark; in code every direction mark is (text that reads
        // unlike it runs).
        QCOMPARE(shape("a\xE2\x80\xAE"
                       "b \xD7\x90\xE2\x80\x8F"),
                 std::string("p a\xEF\xBF\xBD"
                             "b \xD7\x90\xE2\x80\x8F\n"));
        QCOMPARE(shape("```\na\xE2\x81\xA6"
                       "b\n```"),
                 std::string("code() a\xEF\xBF\xBD"
                             "b\\n\n"));
        QCOMPARE(shape("a" + repeated("\xCC\x81", 500)),
                 std::string("p a") + repeated("\xCC\x81", 12) + "\n");
        QCOMPARE(shape("\xFF\xC0\x80 \xED\xA0\x80"),
                 std::string("p ") + repeated("\xEF\xBF\xBD", 3) + " " + repeated("\xEF\xBF\xBD", 3) + "\n");
    }

    void sourceOfBlocks() {
        const std::string text =
            "# A\n\nb **c**\n\n```c\nx\n```\n\n- d\n  - e\n\n|a|b|\n|-|-|\n|1|2|\n\nT\n===\n";
        const Document document = read(text);
        const auto source = [&](std::size_t a, std::size_t b) {
            return std::string(document.source_of(a, b));
        };
        QCOMPARE(source(0, 0), std::string("# A"));
        QCOMPARE(source(1, 1), std::string("b **c**"));
        QCOMPARE(source(2, 2), std::string("```c\nx\n```"));
        QCOMPARE(source(3, 4), std::string("- d\n  - e"));
        QCOMPARE(source(5, 5), std::string("|a|b|\n|-|-|\n|1|2|"));
        QCOMPARE(source(6, 6), std::string("T\n==="));
        QCOMPARE(source(1, 3), std::string("b **c**\n\n```c\nx\n```\n\n- d"));
        QCOMPARE(source(0, 99), std::string());
    }

    void hostile_data() {
        QTest::addColumn<QByteArray>("text");
        const auto row = [](const char* name, const std::string& text) {
            QTest::newRow(name) << QByteArray::fromStdString(text);
        };
        row("10,000 nested quotes", repeated(">", 10'000) + "a");
        row("10,000 nested quotes, many lines", repeated(repeated("> ", 5'000) + "a\n", 20));
        row("10,000 nested items", repeated("- ", 10'000) + "a");
        row("1 MB line", repeated("word ", 200'000));
        row("1 MB without a space", std::string(1'000'000, 'x'));
        row("1 MB code line", "```\n" + std::string(1'000'000, 'x'));
        row("100,000 open brackets", std::string(100'000, '['));
        row("100,000 links opened", repeated("[a](", 100'000));
        row("100,000 stars", repeated("*a ", 100'000));
        row("mixed emphasis", repeated("*a_b ", 60'000));
        row("backtick runs", [] {
            std::string out;
            for (int i = 1; i < 500; ++i) {
                out += "a" + std::string(static_cast<std::size_t>(i), '`');
            }
            return out;
        }());
        row("wide table",
            "|" + repeated("a|", 2'500) + "\n|" + repeated("-|", 2'500) + "\n" + repeated("|\n", 6'000));
        row("many references", repeated("[a]: /b\n[c][a]\n\n", 20'000));
        row("entities", repeated("&#x41;", 100'000));
        row("tables", repeated("|a|b|\n|-|-|\n|1|2|\n\n", 20'000));
        row("NULs", std::string(1'000'000, '\0'));
        row("fences", repeated("```\n", 200'000));
        row("angle brackets", std::string(300'000, '<'));
        row("bangs", repeated("![", 150'000));
        row("combining marks", "a" + repeated("\xCC\x81", 200'000));
    }

    void hostile() {
        QFETCH(QByteArray, text);
        QElapsedTimer timer;
        timer.start();
        const Document document = read(text.toStdString());
        const qint64 ms = timer.elapsed();
        for (const Block& block : document.blocks()) {
            QVERIFY(block.containers.size() <= kMaxNesting);
            QVERIFY(block.kind == BlockKind::code || block.content.text.size() <= 3 * kMaxChunkBytes);
            QVERIFY(block.table.columns.size() <= kMaxTableColumns);
        }
        qInfo("%lld ms for %lld bytes, %zu blocks", ms, static_cast<long long>(text.size()),
              document.blocks().size());
        QVERIFY2(ms < 2'000, "reading must stay linear");
    }

    void longTableGoesOn() {
        const std::string text = "|a|b|\n|-|-|\n" + repeated("|one|two|\n", 4'000);
        const Document document = read(text);
        std::size_t rows = 0;
        for (const Block& block : document.blocks()) {
            QCOMPARE(block.kind, BlockKind::table);
            QCOMPARE(block.table.continued, rows != 0);
            rows += block.table.rows.size();
        }
        QCOMPARE(rows, std::size_t{4'001});
        QVERIFY(document.blocks().size() > 1);
    }
};

QTEST_GUILESS_MAIN(TestDocument)
#include "test_document.moc"
