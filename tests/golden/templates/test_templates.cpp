// SPDX-License-Identifier: Apache-2.0
// Snippets and whole chat templates against the recorded outputs of Python's jinja2 (make_golden.py).
#include <QDir>
#include <QFile>
#include <QTest>
#include <nlohmann/json.hpp>

#include "prompt/chat_template.h"

namespace tendril::prompt {
namespace {

using nlohmann::ordered_json;

QByteArray read(const QString& name) {
    QFile file(QStringLiteral(TENDRIL_TEST_DATA "/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

ordered_json read_json(const QString& name) {
    return ordered_json::parse(read(name).toStdString());
}

/// Empty when ours and jinja2's answers agree, else what differs.
std::string difference(const std::string& source, const ordered_json& variables, std::time_t now,
                       const ordered_json& expected) {
    const auto compiled = ChatTemplate::compile(source);
    const Result<std::string> text =
        compiled.has_value() ? compiled->render(variables, now) : fail(compiled.error());
    const bool raises = expected.contains("error");
    if (text.has_value() == raises) {
        return raises ? "jinja2 raises " + expected["error"].get<std::string>() + "; ours gives: " + *text
                      : "ours fails: " + text.error().message;
    }
    if (text.has_value() && *text != expected["text"].get<std::string>()) {
        return "jinja2: " + expected["text"].dump() + "\nours:   " + ordered_json(*text).dump();
    }
    return {};
}

class TestTemplates : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        qputenv("TZ", "UTC");  // of the recorded dates
        tzset();
    }

    void snippets() {
        const auto recorded = read_json(QStringLiteral("snippets.json"));
        const auto now = static_cast<std::time_t>(recorded["now"].get<std::int64_t>());
        QVERIFY(recorded["cases"].size() > 1000);
        int different = 0;
        for (const auto& snippet : recorded["cases"]) {
            const auto source = snippet["template"].get<std::string>();
            const std::string what = difference(source, recorded["variables"], now, snippet);
            if (!what.empty()) {
                ++different;
                qWarning("%s\n%s", source.c_str(), what.c_str());
            }
        }
        QCOMPARE(different, 0);
    }

    void templates_data() {
        QTest::addColumn<QString>("name");
        const auto files =
            QDir(QStringLiteral(TENDRIL_TEST_DATA "/templates")).entryList({QStringLiteral("*.jinja")});
        QVERIFY(files.size() >= 20);
        for (const QString& file : files) {
            QTest::newRow(qPrintable(file)) << file.chopped(6);
        }
    }

    void templates() {
        QFETCH(QString, name);
        static const auto recorded = read_json(QStringLiteral("conversations.json"));
        const auto now = static_cast<std::time_t>(recorded["now"].get<std::int64_t>());
        const auto source = read(QStringLiteral("templates/%1.jinja").arg(name)).toStdString();
        const auto outputs = read_json(QStringLiteral("outputs/%1.json").arg(name));
        QCOMPARE(outputs.size(), std::size_t{10});
        for (const auto& [conversation, variables] : recorded["conversations"].items()) {
            const std::string what = difference(source, variables, now, outputs.at(conversation));
            QVERIFY2(what.empty(), (conversation + ": " + what).c_str());
        }
    }
};

}  // namespace
}  // namespace tendril::prompt

QTEST_GUILESS_MAIN(tendril::prompt::TestTemplates)
#include "test_templates.moc"
