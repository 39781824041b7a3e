// SPDX-License-Identifier: Apache-2.0
// From JSON schemas to grammars: texts that fit and texts that do not, random texts of each grammar checked
// by a small validator, and the words for what is not known.
#include <random>

#include <QtTest>

#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "prompt/json_grammar.h"
#include "prompt/json_schema.h"
#include "tests/unit/prompt/json_examples.h"

using namespace tendril;
using namespace tendril::prompt;
using namespace tendril::test;
namespace grammar = tendril::engine::grammar;

namespace {

std::shared_ptr<const engine::Grammar> grammar_for(const std::string& schema) {
    const auto text = grammar_of_schema(schema);
    if (!text) {
        throw std::runtime_error(text.error().message);
    }
    auto compiled = engine::Grammar::compile(*text);
    if (!compiled) {
        throw std::runtime_error(compiled.error().message + "\n" + *text);
    }
    return std::move(*compiled);
}

bool fits(const std::string& schema, const std::string& text) {
    const auto compiled = grammar_for(schema);
    grammar::Automaton automaton(compiled->network());
    grammar::StateId state = automaton.start();
    for (const char c : text) {
        automaton.begin_round();
        state = automaton.next(state, static_cast<std::uint8_t>(c));
    }
    return automaton.may_end(state);
}

/// The keywords by their definition; numbers of digits apart.
bool valid(const Json& schema, const Json& value, const Json& root) {
    if (schema.is_boolean()) {
        return schema.get<bool>();
    }
    if (schema.contains("$ref")) {
        const std::string path = schema["$ref"].get<std::string>().substr(1);
        return valid(root.at(Json::json_pointer(path)), value, root);
    }
    if (schema.contains("anyOf")) {
        const Json& choices = schema["anyOf"];
        return std::any_of(choices.begin(), choices.end(),
                           [&](const Json& choice) { return valid(choice, value, root); });
    }
    if (schema.contains("const") && schema["const"] != value) {
        return false;
    }
    if (schema.contains("enum")) {
        const Json& values = schema["enum"];
        if (std::find(values.begin(), values.end(), value) == values.end()) {
            return false;
        }
    }
    if (schema.contains("type")) {
        const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
        if (std::none_of(types.begin(), types.end(),
                         [&](const Json& type) { return is_of(value, type.get<std::string>()); })) {
            return false;
        }
    }
    if (value.is_string()) {
        const auto text = QString::fromStdString(value.get<std::string>()).toStdU32String();
        return text.size() >= schema.value("minLength", 0U) &&
               text.size() <= schema.value("maxLength", 1000000U);
    }
    if (value.is_array()) {
        return value.size() >= schema.value("minItems", 0U) &&
               value.size() <= schema.value("maxItems", 1000000U) &&
               (!schema.contains("items") || std::all_of(value.begin(), value.end(), [&](const Json& item) {
                   return valid(schema["items"], item, root);
               }));
    }
    if (value.is_object()) {
        for (const Json& name : schema.value("required", Json::array())) {
            if (!value.contains(name.get<std::string>())) {
                return false;
            }
        }
        for (const auto& item : value.items()) {
            const Json properties = schema.value("properties", Json::object());
            const Json others = schema.value("additionalProperties", Json(true));
            if (!valid(properties.contains(item.key()) ? properties[item.key()] : others, item.value(),
                       root)) {
                return false;
            }
        }
    }
    return true;
}

/// A random text of the grammar; empty when it gets too long.
std::string random_text(grammar::Automaton& automaton, std::mt19937& random) {
    std::string text;
    grammar::StateId state = automaton.start();
    while (text.size() < 600) {
        if (automaton.may_end(state) && random() % 2 == 0) {
            return text;
        }
        std::vector<std::uint8_t> bytes;
        automaton.begin_round();
        for (unsigned byte = 0; byte < 256; ++byte) {
            if (automaton.next(state, static_cast<std::uint8_t>(byte)) != grammar::kDeadState) {
                bytes.push_back(static_cast<std::uint8_t>(byte));
                // Closing ones more often, so that texts come to an end.
                bytes.insert(bytes.end(), byte == '"' || byte == ']' || byte == '}' ? 60 : 0,
                             static_cast<std::uint8_t>(byte));
            }
        }
        if (bytes.empty()) {
            return text;
        }
        text += static_cast<char>(bytes[random() % bytes.size()]);
        state = automaton.next(state, static_cast<std::uint8_t>(text.back()));
    }
    return {};
}

}  // namespace

class TestJsonSchema : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void texts_that_fit() {
        for (const char* const text : kPersons) {
            QVERIFY2(fits(kPerson, text), text);
        }
        QVERIFY(fits(R"({"type": "string", "maxLength": 2})", "\"\u20ac\xF0\x9F\x98\x80\""));
        QVERIFY(fits("{}", R"({"a": [1, {"b": []}, "c"], "d": {}})"));
    }

    void texts_that_do_not() {
        const std::string person = kPerson;
        QVERIFY(!fits(person, R"({"age": 0, "tags": ["new"]})"));                           // kind is missing
        QVERIFY(!fits(person, R"({"age": 0, "tags": [], "kind": "human"})"));               // too few
        QVERIFY(!fits(person, R"({"age": 0, "tags": [3, 3, 3, 3], "kind": "human"})"));     // too many
        QVERIFY(!fits(person, R"({"age": 0.5, "tags": [3], "kind": "human"})"));            // no integer
        QVERIFY(!fits(person, R"({"age": 07, "tags": [3], "kind": "human"})"));             // no JSON
        QVERIFY(!fits(person, R"({"name": "", "age": 0, "tags": [3], "kind": "human"})"));  // too short
        QVERIFY(
            !fits(person, R"({"name": "123456789", "age": 0, "tags": [3], "kind": "human"})"));  // too long
        QVERIFY(!fits(person, R"({"age": 0, "tags": [3], "kind": "human", "more": 1})"));  // not described
        QVERIFY(!fits(R"({"type": "string"})", "\"\\ud800\""));                            // half a pair
        QVERIFY(!fits(R"({"type": "string"})", "\"a\nb\""));
    }

    void random_texts_of_the_grammar_are_valid() {
        std::mt19937 random(11);
        for (const char* const schema : kSchemas) {
            const auto compiled = grammar_for(schema);
            grammar::Automaton automaton(compiled->network());
            const Json root = Json::parse(schema);
            std::size_t checked = 0;
            for (int round = 0; round < 150; ++round) {
                const std::string text = random_text(automaton, random);
                if (text.empty()) {
                    continue;
                }
                const Json value = Json::parse(text, nullptr, false);
                QVERIFY2(!value.is_discarded(), text.c_str());
                QVERIFY2(valid(root, value, root), text.c_str());
                QVERIFY2(Json::parse(json_text(value)) == value, text.c_str());
                ++checked;
            }
            QVERIFY2(checked > 20, schema);
        }
    }

    void the_check_notices_a_wrong_schema() {  // negative control
        std::mt19937 random(12);
        const Json wrong =
            Json::parse(R"({"type": "array", "items": {"type": "string", "maxLength": 1}, "minItems": 3})");
        const auto compiled = grammar_for(kSchemas[1]);
        grammar::Automaton automaton(compiled->network());
        std::size_t invalid = 0;
        for (int round = 0; round < 50; ++round) {
            const Json value = Json::parse(random_text(automaton, random), nullptr, false);
            invalid += !value.is_discarded() && !valid(wrong, value, wrong) ? 1 : 0;
        }
        QVERIFY(invalid > 10);
    }

    void what_is_not_known_is_said_data() {
        QTest::addColumn<QByteArray>("schema");
        QTest::addColumn<QString>("words");
        for (const auto& [schema, words] : kRefused) {
            QTest::newRow(words) << QByteArray(schema) << QString(words);
        }
    }
    void what_is_not_known_is_said() {
        QFETCH(QByteArray, schema);
        QFETCH(QString, words);
        const auto text = grammar_of_schema(schema.toStdString());
        QVERIFY(!text);
        const QString message = QString::fromStdString(text.error().message);
        QVERIFY2(message.contains(words), qPrintable(message));
    }

    void sizes_are_bounded() {
        QCOMPARE(grammar_of_schema(std::string(kMaxSchemaBytes + 1, ' ')).error().code, ErrorCode::too_large);
        std::string deep;
        std::string values;
        for (int i = 0; i < 5000; ++i) {
            deep += "{\"items\": ";
            values += "[";
        }
        deep += "{}" + std::string(5000, '}');
        values = "{\"const\": " + values + std::string(5000, ']') + "}";
        QCOMPARE(grammar_of_schema(deep).error().code, ErrorCode::too_large);
        QCOMPARE(grammar_of_schema(values).error().code, ErrorCode::too_large);
        // Many optional properties: the grammar grows with their number, not with its square.
        std::string wide = "{\"properties\": {";
        for (int i = 0; i < 1000; ++i) {
            wide += (i == 0 ? "" : ", ") + ("\"property" + std::to_string(i)) + "\": {\"type\": \"null\"}";
        }
        const auto grammar = grammar_of_schema(wide + "}}");
        QVERIFY(grammar.has_value());
        QVERIFY2(grammar->size() < 150 * 1000, qPrintable(QString::number(grammar->size())));
        QVERIFY(engine::Grammar::compile(*grammar).has_value());
    }

    void loops_without_text_are_left_to_the_compiler() {
        for (const char* const schema : kLoops) {
            const auto text = grammar_of_schema(schema);
            QVERIFY(text.has_value());
            QVERIFY(!engine::Grammar::compile(*text));
        }
    }
};

QTEST_GUILESS_MAIN(TestJsonSchema)
#include "test_json_schema.moc"
