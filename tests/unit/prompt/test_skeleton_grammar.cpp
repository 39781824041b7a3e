// SPDX-License-Identifier: Apache-2.0
// The outline's grammar as the engine reads it: what it takes, what it refuses, and which bytes it forces.
#include <QtTest>

#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "prompt/skeleton/outline.h"
#include "skeleton_support.h"

using namespace tendril::prompt::skeleton;
using namespace tendril::engine;

namespace {

enum class Verdict { refused, beginning, whole };

/// What the grammar says of a text; `forced` counts the bytes that were the only choice.
Verdict judge(const Grammar& grammar, std::string_view text, std::size_t* forced = nullptr) {
    tendril::engine::grammar::Automaton automaton(grammar.network());
    auto state = automaton.start();
    for (const char c : text) {
        automaton.begin_round();
        if (forced != nullptr && automaton.only_byte(state)) {
            ++*forced;
        }
        state = automaton.next(state, static_cast<std::uint8_t>(c));
        if (state == tendril::engine::grammar::kDeadState || state == tendril::engine::grammar::kNoState) {
            return Verdict::refused;
        }
    }
    return automaton.may_end(state) ? Verdict::whole : Verdict::beginning;
}

}  // namespace

class SkeletonGrammarTest : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void every_language_compiles() {
        for (const Language& language : own_phrases().languages) {
            const auto grammar = Grammar::compile(outline_grammar(own_phrases(), language));
            QVERIFY2(grammar.has_value(), grammar ? "" : grammar.error().message.c_str());
        }
    }

    void texts_data() {
        QTest::addColumn<QByteArray>("language");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("verdict");
        const auto row = [](const char* name, const char* language, const QByteArray& text, Verdict verdict) {
            QTest::newRow(name) << QByteArray(language) << text << static_cast<int>(verdict);
        };
        row("two points", "en", "1. Set clear goals\n2. Plan each day", Verdict::whole);
        row("one point", "en", "1. Set clear goals", Verdict::beginning);
        row("abbreviation", "en", "1. Compiled vs. interpreted\n2. Node.js and people's habits",
            Verdict::whole);
        row("needs", "en", "1. Choose a market\n2. Build, test and sell [needs 1]\n3. Hire [needs 1, 2]",
            Verdict::whole);
        row("umlauts", "de", "1. Größe der Städte\n2. Löhne [braucht 1]", Verdict::whole);
        row("chinese", "zh", "1. 保持规律作息\n2. 避免咖啡因和酒精\n3. 减少压力[需要1]", Verdict::whole);
        row("russian", "other", "1. Цели и планы\n2. Отдых", Verdict::whole);
        row("Markdown", "en", "1. **Goals**", Verdict::refused);
        row("colon", "en", "1. Goals: set them", Verdict::refused);
        row("sentence", "en", "1. Set goals.\n2. Plan", Verdict::refused);
        row("two sentences", "en", "1. Set goals. They help", Verdict::refused);
        row("wrong number", "en", "1. Goals\n3. Plans", Verdict::refused);
        row("blank line", "en", "1. Goals\n\n2. Plans", Verdict::refused);
        row("no number", "en", "Sure, here", Verdict::refused);
        row("foreign script", "en", "1. Loss of 战斗力", Verdict::refused);
        row("needs nothing", "en", "1. Goals [needs 0]", Verdict::refused);
        row("too many words", "en", "1. a a a a a a a a a a a a a a a", Verdict::refused);
        QByteArray eleven = "1. Goal b";
        for (int i = 2; i <= 11; ++i) {
            eleven += "\n" + QByteArray::number(i) + ". Goal b";
        }
        row("ten points", "en", eleven.left(eleven.lastIndexOf('\n')), Verdict::whole);
        row("eleven points", "en", eleven, Verdict::refused);
    }
    void texts() {
        QFETCH(QByteArray, language);
        QFETCH(QByteArray, text);
        QFETCH(int, verdict);
        const auto grammar =
            Grammar::compile(outline_grammar(own_phrases(), own_language(language.toStdString())));
        QVERIFY(grammar.has_value());
        QCOMPARE(static_cast<int>(judge(**grammar, text.toStdString())), verdict);
        if (static_cast<Verdict>(verdict) == Verdict::whole) {
            // What the grammar takes is what read_outline reads: the same number of points.
            const auto outline =
                read_outline(own_phrases(), own_language(language.toStdString()), text.toStdString());
            QVERIFY(outline.has_value() || outline.error().key == "outline-repeats");
        }
    }

    void numbers_are_forced() {
        const auto grammar = Grammar::compile(outline_grammar(own_phrases(), own_language("en")));
        QVERIFY(grammar.has_value());
        std::size_t forced = 0;
        QCOMPARE(judge(**grammar, "1. Goals\n2. Plans", &forced), Verdict::whole);
        QCOMPARE(forced, 6U);  // "1. " and "2. "
    }
};

QTEST_GUILESS_MAIN(SkeletonGrammarTest)
#include "test_skeleton_grammar.moc"
