// SPDX-License-Identifier: Apache-2.0
// Answers of a real model under grammars: JSON that fits its schema every time, the same with guesses, and a
// permissive grammar changes no token. Skips when the model is absent.
#include <algorithm>
#include <set>

#include <QtTest>
#include <nlohmann/json.hpp>

#include "engine/sample/grammar/grammar.h"
#include "prompt/json_schema.h"
#include "tests/support/real_models.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModel = "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf";

constexpr const char* kSchema = R"({"type": "object", "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 24},
    "age": {"type": "integer"},
    "languages": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"enum": ["C++", "Python", "Rust", "Ada"]}},
    "married": {"type": "boolean"},
    "address": {"type": "object", "properties": {
        "city": {"type": "string", "maxLength": 20}, "zip": {"type": ["string", "null"], "maxLength": 8}},
        "required": ["city", "zip"]}},
    "required": ["name", "age", "languages", "address"]})";

bool fits(const Json& value) {
    const auto known = [](const Json& language) {
        return language == "C++" || language == "Python" || language == "Rust" || language == "Ada";
    };
    return value.is_object() && value.size() >= 4 && value.size() <= 5 && value["name"].is_string() &&
           value["age"].is_number_integer() && value["languages"].is_array() && !value["languages"].empty() &&
           value["languages"].size() <= 3 &&
           std::all_of(value["languages"].begin(), value["languages"].end(), known) &&
           (!value.contains("married") || value["married"].is_boolean()) && value["address"].size() == 2 &&
           value["address"]["city"].is_string() &&
           (value["address"]["zip"].is_string() || value["address"]["zip"].is_null());
}

}  // namespace

class TestRealGrammar : public QObject {
    Q_OBJECT

    EngineClient client_;
    std::shared_ptr<const Tokenizer> tokenizer_;

    GenerateRequest chat(const std::string& question, unsigned seed) const {
        EncodeOptions options;
        options.parse_special = true;
        GenerateRequest request;
        request.prompt = tokenizer_->encode(
            "<|im_start|>user\n" + question + "<|im_end|>\n<|im_start|>assistant\n", options);
        request.sampler.seed = seed;
        request.sampler.temperature = 0.9F;
        return request;
    }
    std::vector<Reply> ask_all(const std::vector<GenerateRequest>& requests) {
        std::vector<RequestId> ids;
        for (const GenerateRequest& request : requests) {
            ids.push_back(client_.submit(request));
        }
        std::vector<Reply> replies;
        for (const RequestId id : ids) {
            replies.push_back(client_.reply(id));
        }
        return replies;
    }
    std::vector<GenerateRequest> people(const std::string& gbnf, bool speculate) const {
        const auto grammar = Grammar::compile(gbnf);
        std::vector<GenerateRequest> requests;
        for (unsigned seed = 0; seed < 20; ++seed) {
            requests.push_back(chat("Describe an invented programmer as JSON.", seed));
            requests.back().max_tokens = 160;
            requests.back().grammar = *grammar;
            requests.back().speculate = speculate;
        }
        return requests;
    }

  private Q_SLOTS:
    void initTestCase() {
        const std::filesystem::path path = find_real_model(kModel);
        if (path.empty()) {
            QSKIP("The model Qwen2.5-Coder 0.5B is not on this machine.");
        }
        const auto loaded = client_.load(path);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        tokenizer_ = loaded->tokenizer;
    }

    void json_fits_its_schema_every_time() {
        const auto gbnf = prompt::grammar_of_schema(kSchema);
        const std::vector<Reply> plain = ask_all(people(*gbnf, false));
        const std::vector<Reply> guessed = ask_all(people(*gbnf, true));
        std::size_t tokens = 0;
        std::size_t forced = 0;
        std::set<std::string> texts;
        for (std::size_t i = 0; i < plain.size(); ++i) {
            QVERIFY2(!plain[i].error, plain[i].error ? plain[i].error->message.c_str() : "");
            const std::string& text = plain[i].text;
            QCOMPARE(plain[i].finished->reason, StopReason::end_of_text);
            const Json value = Json::parse(text, nullptr, false);
            QVERIFY2(!value.is_discarded() && fits(value), text.c_str());
            tokens += plain[i].finished->tokens.size();
            forced += plain[i].finished->forced_tokens;
            texts.insert(text);
            QCOMPARE(guessed[i].text, text);
            QVERIFY(guessed[i].finished->tokens == plain[i].finished->tokens);
        }
        qInfo("20 answers of %zu tokens, %zu of them forced; the first: %s", tokens, forced,
              plain.front().text.c_str());
        QVERIFY(texts.size() > 15);
        QVERIFY(forced * 4 > tokens);
    }

    void without_one_rule_it_does_not() {  // negative control of the test above
        std::string gbnf = *prompt::grammar_of_schema(kSchema);
        const std::size_t rule = gbnf.find("integer ::= ");
        gbnf.replace(rule, gbnf.find('\n', rule) - rule, "integer ::= [^}]{1,30}");
        std::size_t broken = 0;
        for (const Reply& reply : ask_all(people(gbnf, false))) {
            const Json value = Json::parse(reply.text, nullptr, false);
            broken += value.is_discarded() || !fits(value) ? 1 : 0;
        }
        QVERIFY2(broken > 3, qPrintable(QString::number(broken)));
    }

    void a_permissive_grammar_changes_no_token() {
        const auto any = Grammar::compile("root ::= .*");
        std::vector<GenerateRequest> requests;
        const char* const questions[] = {"Why is the sky blue?", "Write a C function that adds two numbers.",
                                         "Was ist ein Vogel?",
                                         "\xE4\xBB\x80\xE4\xB9\x88\xE6\x98\xAF\xE8\x8C\xB6\xEF\xBC\x9F"};
        for (unsigned i = 0; i < 8; ++i) {
            requests.push_back(chat(questions[i % 4], i));
            requests.back().sampler.temperature = i < 4 ? 0.0F : 0.8F;
            requests.back().max_tokens = 48;
            requests.back().speculate = i % 2 == 1;
        }
        const std::vector<Reply> plain = ask_all(requests);
        for (GenerateRequest& request : requests) {
            request.grammar = *any;
        }
        const std::vector<Reply> masked = ask_all(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            QVERIFY(plain[i].finished && masked[i].finished);
            QVERIFY2(plain[i].finished->tokens == masked[i].finished->tokens, masked[i].text.c_str());
            QCOMPARE(masked[i].text, plain[i].text);
            QCOMPARE(masked[i].finished->forced_tokens, 0U);
        }
    }

    void forced_tokens_spare_steps() {
        GenerateRequest request = chat("Say yes or no: is water wet?", 1);
        request.grammar = *Grammar::compile(
            "root ::= \"The short answer to your question is: \" (\"yes\" | \"no\") \", and that is my last "
            "word on it.\"");
        request.sampler.temperature = 0;
        const Reply reply = client_.ask(request);
        QVERIFY(reply.finished.has_value());
        const std::size_t tokens = reply.finished->tokens.size();
        QVERIFY2(tokens <= reply.finished->forced_tokens + 3, reply.text.c_str());
        QCOMPARE(reply.finished->reason, StopReason::end_of_text);
        QVERIFY(reply.text.ends_with("that is my last word on it."));
    }
};

QTEST_GUILESS_MAIN(TestRealGrammar)
#include "test_real_grammar.moc"
