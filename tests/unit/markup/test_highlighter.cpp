// SPDX-License-Identifier: Apache-2.0
// The tables in resources/highlight are all good, and the highlighter colours with them, line by line, in
// bounded time.
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QTest>

#include "ui/markup/highlighter.h"

using namespace tendril::ui::markup;

namespace {

Syntax load(const QString& name) {
    QFile file(QStringLiteral(TENDRIL_HIGHLIGHT_DIR "/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qFatal("no table %s", qPrintable(name));
    }
    auto syntax = read_syntax(file.readAll().toStdString());
    if (!syntax) {
        qFatal("bad table %s", qPrintable(name));
    }
    return std::move(*syntax);
}

/// "k:if v:x" … : the first letter of each token's kind and its text, all lines.
QString colours(const QString& language, const QString& code) {
    static const char* const kLetters = "pktcsn/fmNid";
    const Syntax syntax = load(language);
    LineState state = 0;
    QStringList out;
    for (const QString& line : code.split(QLatin1Char('\n'))) {
        std::vector<Token> tokens;
        state = highlight_line(syntax, line.toStdU16String(), state, tokens);
        for (const Token& token : tokens) {
            out.append(QLatin1Char(kLetters[static_cast<int>(token.kind)]) + QStringLiteral(":") +
                       line.mid(token.begin, token.end - token.begin));
        }
    }
    return out.join(QLatin1Char(' '));
}

}  // namespace

class TestHighlighter : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyTableReads() {
        const QStringList files =
            QDir(QStringLiteral(TENDRIL_HIGHLIGHT_DIR)).entryList({QStringLiteral("*.json")});
        QVERIFY(files.size() >= 16);
        std::vector<std::string> names;
        for (const QString& file : files) {
            const Syntax syntax = load(QString(file).chopped(5));
            names.insert(names.end(), syntax.names.begin(), syntax.names.end());
        }
        std::sort(names.begin(), names.end());
        QVERIFY2(std::adjacent_find(names.begin(), names.end()) == names.end(),
                 "a name belongs to one table");
    }

    void badTablesAreRefused() {
        QVERIFY(!read_syntax("no json"));
        QVERIFY(!read_syntax("[]"));
        QVERIFY(!read_syntax(R"({"name": "A"})"));
        QVERIFY(!read_syntax(R"({"name": "A", "names": ["a"], "strings": [{"open": "", "close": "x"}]})"));
        QVERIFY(!read_syntax(R"({"name": "A", "names": ["a"], "strings": "x"})"));
        QVERIFY(
            !read_syntax(R"({"name": "A", "names": ["a"], "lines": [{"start": "x", "kind": "nonsense"}]})"));
        QVERIFY(read_syntax(R"({"name": "A", "names": ["a"]})"));
    }

    void colours_data() {
        QTest::addColumn<QString>("language");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* language, const char* code, const char* expected) {
            QTest::addRow("%s, %d", language, static_cast<int>(qstrlen(code)))
                << QString::fromLatin1(language) << QString::fromLatin1(code)
                << QString::fromLatin1(expected);
        };
        row("cpp", "#include <a>\nint x = 0x1F; // c", "m:#include t:int n:0x1F /:// c");
        row("cpp", "auto s = R\"(a\n\"b\")\"; f(1'000, 2e-3);",
            "k:auto s:R\"(a s:\"b\")\" f:f n:1'000 n:2e-3");
        row("c", "/* a\nb */ return 'x';", "/:/* a /:b */ k:return s:'x'");
        row("python", "def f(x): return \"\"\"a\nb\"\"\" # c",
            "k:def f:f k:return s:\"\"\"a s:b\"\"\" /:# c");
        row("python", "@cache\nx = 'a\\'b' + None", "m:@cache s:'a\\'b' c:None");
        row("javascript", "const a = `x\n${y}`; $b()", "k:const s:`x s:${y}` f:$b");
        row("json", "{\"a\": [1, true, \"b\"]}", "N:\"a\" n:1 c:true s:\"b\"");
        row("bash", "echo ${A} a#b # c", "f:echo N:${A} /:# c");
        row("html", "<a href=\"x\"\n class='y'>if <!-- c\nd --></a>",
            "k:<a N:href s:\"x\" N:class s:'y' k:> /:<!-- c /:d --> k:</a k:>");
        row("css", "a { color: #fff; } /* c */", "N:color /:/* c */");
        row("rust", "#[x]\nlet a: u8 = 1;", "m:#[x] k:let t:u8 n:1");
        row("go", "func f() { return nil }", "k:func f:f k:return c:nil");
        row("sql", "SELECT a FROM b -- c", "k:SELECT k:FROM /:-- c");
        row("yaml", "a-b: true # c", "N:a-b c:true /:# c");
        row("diff", "+a\n-b\n@@ c\n d", "i:+a d:-b N:@@ c");
        row("java", "@Override public int f()", "m:@Override k:public t:int f:f");
        row("toml", "[a]\nb = \"c\" # d", "N:[a] s:\"c\" /:# d");
        row("markdown", "# A\n> b", "N:# A /:> b");
    }

    void colours() {
        QFETCH(QString, language);
        QFETCH(QString, code);
        QFETCH(QString, expected);
        QCOMPARE(::colours(language, code), expected);
    }

    /// A line can be coloured alone when one knows what was open before it: the same tokens as in one go.
    void resumesInTheMiddle() {
        const Syntax syntax = load(QStringLiteral("cpp"));
        const std::u16string lines[] = {u"int a; /* b", u"c */ int d; \"e", u"int f; // g",
                                        u"/* h */ int i;"};
        std::vector<LineState> states{0};
        for (const std::u16string& line : lines) {
            std::vector<Token> tokens;
            states.push_back(highlight_line(syntax, line, states.back(), tokens));
        }
        QCOMPARE(states, (std::vector<LineState>{0, 1, 0, 0, 0}));
    }

    void longLineIsLinear() {
        QElapsedTimer timer;
        for (const char* unit : {"\"", "/*", "<a ", "1e-", "a\\", "#", "'"}) {
            const std::u16string line = QString::fromLatin1(unit)
                                            .repeated(400'000 / static_cast<int>(qstrlen(unit)))
                                            .toStdU16String();
            for (const char* language : {"cpp", "html", "bash", "python"}) {
                const Syntax syntax = load(QString::fromLatin1(language));
                std::vector<Token> tokens;
                timer.start();
                highlight_line(syntax, line, 0, tokens);
                QVERIFY2(timer.elapsed() < 1'500, qPrintable(QStringLiteral("%1 in %2").arg(unit, language)));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestHighlighter)
#include "test_highlighter.moc"
