// SPDX-License-Identifier: Apache-2.0
// Grammars over the vocabularies of real models: what a mask costs, and that tokens are forced as the model's
// tokenizer writes them. Skips models that are absent.
#include <algorithm>
#include <chrono>
#include <random>

#include <QtTest>

#include "engine/model/gguf.h"
#include "engine/model/mapped_file.h"
#include "engine/sample/grammar/grammar_pool.h"
#include "prompt/json_schema.h"
#include "tests/support/count_allocations.h"
#include "tests/support/real_models.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr double kSlower = 20;
#else
constexpr double kSlower = 1;
#endif

using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

constexpr const char* kSchema = R"({"type": "object", "properties": {
    "title": {"type": "string", "maxLength": 60},
    "people": {"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "age": {"type": "integer"}, "role": {"enum": ["author", "editor", "reader"]}},
        "required": ["name", "age", "role"]}},
    "anything": {}},
    "required": ["title", "people", "anything"]})";

constexpr const char* kText =
    R"({"title": "Notes on the \u00fcber-long 'Rhine' bridges \u2014 2nd ed.", "people": [)"
    R"({"name": "Ada Lovelace", "age": 36, "role": "author"}, {"name": "\u5f20\u4f1f", "age": 7, "role": "reader"}, )"
    R"({"name": "Zo\u00eb \ud83d\ude00", "age": 101, "role": "editor"}], )"
    R"("anything": {"list": [1, 2.5e-3, [true, false, [null]], "line\nbreak"], "deep": {"deeper": {"deepest": []}}}})";

/// The same JSON, with its characters written out.
std::string written(const char* json) {
    return QString(QString(json)
                       .replace("\\u00fc", QString(QChar(0xfc)))
                       .replace("\\u2014", QString(QChar(0x2014)))
                       .replace("\\u5f20", QString(QChar(0x5f20)))
                       .replace("\\u4f1f", QString(QChar(0x4f1f)))
                       .replace("\\u00eb", QString(QChar(0xeb)))
                       .replace("\\ud83d\\ude00", QString::fromUtf8("\xF0\x9F\x98\x80")))
        .toStdString();
}

bool alive(grammar::Automaton& automaton, grammar::StateId state, std::string_view bytes) {
    automaton.begin_round();
    for (const char c : bytes) {
        state = state == grammar::kDeadState ? state : automaton.next(state, static_cast<std::uint8_t>(c));
    }
    return state != grammar::kDeadState;
}

struct Times {
    std::vector<double> all;
    double share(double part) {
        std::sort(all.begin(), all.end());
        return all.empty() ? 0 : all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    }
};

}  // namespace

class TestRealVocabulary : public QObject {
    Q_OBJECT

    std::unique_ptr<MappedFile> file_;
    std::shared_ptr<const Tokenizer> tokenizer_;

    bool open(const QString& name) {
        const auto path = find_real_model(name.toStdString());
        if (path.empty()) {
            return false;
        }
        file_ = std::move(*MappedFile::open(path));
        std::vector<std::string> warnings;
        tokenizer_ = std::move(*Tokenizer::create(*GgufFile::parse(file_->bytes()), warnings));
        return true;
    }

    void models() {
        QTest::addColumn<QString>("name");
        for (const char* const name : {"Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
                                       "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m.Q4_K_M.gguf"}) {
            QTest::newRow(name) << name;
        }
    }

  private Q_SLOTS:
    void masks_are_quick_data() { models(); }
    void masks_are_quick() {
        QFETCH(QString, name);
        if (!open(name)) {
            QSKIP("This model is not on this machine.");
        }
        const auto grammar = Grammar::compile(*prompt::grammar_of_schema(kSchema));
        QVERIFY(grammar.has_value());
        grammar::GrammarPool pool(tokenizer_, tokenizer_->size());
        auto start = Clock::now();
        const auto matcher = pool.open(*grammar);
        const double built = microseconds_since(start);
        QVERIFY(matcher.has_value());
        const std::vector<TokenId> tokens = tokenizer_->encode(written(kText), {});
        Times cold;
        Times warm;
        for (int round = 0; round < 8; ++round) {
            grammar::Cursor cursor(*matcher);
            for (const TokenId token : tokens) {
                start = Clock::now();
                const auto mask = cursor.mask();
                (round == 0 ? cold : warm).all.push_back(microseconds_since(start));
                QVERIFY(mask.has_value());
                QVERIFY(mask->allows(token));
                start = Clock::now();
                QVERIFY(cursor.take(token).has_value());
                QVERIFY(cursor.forced().has_value());
                (round == 0 ? cold : warm).all.back() += microseconds_since(start);
            }
            QVERIFY(cursor.ended());
        }
        qInfo(
            "%zu tokens, tree built in %.0f ms; mask and step, cold: median %.0f us, p99 %.0f us, most %.0f "
            "us; "
            "warm: median %.2f us, p99 %.2f us; %zu states, %zu masks",
            tokenizer_->size(), built / 1000, cold.share(0.5), cold.share(0.99), cold.share(1),
            warm.share(0.5), warm.share(0.99), (*matcher)->states(), (*matcher)->masks());
        QVERIFY(warm.share(0.99) < 1000 * kSlower);
    }

    void masks_are_what_trying_each_token_gives_data() { models(); }
    void masks_are_what_trying_each_token_gives() {
        QFETCH(QString, name);
        if (!open(name)) {
            QSKIP("This model is not on this machine.");
        }
        const auto grammar = Grammar::compile(*prompt::grammar_of_schema(kSchema));
        grammar::GrammarPool pool(tokenizer_, tokenizer_->size());
        const auto matcher = pool.open(*grammar);
        grammar::Automaton automaton((*grammar)->network());
        grammar::StateId state = automaton.start();
        grammar::Cursor cursor(*matcher);
        std::size_t compared = 0;
        for (const TokenId taken : tokenizer_->encode(written(kText), {})) {
            if (++compared % 6 == 1) {
                const auto mask = cursor.mask();
                for (TokenId token = 0; token < static_cast<TokenId>(tokenizer_->size()); ++token) {
                    const std::string_view bytes = tokenizer_->bytes(token);
                    const bool text = !bytes.empty() && !tokenizer_->ends_generation(token);
                    const bool expected = tokenizer_->ends_generation(token)
                                              ? automaton.may_end(state)
                                              : text && alive(automaton, state, bytes);
                    QVERIFY2(mask->allows(token) == expected, qPrintable(QString::number(token)));
                }
            }
            QVERIFY(cursor.take(taken).has_value());
            for (const char c : tokenizer_->bytes(taken)) {
                state = automaton.next(state, static_cast<std::uint8_t>(c));
            }
        }
        QVERIFY(compared > 100);
    }

    void warm_answers_take_no_memory() {
        if (!open(kDefaultModel)) {
            QSKIP("The default model is not on this machine.");
        }
        const auto grammar = Grammar::compile(*prompt::grammar_of_schema(kSchema));
        grammar::GrammarPool pool(tokenizer_, tokenizer_->size());
        const auto matcher = pool.open(*grammar);
        const std::vector<TokenId> tokens = tokenizer_->encode(written(kText), {});
        for (const bool warm : {false, true}) {
            grammar::Cursor cursor(*matcher);
            allocations = 0;
            counting = true;
            bool fits = true;
            for (const TokenId token : tokens) {
                fits = fits && cursor.mask().has_value() && cursor.take(token).has_value() &&
                       cursor.forced().has_value() && cursor.follows(tokens) <= tokens.size();
            }
            counting = false;
            QVERIFY(fits);
            QVERIFY(warm ? allocations == 0 : allocations > 0);
        }
    }

    /// A text written as the model's tokenizer writes it, walked under its grammar: what is forced is what
    /// stands there.
    void forced_tokens_are_the_tokenizers_data() { models(); }
    void forced_tokens_are_the_tokenizers() {
        QFETCH(QString, name);
        if (!open(name)) {
            QSKIP("This model is not on this machine.");
        }
        const auto grammar = Grammar::compile(*prompt::grammar_of_schema(kSchema));
        grammar::GrammarPool pool(tokenizer_, tokenizer_->size());
        const auto matcher = pool.open(*grammar);
        const std::vector<TokenId> tokens = tokenizer_->encode(written(kText), {});
        grammar::Cursor cursor(*matcher);
        std::size_t forced = 0;
        std::size_t drawn = 0;
        for (std::size_t at = 0; at < tokens.size();) {
            const auto run = cursor.forced();
            QVERIFY(run.has_value());
            const std::vector<TokenId> certain(run->begin(), run->end());
            if (certain.empty()) {
                QVERIFY(cursor.take(tokens[at++]).has_value());
                ++drawn;
            }
            for (const TokenId token : certain) {
                QVERIFY(at < tokens.size());
                QCOMPARE(tokenizer_->bytes(token), tokenizer_->bytes(tokens[at]));
                QCOMPARE(token, tokens[at++]);
                QVERIFY(cursor.take(token).has_value());
                ++forced;
            }
        }
        QVERIFY(cursor.ended());
        qInfo("%zu of %zu tokens are forced", forced, forced + drawn);
        QVERIFY(forced > 20);
    }
};

QTEST_GUILESS_MAIN(TestRealVocabulary)
#include "test_real_vocabulary.moc"
