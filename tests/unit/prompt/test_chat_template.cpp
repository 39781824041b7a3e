// SPDX-License-Identifier: Apache-2.0
// The template interpreter's own promises: budgets on hostile templates, errors with lines, nothing outside
// of the data, the clock.
#include <ctime>

#include <QTest>
#include <nlohmann/json.hpp>

#include "prompt/chat_template.h"

namespace tendril::prompt {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr qint64 kSlack = 20;
#else
constexpr qint64 kSlack = 1;
#endif
constexpr qint64 kLongestMs = 100;

Result<std::string> rendered(const std::string& source,
                             const nlohmann::ordered_json& variables = nlohmann::ordered_json::object()) {
    const auto compiled = ChatTemplate::compile(source);
    if (!compiled.has_value()) {
        return fail(compiled.error());
    }
    return compiled->render(variables, 1722000000);
}

std::string repeated(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

class TestChatTemplate : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void rendersChatMl() {
        const ChatMessages messages = {{"system", "Be kind."}, {"user", "Hi {{ x }}"}};
        const auto text =
            rendered(std::string(chatml_template()), template_variables(messages, "<s>", "</s>", true));
        QVERIFY(text.has_value());
        QCOMPARE(*text, std::string("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi {{ x "
                                    "}}<|im_end|>\n<|im_start|>assistant\n"));
    }

    void refusesHostileTemplates_data() {
        QTest::addColumn<QString>("source");
        const auto row = [](const char* name, const std::string& source) {
            QTest::newRow(name) << QString::fromStdString(source);
        };
        const std::string thousand = "{% for a in range(100000) %}";
        row("nested loops", repeated(thousand, 4) + "x" + repeated("{% endfor %}", 4));
        row("silent loops", repeated(thousand, 4) + repeated("{% endfor %}", 4));
        row("self-calling macro", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
        row("macros in turn",
            "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}");
        row("doubling macro", "{% macro m(n) %}{{ m(n+1) }}{{ m(n+1) }}{% endmacro %}{{ m(0) }}");
        row("huge range", "{% for a in range(10**12) %}{% endfor %}");
        row("brackets", "{{ " + repeated("[", 10000) + repeated("]", 10000) + " }}");
        row("parentheses", "{{ " + repeated("(", 10000) + "1" + repeated(")", 10000) + " }}");
        row("open parentheses", "{{ " + repeated("(", 100000));
        row("braces", "{{ " + repeated("{1:", 10000) + "1" + repeated("}", 10000) + " }}");
        row("nots", "{{ " + repeated("not ", 20000) + "1 }}");
        row("minuses", "{{ " + repeated("- ", 50000) + "1 }}");
        row("inline ifs", "{{ 1" + repeated(" if 1 else 2", 10000) + " }}");
        row("inline ifs to the left", "{{ 1" + repeated(" if 1", 10000) + " }}");
        row("calls", "{{ " + repeated("f(", 10000) + repeated(")", 10000) + " }}");
        row("subscripts", "{{ " + repeated("f[", 10000) + repeated("]", 10000) + " }}");
        row("ifs", repeated("{% if 1 %}", 10000) + repeated("{% endif %}", 10000));
        row("targets", "{% set " + repeated("(", 10000) + "a" + repeated(")", 10000) + " = 1 %}");
        row("doubling string",
            "{% set ns = namespace(s='x') %}{% for i in range(1000) %}{% set ns.s = ns.s ~ ns.s %}{% endfor "
            "%}");
        row("doubling sum",
            "{% set ns = namespace(s='x') %}{% for i in range(1000) %}{% set ns.s = ns.s + ns.s %}{% endfor "
            "%}");
        row("doubling list",
            "{% set ns = namespace(s=[1]) %}{% for i in range(1000) %}{% set ns.s = ns.s + ns.s %}{% endfor "
            "%}");
        row("repeated string", "{{ 'x' * 10**12 }}");
        row("repeated list", "{{ ([1] * 10**9) | length }}");
        row("repeated twice", "{{ (('x' * 10**6) * 10**6) | length }}");
        row("wide format", "{{ '%1000000000d' % 1 }}");
        row("wide brace format", "{{ '{:1000000000}'.format(1) }}");
        row("wide center", "{{ 'x'.center(10**12) }}");
        row("wide zfill", "{{ 'x'.zfill(10**12) }}");
        row("wide indent", "{{ 'x\\ny' | indent(10**12) }}");
        row("wide tabs", "{{ '\\t'.expandtabs(10**12) }}");
        row("batch fill", "{{ [1] | batch(10**12, 1) | list }}");
        row("slices", "{{ [1] | slice(10**12) | list }}");
        row("join", "{{ range(100000) | join('x' * 100000) }}");
        row("replace", "{{ ('x' * 1000000) | replace('x', 'y' * 1000000) }}");
        row("replace of nothing", "{{ ('x' * 1000000).replace('', 'y' * 1000) }}");
        row("nested namespaces",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ "
            "ns.x }}");
        row("nested namespaces compared",
            "{% set ns = namespace(x=[], y=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% set "
            "ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}");
        row("namespace in itself",
            "{% set ns = namespace() %}{% set ns.a = ns %}{% set ns.b = ns %}{{ ns }}");
        row("nested tojson",
            "{% set ns = namespace(x=[]) %}{% for i in range(10000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ "
            "ns.x | tojson }}");
        row("shared lists",
            "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor "
            "%}{{ ns.x }}");
        row("shared lists compared",
            "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% "
            "set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}");
        row("chained maps",
            "{% set ns = namespace(x=['a']) %}{% for i in range(50000) %}{% set ns.x = ns.x | map('upper') "
            "%}{% endfor %}{{ ns.x | list }}");
        row("recursive loop", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}");
        row("recursive call blocks",
            "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}");
        row("slow search",
            "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ (a ~ 'b') in (a ~ a) }}{% endfor %}");
        row("slow count", "{% for i in range(100000) %}{{ ('a' * 1000000).count('a') }}{% endfor %}");
        row("slow rsplit", "{{ ('ab' * 500000).rsplit('ab' * 20) }}");
        row("slow index",
            "{% set a = 'é' * 1000000 %}{% for i in range(100000) %}{{ a[999999] }}{% endfor %}");
        row("slow sort", "{% for i in range(1000) %}{{ range(100000) | sort | first }}{% endfor %}");
        row("slow in",
            "{% set l = range(100000) | list %}{% for i in range(100000) %}{{ 'x' in l }}{% endfor %}");
        row("slow strip", "{% for i in range(100000) %}{{ (' ' * 1000000) | trim }}{% endfor %}");
        row("colliding keys",
            "{% set ns = namespace(d={}) %}{% for i in range(100000) %}{% set ns.d = dict(ns.d, **{'k' ~ i: "
            "i}) %}{% endfor %}");
        row("raise in a cycle", "{% for i in range(100000) %}{{ cycler(*range(100000)) }}{% endfor %}");
    }

    void refusesHostileTemplates() {
        QFETCH(QString, source);
        const std::clock_t start = std::clock();  // of this process: the machine may be busy with others
        const auto text = rendered(source.toStdString());
        const qint64 elapsed = (std::clock() - start) * 1000 / CLOCKS_PER_SEC;
        QVERIFY2(!text.has_value(), "a hostile template was rendered");
        QVERIFY2(!text.error().message.empty(), "there is no sentence");
        QVERIFY2(elapsed <= kLongestMs * kSlack, qPrintable(QStringLiteral("%1 ms").arg(elapsed)));
    }

    void namesTheLine_data() {
        QTest::addColumn<QString>("source");
        QTest::addColumn<int>("line");
        QTest::newRow("syntax") << QStringLiteral("a\n\n{% if %}") << 3;
        QTest::newRow("unknown tag") << QStringLiteral("\n{% fly %}") << 2;
        QTest::newRow("undefined") << QStringLiteral("a\n{{ x.y }}") << 2;
        QTest::newRow("raised") << QStringLiteral("\n\n\n{{ raise_exception('No.') }}") << 4;
        QTest::newRow("division") << QStringLiteral("{% set a = 1 %}\n{{ a // 0 }}") << 2;
        QTest::newRow("in a macro") << QStringLiteral(
                                           "{% macro m() %}\n{{ [] + 1 }}\n{% endmacro %}\n\n{{ m() }}")
                                    << 2;
        QTest::newRow("behind a macro")
            << QStringLiteral("{% macro m() %}\n\n{% endmacro %}\n\n{{ m() + 1 }}") << 5;
        QTest::newRow("end") << QStringLiteral("{% for a in b %}\n\n") << 2;
    }

    void namesTheLine() {
        QFETCH(QString, source);
        QFETCH(int, line);
        const auto text = rendered(source.toStdString());
        QVERIFY(!text.has_value());
        const std::string wanted = "line " + std::to_string(line) + ":";
        QVERIFY2(text.error().message.find(wanted) != std::string::npos, text.error().message.c_str());
    }

    void showsRaisedText() {
        const auto text = rendered("{{ raise_exception('Only user and assistant roles are supported!') }}");
        QVERIFY(!text.has_value());
        QCOMPARE(
            text.error().message,
            std::string("The chat template fails in line 1: Only user and assistant roles are supported!."));
    }

    void refusesWhatIsOutside_data() {
        QTest::addColumn<QString>("source");
        for (const char* source :
             {"{{ ''.__class__.__mro__ }}", "{{ [].append(1) }}", "{{ {}.update(a=1) }}", "{{ {}.pop('a') }}",
              "{{ [1].sort() }}", "{{ ''['__class__']() }}", "{{ ('' | attr('__class__')).x }}",
              "{{ range.__globals__.x }}", "{% include 'a' %}", "{% import 'a' as b %}", "{% extends 'a' %}",
              "{{ '{0.__class__.x}'.format(1) }}", "{{ self.x.y }}"}) {
            QTest::newRow(source) << QString::fromUtf8(source);
        }
    }

    void refusesWhatIsOutside() {
        QFETCH(QString, source);
        QVERIFY(!rendered(source.toStdString()).has_value());
    }

    void limitsTheSource() {
        const auto compiled = ChatTemplate::compile(std::string(300 * 1024, 'x'));
        QVERIFY(!compiled.has_value());
        QCOMPARE(compiled.error().code, ErrorCode::too_large);
        QVERIFY(!ChatTemplate::compile("\xFF\xFE").has_value());
    }

    void limitsTheOutput() {
        TemplateLimits limits;
        limits.output_bytes = 100;
        const auto compiled = ChatTemplate::compile("{% for i in range(60) %}ab{% endfor %}", limits);
        QVERIFY(compiled.has_value());
        const auto text = compiled->render(nlohmann::ordered_json::object());
        QVERIFY(!text.has_value());
        QCOMPARE(text.error().code, ErrorCode::too_large);
    }

    void repairsBadInput() {
        const auto text = rendered("{{ a }}|{{ a | length }}", {{"a", "x\xFFy"}});
        QVERIFY(text.has_value());
        QCOMPARE(*text, std::string("x\xEF\xBF\xBDy|3"));
    }

    void refusesDeepInput() {
        nlohmann::ordered_json deep = 1;
        for (int i = 0; i < 1000; ++i) {
            deep = nlohmann::ordered_json::array({deep});
        }
        QVERIFY(!rendered("{{ a }}", {{"a", deep}}).has_value());
    }

    void longConversationsFit() {
        nlohmann::ordered_json messages = nlohmann::ordered_json::array();
        for (int i = 0; i < 2000; ++i) {
            messages.push_back(
                {{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", std::string(1000, 'a')}});
        }
        const auto text = rendered(std::string(chatml_template()),
                                   {{"messages", messages}, {"add_generation_prompt", true}});
        QVERIFY2(text.has_value(), text.has_value() ? "" : text.error().message.c_str());
        QVERIFY(text->size() > 2'000'000);
    }
};

}  // namespace
}  // namespace tendril::prompt

QTEST_GUILESS_MAIN(tendril::prompt::TestChatTemplate)
#include "test_chat_template.moc"
