// SPDX-License-Identifier: Apache-2.0
// tendril-cli generate --grammar and --json-schema: the answer has the form, forced tokens are counted,
// faults are said with their place.
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>

#include "tests/unit/app/cli_program.h"

using namespace tendril;
using namespace tendril::test;

class TestCliGrammar : public QObject {
    Q_OBJECT

    ModelFolder folder_;

    QString put(const QString& name, const QByteArray& text) const {
        QFile file(folder_.path(name));
        return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() ? file.fileName()
                                                                                  : QString();
    }
    CliResult generate(const QStringList& more, const QByteArray& input = {}) const {
        return run_cli(
            QStringList{"generate", folder_.model(), "--prompt", "Hello", "--temperature", "1", "--json"} +
                more,
            input);
    }

  private Q_SLOTS:
    void theAnswerHasTheForm() {
        const QString file = put("list.gbnf", "root ::= \"- \" [a-z]{3,8} \"!\" # one line\n");
        for (const char* const seed : {"1", "2", "3"}) {
            const CliResult result = generate({"--grammar", file, "--seed", seed});
            QVERIFY2(result.code == 0, result.err.constData());
            const QJsonObject json = result.object();
            QVERIFY2(QRegularExpression("^- [a-z]{3,8}!$").match(json["text"].toString()).hasMatch(),
                     qPrintable(json["text"].toString()));
            QCOMPARE(json["stop_reason"].toString(), QString("end_of_text"));
            QVERIFY(json["forced_tokens"].toInt() >= 2);
            QVERIFY(json["tokens"].toArray().size() > json["forced_tokens"].toInt());
        }
        QCOMPARE(generate({"-n", "4"}).object()["forced_tokens"].toInt(-1), 0);
        const CliResult piped = generate({"--grammar", "-"}, "root ::= \"fixed\"");
        QCOMPARE(piped.object()["text"].toString(), QString("fixed"));
        QCOMPARE(piped.object()["forced_tokens"].toInt(), 5);
    }

    void jsonFitsItsSchema() {
        const QString file = put("schema.json", R"({"type": "object", "properties": {"a": {"type": "integer"},
            "b": {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2, "maxItems": 3}}, "required": ["a", "b"]})");
        const CliResult result = generate({"--json-schema", file, "--seed", "4"});
        QVERIFY2(result.code == 0, result.err.constData());
        const QJsonObject answer =
            QJsonDocument::fromJson(result.object()["text"].toString().toUtf8()).object();
        QVERIFY(answer["a"].isDouble());
        QVERIFY(answer["b"].toArray().size() >= 2);
    }

    void faultsAreSaidWithTheirPlace() {
        const CliResult wrong = generate({"--grammar", put("wrong.gbnf", "root ::= item\n")});
        QCOMPARE(wrong.code, 1);
        QVERIFY2(wrong.err.contains("line 1, column 10: there is no rule \"item\""), wrong.err.constData());
        const CliResult schema =
            generate({"--json-schema", put("wrong.json", R"({"type": "string", "pattern": "x"})")});
        QCOMPARE(schema.code, 1);
        QVERIFY2(schema.err.contains("\"pattern\" is not supported"), schema.err.constData());
        const CliResult absent = generate({"--grammar", folder_.path("absent.gbnf")});
        QCOMPARE(absent.code, 1);
        QVERIFY2(absent.err.contains("absent.gbnf"), absent.err.constData());
        QCOMPARE(generate({"--grammar", "-", "--json-schema", "-"}).code, 2);
    }
};

QTEST_GUILESS_MAIN(TestCliGrammar)
#include "test_cli_grammar.moc"
