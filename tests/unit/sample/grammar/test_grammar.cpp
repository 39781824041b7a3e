// SPDX-License-Identifier: Apache-2.0
// The compiler of grammars: what it refuses and in which words, and what the automaton takes, against a slow
// recogniser over random grammars.
#include <deque>
#include <set>

#include <QtTest>

#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "tests/unit/sample/grammar/random_grammar.h"
#include "tests/unit/sample/grammar/reference_matcher.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

enum class Fit { none, begins, whole };

Fit fit(grammar::Automaton& automaton, std::string_view text) {
    grammar::StateId state = automaton.start();
    for (const char c : text) {
        automaton.begin_round();
        state = automaton.next(state, static_cast<std::uint8_t>(c));
        if (state == grammar::kDeadState) {
            return Fit::none;
        }
        if (state == grammar::kNoState) {
            throw std::runtime_error(automaton.limit().message);
        }
    }
    return automaton.may_end(state) ? Fit::whole : Fit::begins;
}

Fit fit(const char* gbnf, std::string_view text) {
    const auto compiled = Grammar::compile(gbnf);
    if (!compiled) {
        throw std::runtime_error(compiled.error().message);
    }
    grammar::Automaton automaton((*compiled)->network());
    return fit(automaton, text);
}

using Node = ReferenceGrammar::Node;

enum class Completion { possible, impossible, not_found };

/// Whether a state that may end can be reached from this one; a search that takes too long finds nothing.
Completion completion_of(grammar::Automaton& automaton, grammar::StateId from) {
    std::set<grammar::StateId> seen = {from};
    std::deque<grammar::StateId> work = {from};
    while (!work.empty()) {
        if (seen.size() > 3000) {
            return Completion::not_found;
        }
        const grammar::StateId state = work.front();
        work.pop_front();
        if (automaton.may_end(state)) {
            return Completion::possible;
        }
        automaton.begin_round();
        for (unsigned byte = 0; byte < 256; ++byte) {
            const grammar::StateId next = automaton.next(state, static_cast<std::uint8_t>(byte));
            if (next != grammar::kDeadState && next != grammar::kNoState && seen.insert(next).second) {
                work.push_back(next);
            }
        }
    }
    return Completion::impossible;
}

struct Comparison {
    std::size_t whole = 0;
    std::size_t texts = 0;
    std::string difference;
};

void compare(const ReferenceGrammar& reference, grammar::Automaton& automaton, const std::u32string& text,
             std::size_t more, Comparison& result) {
    const Fit found = fit(automaton, utf8_of(text));
    const bool matches = reference.matches(text);
    ++result.texts;
    result.whole += matches ? 1 : 0;
    if ((found == Fit::whole) != matches) {
        result.difference = (matches ? "not taken: " : "taken: ") + utf8_of(text);
        return;
    }
    for (std::size_t i = 0; more > 0 && i < RandomGrammar::kAlphabet.size() && result.difference.empty();
         ++i) {
        compare(reference, automaton, text + RandomGrammar::kAlphabet[i], more - 1, result);
    }
}

}  // namespace

class TestGrammar : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void errors_say_where_and_what_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const char* text, const char* words) {
            QTest::newRow(name) << QByteArray(text) << QString(words);
        };
        row("empty", "", "line 1, column 1: there is no rule \"root\"");
        row("no root", "a ::= \"x\"", "there is no rule \"root\"");
        row("unknown rule", "root ::= \"x\"\n  | item", "line 2, column 5: there is no rule \"item\"");
        row("twice", "root ::= \"x\"\nroot ::= \"y\"",
            "line 2, column 1: the rule \"root\" is defined a second time");
        row("no ::=", "root = \"x\"", "line 1, column 6: \"::=\" is expected");
        row("open literal", "root ::= \"abc\nx", "line 1, column 14: the literal is not closed");
        row("open class", "root ::= [abc", "the class of characters is not closed");
        row("open group", "root ::= (\"a\"\n \"b\"\n", "line 1, column 10: this \"(\" is not closed");
        row("closing", "root ::= \"a\")", "line 1, column 13: there is no \"(\" for this \")\"");
        row("escape", "root ::= \"\\q\"", "line 1, column 12: this escape is not known");
        row("hex", "root ::= \"\\u12G4\"", "a hexadecimal digit is expected (4 of them)");
        row("surrogate", "root ::= \"\\uD800\"", "this is not the number of a character");
        row("empty class", "root ::= []", "line 1, column 10: no character belongs to this class");
        row("range", "root ::= [z-a]", "the range is the wrong way round");
        row("nothing to repeat", "root ::= * \"a\"", "nothing in front of this repetition");
        row("bounds", "root ::= \"a\"{3,2}", "line 1, column 13: the bounds are the wrong way round");
        row("many", "root ::= \"a\"{5000}", "at most 4096 repetitions");
        row("brace", "root ::= \"a\"{1;2}", "\"}\" is expected");
        row("count", "root ::= \"a\"{}", "a number is expected");
        row("tokens", "root ::= <think>", "<angle brackets> are not supported");
        row("utf-8", "root ::= \"\xff\"", "not valid UTF-8");
        row("characters count, not bytes", "root ::= \"\xc3\xa9\xc3\xa9\" !",
            "line 1, column 15: this is not understood");
        row("left", "root ::= a\na ::= b \"x\"\nb ::= a | \"y\"",
            "line 2, column 1: the rule \"a\" may begin with itself (a -> b -> a)");
        row("left of itself", "root ::= root \"x\" | \"y\"", "(root -> root)");
        row("left behind nothing", "root ::= \"\" (\"z\"?) e root | \"y\"\ne ::= \"\" | \"x\"",
            "may begin with itself");
        row("left in a repeated group", "root ::= (a \"bbbbbbbbbbbbbbb\"){2,3}\na ::= root \"x\" | \"y\"",
            "may begin with itself");
        row("endless", "root ::= \"a\" root", "line 1, column 1: the rule \"root\" can never end: each way");
        row("endless rules", "root ::= \"[\" b\nb ::= \"x\" c\nc ::= \"y\" b",
            "can never end: neither can \"b\", \"c\"");
    }
    void errors_say_where_and_what() {
        QFETCH(QByteArray, text);
        QFETCH(QString, words);
        const auto compiled = Grammar::compile(text.toStdString());
        QVERIFY(!compiled);
        const QString message = QString::fromStdString(compiled.error().message);
        QVERIFY2(message.contains(words), qPrintable(message));
    }

    void sizes_are_bounded() {
        const auto refused = [](const std::string& text) {
            const auto compiled = Grammar::compile(text);
            return !compiled && compiled.error().code == ErrorCode::too_large;
        };
        QVERIFY(refused(std::string(Grammar::kMaxBytes + 1, ' ')));
        QVERIFY(refused("root ::= " + std::string(Grammar::kMaxNesting + 1, '(') + "\"a\"" +
                        std::string(Grammar::kMaxNesting + 1, ')')));
        QVERIFY(!refused("root ::= " + std::string(Grammar::kMaxNesting, '(') + "\"a\"" +
                         std::string(Grammar::kMaxNesting, ')')));
        QVERIFY(refused("root ::= \"a\"" + std::string(70, '*')));
        std::string rules = "root ::= \"a\"\n";
        for (std::size_t i = 0; i < Grammar::kMaxRules; ++i) {
            rules += "r" + std::to_string(i) + " ::= \"a\"\n";
        }
        QVERIFY(refused(rules));
        std::string wide = "root ::=";
        for (int i = 0; i < 100; ++i) {
            wide += " [^\"]{4096}";
        }
        QVERIFY(refused(wide));
        // Repetitions of repetitions do not multiply.
        QVERIFY(Grammar::compile("root ::= ((([a-z] \"xyz\"){4000} \",\"){4000} \";\"){4000}").has_value());
    }

    void notation_data() {
        QTest::addColumn<QByteArray>("grammar");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("expected");
        const auto row = [](const char* grammar, const char* text, Fit expected) {
            QTest::newRow(qPrintable(QString("%1 / %2").arg(grammar, text)))
                << QByteArray(grammar) << QByteArray(text) << static_cast<int>(expected);
        };
        row("root ::= \"a\\n\\t\\\"\\\\\\x41\\u20ac\\U0001F600\"", "a\n\t\"\\A\u20ac\U0001F600", Fit::whole);
        row("root ::= \"\"", "", Fit::whole);
        row("root ::= [a-cx\\]-]+", "abx]-", Fit::whole);
        row("root ::= [a-cx\\]-]+", "d", Fit::none);
        row("root ::= [^\"\\\\]*", "h\u00e9 \u20ac\U0001F600\n", Fit::whole);
        row("root ::= [^\"\\\\]*", "a\"", Fit::none);
        row("root ::= [^a]", "\xc3", Fit::begins);
        row("root ::= .", "\xed\xa0", Fit::none);  // a surrogate
        row("root ::= .", "\xf4\x90", Fit::none);  // above the last code point
        row("root ::= .", "\xc0", Fit::none);      // overlong
        row("root ::= .", "\xf4\x8f\xbf\xbf", Fit::whole);
        row("root ::= [\u0430-\u044f]+", "\u043f\u0440\u0438", Fit::whole);
        row("root ::= [\u0430-\u044f]+", "\u0410", Fit::none);
        row("root ::= \"ab\"+", "abab", Fit::whole);
        row("root ::= \"ab\"+", "aba", Fit::begins);
        row("root ::= \"a\"{2} \"b\"{1,} \"c\"{0,2}", "aabbcc", Fit::whole);
        row("root ::= \"a\"{2} \"b\"{1,} \"c\"{0,2}", "aabccc", Fit::none);
        row("root ::= \"a\"{0}", "", Fit::whole);
        row("root ::= # comment\n  \"a\" # more\n  | \"b\"\n# end\n", "b", Fit::whole);
        row("root ::= (\n \"a\" |\n \"b\"\n)* c\nc ::= \"!\"", "abba!", Fit::whole);
        row("root ::= \"a\" |\r\n \"b\"\r\n", "b", Fit::whole);
        row("root ::= ( | x)\nx ::= \"a\"", "", Fit::whole);  // an empty alternative
        row("root ::= \"(\" root \")\" | \"x\"", "((x))", Fit::whole);
        row("root ::= \"(\" root \")\" | \"x\"", "((x)))", Fit::none);
        row("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"\"", "aaabcb", Fit::whole);
        row("root ::= (a | b)* \"c\"\na ::= \"x\"?\nb ::= \"y\"*", "xyyxc", Fit::whole);
        row("root ::= \"a\" endless | \"b\"\nendless ::= \"x\" endless", "b", Fit::whole);
        row("root ::= \"a\" endless | \"b\"\nendless ::= \"x\" endless", "a", Fit::none);  // could never end
    }
    void notation() {
        QFETCH(QByteArray, grammar);
        QFETCH(QByteArray, text);
        QFETCH(int, expected);
        QCOMPARE(static_cast<int>(fit(grammar.constData(), text.toStdString())), expected);
    }

    void random_grammars_take_what_the_slow_recogniser_takes() {
        std::size_t compared = 0;
        std::size_t recursive = 0;
        std::size_t whole = 0;
        std::size_t texts = 0;
        std::size_t completed = 0;
        std::size_t unknown = 0;
        for (unsigned seed = 0; seed < 1500; ++seed) {
            const ReferenceGrammar reference = RandomGrammar(seed).make();
            const auto compiled = Grammar::compile(reference.gbnf());
            if (!compiled) {
                QVERIFY2(compiled.error().code == ErrorCode::unsupported ||
                             QString::fromStdString(compiled.error().message).contains("never end"),
                         qPrintable(QString::fromStdString(compiled.error().message + reference.gbnf())));
                continue;
            }
            grammar::Automaton automaton((*compiled)->network());
            Comparison result;
            compare(reference, automaton, {}, 4, result);
            QVERIFY2(result.difference.empty(),
                     qPrintable(QString::fromStdString(result.difference + "\n" + reference.gbnf())));
            ++compared;
            whole += result.whole;
            texts += result.texts;
            recursive += QString::fromStdString(reference.gbnf()).count("root") > 1 ? 1 : 0;
            for (grammar::StateId state = 1; state < std::min<std::size_t>(automaton.size(), 30); ++state) {
                const Completion completion = completion_of(automaton, state);
                QVERIFY2(completion != Completion::impossible,
                         qPrintable(QString::fromStdString(reference.gbnf())));
                ++(completion == Completion::possible ? completed : unknown);
            }
        }
        qInfo("%zu grammars, %zu of them recursive; %zu of %zu texts match", compared, recursive, whole,
              texts);
        QVERIFY(unknown * 20 < completed);
        QVERIFY(compared > 500);
        QVERIFY(recursive > 50);
        QVERIFY(whole > 5000 && whole < texts / 2);
    }

    void the_comparison_notices_a_wrong_rule() {  // negative control
        std::size_t noticed = 0;
        std::size_t tried = 0;
        for (unsigned seed = 0; seed < 300; ++seed) {
            ReferenceGrammar reference = RandomGrammar(seed).make();
            const auto compiled = Grammar::compile(reference.gbnf());
            if (!compiled) {
                continue;
            }
            Node& root = reference.rules[0];
            if (root.kind != Node::choice || root.children.size() < 2) {
                continue;
            }
            root.children.pop_back();
            grammar::Automaton automaton((*compiled)->network());
            Comparison result;
            compare(reference, automaton, {}, 4, result);
            noticed += result.difference.empty() ? 0 : 1;
            ++tried;
        }
        QVERIFY2(noticed * 3 > tried, qPrintable(QString("%1 of %2").arg(noticed).arg(tried)));
    }

    void right_recursion_stays_a_small_automaton() {
        const auto compiled =
            Grammar::compile("root ::= item rest\nrest ::= \",\" item rest | \"\"\nitem ::= [a-z]+");
        QVERIFY(compiled.has_value());
        grammar::Automaton automaton((*compiled)->network());
        std::string text = "a";
        for (int i = 0; i < 5000; ++i) {
            text += ",b";
        }
        QCOMPARE(static_cast<int>(fit(automaton, text)), static_cast<int>(Fit::whole));
        QVERIFY2(automaton.size() < 10, qPrintable(QString::number(automaton.size())));
    }

    void ambiguity_does_not_multiply_stacks() {
        const auto compiled =
            Grammar::compile("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\" root \"d\" | \"-\"");
        grammar::Automaton automaton((*compiled)->network());
        const std::string half(1000, 'a');
        std::string text = half + "-";
        for (int i = 0; i < 1000; ++i) {
            text += "bcd"[i % 3];
        }
        QCOMPARE(static_cast<int>(fit(automaton, text)), static_cast<int>(Fit::whole));
        text.back() = 'a';
        QCOMPARE(static_cast<int>(fit(automaton, text)), static_cast<int>(Fit::none));
    }

    void depth_is_bounded_in_words() {
        const auto compiled = Grammar::compile("root ::= \"[\" root \"]\" | \"x\"");
        grammar::Automaton automaton((*compiled)->network());
        grammar::StateId state = automaton.start();
        std::size_t depth = 0;
        while (state != grammar::kNoState) {
            automaton.begin_round();
            state = automaton.next(state, '[');
            QVERIFY(++depth < 100000);
        }
        QVERIFY(depth > 1000);
        QVERIFY(QString::fromStdString(automaton.limit().message).contains("nested deeper"));
    }

    void forgetting_keeps_the_named_states() {
        const auto compiled =
            Grammar::compile("root ::= \"[\" root \"]\" | \"(\" root \")\" | \"x\" root | \"\"");
        grammar::Automaton automaton((*compiled)->network());
        const auto walk = [&](grammar::StateId state, std::string_view text) {
            for (const char c : text) {
                automaton.begin_round();
                state = automaton.next(state, static_cast<std::uint8_t>(c));
            }
            return state;
        };
        grammar::StateId one = walk(automaton.start(), "[[(x");
        grammar::StateId two = walk(automaton.start(), "((");
        grammar::StateId dead = walk(automaton.start(), "]");
        walk(automaton.start(), std::string(1500, '['));
        const std::size_t before = automaton.size();
        grammar::StateId* const kept[] = {&one, &two, &dead};
        automaton.forget(kept);
        QVERIFY(automaton.size() < 10 && before > 1000);
        QVERIFY(automaton.may_end(walk(one, ")]]")));
        QCOMPARE(walk(one, ")])"), grammar::kDeadState);
        QVERIFY(automaton.may_end(walk(two, "))")));
        QCOMPARE(dead, grammar::kDeadState);
        QVERIFY(automaton.may_end(walk(automaton.start(), "[x()]")));
    }
};

QTEST_GUILESS_MAIN(TestGrammar)
#include "test_grammar.moc"
