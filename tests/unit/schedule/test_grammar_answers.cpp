// SPDX-License-Identifier: Apache-2.0
// Answers under a grammar on tiny random models: all of them are texts of the grammar, with guesses or
// without, alone or beside others; what is forced is not drawn; a permissive grammar changes nothing.
#include <algorithm>
#include <set>

#include <QtTest>

#include "engine/sample/grammar/grammar_pool.h"
#include "tests/unit/sample/grammar/random_grammar.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

std::shared_ptr<const Grammar> compiled(const std::string& gbnf) {
    auto grammar = Grammar::compile(gbnf);
    if (!grammar) {
        throw std::runtime_error(grammar.error().message);
    }
    return std::move(*grammar);
}

/// A tiny runtime whose requests may have grammars.
struct GrammarRuntime : TinyRuntime {
    explicit GrammarRuntime(std::size_t page_count = 32, const char* architecture = "llama",
                            SchedulerSettings scheduling = {})
        : TinyRuntime(model_of(architecture), false, page_count, 64, std::move(scheduling)),
          pool(std::shared_ptr<const Tokenizer>(std::shared_ptr<void>(), &tokenizer), config.vocabulary) {}

    static TinyModel model_of(const char* architecture) {
        TinyModel options;
        options.architecture = architecture;
        options.context = 512;
        return options;
    }
    void submit(RequestId id, GenerateRequest made, Answer& answer) {
        auto matcher = made.grammar ? must(pool.open(made.grammar)) : nullptr;
        scheduler->add(std::make_unique<Generation>(id, std::move(made), into(answer), tokenizer,
                                                    forward->limits().max_positions, Clock::now(),
                                                    std::move(matcher)));
    }
    Answer answer(const GenerateRequest& made) {
        Answer given;
        submit(1, made, given);
        run();
        return given;
    }
    grammar::GrammarPool pool;
};

/// Each token is a letter, but the last, which ends an answer.
class Letters final : public Tokenizer {
  public:
    std::vector<TokenId> encode(std::string_view, EncodeOptions) const override { return {}; }
    std::string_view bytes(TokenId token, bool) const override {
        return std::string_view("abcdefghijklmnopqrstuvwxyz").substr(static_cast<std::size_t>(token) % 26, 1);
    }
    std::size_t size() const override { return kTinyVocabulary; }
    std::optional<TokenId> bos() const override { return std::nullopt; }
    std::optional<TokenId> eos() const override { return kTinyVocabulary - 1; }
    bool adds_bos() const override { return false; }
    bool is_control(TokenId token) const override { return token == *eos(); }
    bool ends_generation(TokenId token) const override { return token == *eos(); }
    std::string_view bos_text() const override { return ""; }
    std::string_view eos_text() const override { return ""; }
};

constexpr const char* kList =
    "root ::= \"items: \" item (\", \" item){1,4} \".\\n\"\n"
    "item ::= name \" (\" [0-9]{1,2} \")\" | \"none\"\n"
    "name ::= [a-z\u00e9]{2,6}";

bool is_list(const std::string& text) {
    const auto grammar = compiled(kList);
    grammar::Automaton automaton(grammar->network());
    grammar::StateId state = automaton.start();
    for (const char c : text) {
        state = automaton.next(state, static_cast<std::uint8_t>(c));
    }
    return automaton.may_end(state);
}

GenerateRequest under(const std::string& gbnf, std::uint32_t tokens, unsigned seed) {
    GenerateRequest made = request(random_tokens(30, seed), tokens, seed);
    made.grammar = compiled(gbnf);
    return made;
}

std::size_t steps_of(GrammarRuntime& runtime) {
    std::size_t steps = 0;
    for (; !runtime.scheduler->idle(); ++steps) {
        runtime.scheduler->step(runtime.interrupt);
    }
    return steps;
}

}  // namespace

class TestGrammarAnswers : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void answers_are_texts_of_the_grammar() {
        GrammarRuntime runtime;
        std::set<std::string> texts;
        for (unsigned seed = 0; seed < 40; ++seed) {
            const Answer answer = runtime.answer(under(kList, 200, seed));
            QVERIFY2(!answer.error, answer.error ? answer.error->message.c_str() : "");
            QCOMPARE(answer.ends, 1);
            QCOMPARE(answer.finished.reason, StopReason::end_of_text);
            QVERIFY2(is_list(answer.text), answer.text.c_str());
            QCOMPARE(runtime.tokenizer.decode(answer.finished.tokens), answer.text);
            QVERIFY(answer.finished.forced_tokens >= 7);  // "items: "
            texts.insert(answer.text);
        }
        QVERIFY(texts.size() > 30);
    }

    void without_one_rule_they_are_not() {  // negative control of the test above
        GrammarRuntime runtime;
        std::string loose = kList;
        loose.replace(loose.find("name ::="), std::string::npos, "name ::= .{2,6}");
        std::size_t broken = 0;
        for (unsigned seed = 0; seed < 20; ++seed) {
            broken += is_list(runtime.answer(under(loose, 200, seed)).text) ? 0 : 1;
        }
        QVERIFY(broken > 15);
    }

    void random_grammars_hold() {
        GrammarRuntime runtime;
        std::size_t ended = 0;
        std::size_t forced = 0;
        for (unsigned seed = 0; seed < 400; ++seed) {
            const ReferenceGrammar reference = RandomGrammar(seed).make();
            const auto grammar = Grammar::compile(reference.gbnf());
            if (!grammar) {
                continue;
            }
            GenerateRequest made = request(random_tokens(20, seed), 60, seed);
            made.grammar = *grammar;
            const Answer answer = runtime.answer(made);
            QVERIFY2(!answer.error, answer.error ? answer.error->message.c_str() : "");
            forced += answer.finished.forced_tokens;
            const QString text = QString::fromStdString(answer.text);
            if (answer.finished.reason == StopReason::end_of_text) {
                ++ended;
                const std::u32string points = text.toStdU32String();
                QVERIFY2(reference.matches(points), qPrintable(text + "\n" + reference.gbnf().c_str()));
            }
        }
        qInfo("%zu answers came to their end, %zu tokens were forced", ended, forced);
        QVERIFY(ended > 80 && forced > 100);
    }

    void guesses_change_no_token() {
        std::uint32_t accepted = 0;
        // Greedy answers of random models run in circles, which guesses find.
        const std::string gbnf = "root ::= (\"<row id=\" [0-9]{1,3} \">\" [a-d]{4,12} \"</row>\\n\"){12}";
        for (const float temperature : {0.0F, 0.7F}) {
            for (unsigned seed = 0; seed < 6; ++seed) {
                GenerateRequest made = under(gbnf, 300, seed);
                made.sampler.temperature = temperature;
                GrammarRuntime plain;
                const Answer one = plain.answer(made);
                made.speculate = true;
                GrammarRuntime guessing;
                const Answer two = guessing.answer(made);
                QVERIFY(!one.error && !two.error);
                QCOMPARE(one.text, two.text);
                QVERIFY(one.finished.tokens == two.finished.tokens);
                QCOMPARE(one.finished.forced_tokens, two.finished.forced_tokens);
                QVERIFY(one.finished.forced_tokens > one.finished.tokens.size() / 4);
                accepted += two.finished.accepted_tokens;
            }
        }
        qInfo("%u guesses were right", accepted);
        QVERIFY(accepted > 20);
    }

    void beside_others_is_as_alone() {
        std::vector<GenerateRequest> requests;
        const auto grammar = compiled(kList);
        for (unsigned seed = 0; seed < 6; ++seed) {
            requests.push_back(under(kList, 200, seed));
            requests.back().grammar = seed < 4    ? grammar
                                      : seed == 4 ? compiled("root ::= [a-z]{20,60}")
                                                  : nullptr;
            requests.back().speculate = seed % 2 == 1;
        }
        std::vector<Answer> together(requests.size());
        GrammarRuntime crowd(64, "qwen3", small_chunks(17));
        for (std::size_t i = 0; i < requests.size(); ++i) {
            crowd.submit(i + 1, requests[i], together[i]);
        }
        crowd.run();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            GrammarRuntime alone(64, "qwen3");
            const Answer answer = alone.answer(requests[i]);
            QCOMPARE(together[i].text, answer.text);
            QVERIFY(together[i].finished.tokens == answer.finished.tokens);
        }
        // With too few pages for all, tasks pause and go on; the text stays.
        std::vector<Answer> short_of_pages(requests.size());
        GrammarRuntime narrow(10, "qwen3");
        for (std::size_t i = 0; i < requests.size(); ++i) {
            narrow.submit(i + 1, requests[i], short_of_pages[i]);
        }
        narrow.run();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            QCOMPARE(short_of_pages[i].text, together[i].text);
        }
    }

    void what_is_forced_takes_no_steps() {
        GrammarRuntime runtime;
        const std::string text(100, 'x');
        // Nothing is left to draw: the answer is there before the first step.
        Answer constant;
        runtime.submit(1, under("root ::= \"" + text + "\"", 200, 1), constant);
        QCOMPARE(steps_of(runtime), std::size_t{1});
        QCOMPARE(constant.text, text);
        QCOMPARE(constant.ends, 1);
        QCOMPARE(constant.finished.reason, StopReason::end_of_text);
        QCOMPARE(constant.finished.forced_tokens, 100U);
        // Two draws, each with 40 forced tokens behind it, and 10 in front.
        Answer drawn;
        runtime.submit(
            2,
            under("root ::= \"" + std::string(10, 'a') + "\" ([0-9] \"" + std::string(40, 'b') + "\"){2}",
                  200, 1),
            drawn);
        const std::size_t steps = steps_of(runtime);
        QCOMPARE(drawn.finished.tokens.size(), std::size_t{92});
        QCOMPARE(drawn.finished.forced_tokens, 90U);
        QVERIFY2(steps <= 4, qPrintable(QString::number(steps)));
        QCOMPARE(drawn.finished.reason, StopReason::end_of_text);
        // What was forced is in the cache like what was drawn.
        GenerateRequest more = under("root ::= [a-z]{3}", 10, 1);
        more.grammar = nullptr;
        more.prompt.insert(more.prompt.end(), drawn.finished.tokens.begin(), drawn.finished.tokens.end());
        const Answer next = runtime.answer(more);
        QVERIFY(next.finished.cached_tokens > 64);
    }

    void limits_and_stop_texts_end_forced_runs() {
        GrammarRuntime runtime;
        const std::string gbnf = "root ::= \"" + std::string(50, 'a') + "END" + std::string(50, 'b') + "\"";
        const Answer cut = runtime.answer(under(gbnf, 30, 1));
        QCOMPARE(cut.text, std::string(30, 'a'));
        QCOMPARE(cut.finished.reason, StopReason::max_tokens);
        QCOMPARE(cut.finished.forced_tokens, 30U);
        GenerateRequest made = under(gbnf, 200, 1);
        made.stop = {"END"};
        const Answer stopped = runtime.answer(made);
        QCOMPARE(stopped.text, std::string(50, 'a'));
        QCOMPARE(stopped.finished.reason, StopReason::stop_text);
        QCOMPARE(stopped.finished.tokens.size(), std::size_t{50});
        QCOMPARE(runtime.answer(under("root ::= \"\"", 10, 1)).finished.tokens.size(), std::size_t{0});
    }

    void a_cancel_in_a_forced_run_ends_it() {
        GrammarRuntime runtime;
        Answer answer;
        runtime.submit(7, under("root ::= ([0-9] \"" + std::string(30, 'b') + "\"){9}", 400, 1), answer);
        for (int i = 0; i < 3; ++i) {
            runtime.scheduler->step(runtime.interrupt);
        }
        QVERIFY(runtime.scheduler->cancel(7));
        QCOMPARE(answer.ends, 1);
        QCOMPARE(answer.finished.reason, StopReason::cancelled);
        QVERIFY(!answer.finished.tokens.empty());
        QVERIFY(runtime.scheduler->idle());
    }

    /// A tokenizer whose tokens are all text of the grammar, but for the end.
    void a_permissive_grammar_changes_nothing() {
        const auto any = compiled("root ::= .*");
        std::size_t drawn = 0;
        for (unsigned seed = 0; seed < 20; ++seed) {
            GenerateRequest made = request(random_tokens(30, seed), 60, seed);
            made.sampler.temperature = seed % 2 == 0 ? 0.0F : 0.9F;
            made.speculate = seed % 3 == 0;
            std::vector<Answer> answers(2);
            for (const bool masked : {false, true}) {
                TinyRuntime runtime(GrammarRuntime::model_of("llama"), false, 32);
                const auto letters = std::make_shared<const Letters>();
                grammar::GrammarPool pool(letters, runtime.config.vocabulary);
                runtime.scheduler->add(std::make_unique<Generation>(
                    1, made, into(answers[masked ? 1 : 0]), *letters, 500, Clock::now(),
                    masked ? TinyRuntime::must(pool.open(any)) : nullptr));
                runtime.run();
            }
            QVERIFY(answers[0].finished.tokens == answers[1].finished.tokens);
            QCOMPARE(answers[0].text, answers[1].text);
            QCOMPARE(answers[0].finished.reason, answers[1].finished.reason);
            QCOMPARE(answers[1].finished.forced_tokens, 0U);
            drawn += answers[1].finished.tokens.size();
        }
        QVERIFY(drawn > 500);
    }
};

QTEST_GUILESS_MAIN(TestGrammarAnswers)
#include "test_grammar_answers.moc"
