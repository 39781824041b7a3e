// SPDX-License-Identifier: Apache-2.0
// Which tokens a grammar allows, and which it forces, over vocabularies of words: against trying each token
// by itself. A mask is never empty.
#include <algorithm>
#include <random>

#include <QtTest>

#include "engine/sample/grammar/grammar_pool.h"
#include "engine/sample/sampler.h"
#include "tests/unit/sample/grammar/random_grammar.h"
#include "tests/unit/sample/grammar/word_tokenizer.h"

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

/// All single bytes, and random words of the test grammars' alphabet, some cut inside a character.
std::vector<std::string> random_words(unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::string> words = WordTokenizer::all_bytes();
    for (int i = 0; i < 60; ++i) {
        std::u32string text;
        for (std::size_t j = 1 + random() % 5; j > 0; --j) {
            text += RandomGrammar::kAlphabet[random() % RandomGrammar::kAlphabet.size()];
        }
        const std::string bytes = (random() % 4 == 0 ? " " : "") + utf8_of(text);
        words.push_back(bytes.substr(0, bytes.size() - random() % 2));
    }
    words.emplace_back();         // a token without bytes
    words.push_back(words[256]);  // two tokens of the same bytes
    return words;
}

struct Setup {
    Setup(const std::shared_ptr<const Grammar>& grammar, std::vector<std::string> words)
        : tokenizer(std::make_shared<const WordTokenizer>(std::move(words))),
          pool(tokenizer, tokenizer->size() + 3) {  // models have more logits than tokens
        auto opened = pool.open(grammar);
        if (!opened) {
            throw std::runtime_error(opened.error().message);
        }
        matcher = *opened;
    }
    std::shared_ptr<const WordTokenizer> tokenizer;
    grammar::GrammarPool pool;
    std::shared_ptr<grammar::Matcher> matcher;
};

/// The state behind a text, by an automaton of its own.
class Trial {
  public:
    explicit Trial(const Grammar& grammar) : automaton_(grammar.network()) {}
    grammar::StateId after(std::string_view text) {
        grammar::StateId state = automaton_.start();
        for (const char c : text) {
            automaton_.begin_round();
            state =
                state == grammar::kDeadState ? state : automaton_.next(state, static_cast<std::uint8_t>(c));
        }
        return state;
    }
    bool begins(std::string_view text) { return after(text) != grammar::kDeadState; }
    bool whole(std::string_view text) { return automaton_.may_end(after(text)); }
    /// Exactly this text, and no other, can come behind `text`, up to its length.
    bool only(const std::string& text, std::string_view forced) {
        std::string so_far = text;
        for (const char c : forced) {
            std::size_t possible = whole(so_far) ? 1 : 0;
            for (int byte = 0; byte < 256; ++byte) {
                possible += begins(so_far + static_cast<char>(byte)) ? 1 : 0;
            }
            so_far += c;
            if (possible != 1 || !begins(so_far)) {
                return false;
            }
        }
        return true;
    }

  private:
    grammar::Automaton automaton_;
};

std::vector<TokenId> allowed_tokens(const TokenMask& mask, std::size_t vocabulary) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < vocabulary; ++i) {
        if (mask.allows(static_cast<TokenId>(i))) {
            tokens.push_back(static_cast<TokenId>(i));
        }
    }
    return tokens;
}

}  // namespace

class TestMasks : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void masks_are_what_trying_each_token_gives() {
        std::size_t masks = 0;
        std::size_t ends = 0;
        for (unsigned seed = 0; seed < 250; ++seed) {
            const auto grammar = Grammar::compile(RandomGrammar(seed).make().gbnf());
            if (!grammar) {
                continue;
            }
            Setup setup(*grammar, random_words(seed));
            const WordTokenizer& tokenizer = *setup.tokenizer;
            Trial trial(**grammar);
            std::mt19937 random(seed);
            for (int walk = 0; walk < 4; ++walk) {
                grammar::Cursor cursor(setup.matcher);
                std::string text;
                for (int step = 0; step < 12; ++step) {
                    const auto mask = cursor.mask();
                    QVERIFY2(mask.has_value(), mask ? "" : mask.error().message.c_str());  // never empty
                    ++masks;
                    QCOMPARE(cursor.ended(), allowed_tokens(*mask, tokenizer.size() + 3) ==
                                                 std::vector<TokenId>{tokenizer.end()});
                    for (TokenId token = 0; token < tokenizer.control(); ++token) {
                        const std::string_view bytes = tokenizer.bytes(token, false);
                        const bool expected = !bytes.empty() && trial.begins(text + std::string(bytes));
                        QVERIFY2(mask->allows(token) == expected, qPrintable(QString::number(token)));
                    }
                    QVERIFY(!mask->allows(tokenizer.control()));
                    QCOMPARE(mask->allows(tokenizer.end()), trial.whole(text));
                    for (TokenId token = tokenizer.end() + 1; token < tokenizer.end() + 4; ++token) {
                        QVERIFY(!mask->allows(token));
                    }
                    auto choices = allowed_tokens(*mask, tokenizer.size());
                    std::erase(choices, tokenizer.end());
                    if (choices.empty()) {
                        ++ends;
                        break;
                    }
                    const TokenId token = choices[random() % choices.size()];
                    const TokenId tried[] = {token, tokenizer.control()};
                    QCOMPARE(cursor.follows(tried), std::size_t{1});
                    QVERIFY(cursor.take(token).has_value());
                    text += tokenizer.bytes(token, false);
                }
            }
        }
        qInfo("%zu masks, %zu answers at their end", masks, ends);
        QVERIFY(masks > 3000 && ends > 50);
    }

    void a_token_that_is_not_allowed_is_refused() {
        Setup setup(compiled("root ::= \"ab\""), WordTokenizer::all_bytes());
        grammar::Cursor cursor(setup.matcher);
        QVERIFY(!cursor.take('b'));
        QVERIFY(!cursor.take(setup.tokenizer->end()));
        QVERIFY(cursor.take('a').has_value());
        QVERIFY(!cursor.ended());
        QVERIFY(cursor.take('b').has_value());
        QVERIFY(cursor.ended());
        QCOMPARE(cursor.take('b').error().code, ErrorCode::internal);
    }

    void forced_tokens_leave_no_choice_and_are_the_tokenizers() {
        std::size_t forced_tokens = 0;
        std::size_t held_back = 0;
        for (unsigned seed = 0; seed < 500; ++seed) {
            const auto grammar = Grammar::compile(RandomGrammar(seed).make().gbnf());
            if (!grammar) {
                continue;
            }
            Setup setup(*grammar, random_words(seed));
            const WordTokenizer& tokenizer = *setup.tokenizer;
            Trial trial(**grammar);
            std::mt19937 random(seed);
            grammar::Cursor cursor(setup.matcher);
            std::string text;
            for (int step = 0; step < 20 && !cursor.ended(); ++step) {
                const auto forced = cursor.forced();
                QVERIFY(forced.has_value());
                const std::vector<TokenId> tokens(forced->begin(), forced->end());
                std::string bytes;
                for (const TokenId token : tokens) {
                    bytes += tokenizer.bytes(token, false);
                }
                QVERIFY(trial.only(text, bytes));
                forced_tokens += tokens.size();
                held_back +=
                    tokens.empty() && trial.only(text, std::string(1, one_byte(trial, text))) ? 1 : 0;
                for (const TokenId token : tokens) {
                    QVERIFY(cursor.take(token).has_value());
                }
                const std::string before = text;
                text += bytes;
                // However the text goes on, the tokenizer writes the forced part like this.
                std::string longer = text;
                for (int i = 0; i < 8; ++i) {
                    const char next = random_byte(trial, longer, random);
                    if (!trial.begins(longer + next)) {
                        break;
                    }
                    longer += next;
                    const auto whole = tokenizer.encode(std::string_view(longer).substr(before.size()), {});
                    QVERIFY(whole.size() >= tokens.size());
                    QVERIFY(std::equal(tokens.begin(), tokens.end(), whole.begin()));
                }
                if (cursor.ended()) {
                    break;
                }
                auto choices = allowed_tokens(*cursor.mask(), tokenizer.size());
                std::erase(choices, tokenizer.end());
                if (choices.empty()) {
                    break;
                }
                const TokenId token = choices[random() % choices.size()];
                QVERIFY(cursor.take(token).has_value());
                text += tokenizer.bytes(token, false);
            }
        }
        qInfo("%zu tokens forced; %zu times one byte was certain but its token was not", forced_tokens,
              held_back);
        QVERIFY(forced_tokens > 200 && held_back > 20);
    }

    void a_longer_token_that_could_come_holds_the_last_one_back() {
        std::vector<std::string> words = WordTokenizer::all_bytes();
        for (const char* const word : {"name", "\": ", "\": \"", "x\": \"A", "\"A"}) {
            words.emplace_back(word);
        }
        const auto forced_by = [&](const char* gbnf) {
            Setup setup(compiled(gbnf), words);
            grammar::Cursor cursor(setup.matcher);
            return setup.tokenizer->decode(*cursor.forced());
        };
        // The quotation mark could be part of `"A`.
        QCOMPARE(forced_by("root ::= \"{name\\\": \\\"\" [A-Z]* \"\\\"\""), std::string("{name"));
        QCOMPARE(forced_by("root ::= \"{name\\\": \\\"\" [B-Z]* \"\\\"\""), std::string("{name\": \""));
        QCOMPARE(forced_by("root ::= \"{name\\\": \\\"\""),
                 std::string("{name\": \""));  // the end comes behind
        QCOMPARE(forced_by("root ::= \"x\\\": \\\"\" [A-Z]* \"\\\"\""), std::string());  // nor `x": "A`
        QCOMPARE(forced_by("root ::= \"name\"?"), std::string());                        // it may end at once
    }

    void a_vocabulary_without_all_bytes_is_enough_where_they_are_not_needed() {
        std::vector<std::string> words = {"a", "c", "bb", "cb"};
        Setup setup(compiled("root ::= (\"a\" | \"b\")* \"c\" | \"c\" \"b\""), words);
        std::mt19937 random(1);
        for (int round = 0; round < 50; ++round) {
            grammar::Cursor cursor(setup.matcher);
            for (int step = 0; step < 20 && !cursor.ended(); ++step) {
                const auto mask = cursor.mask();
                QVERIFY(mask.has_value());
                auto choices = allowed_tokens(*mask, setup.tokenizer->size());
                std::erase(choices, setup.tokenizer->end());
                QVERIFY(!choices.empty());
                QVERIFY(cursor.take(choices[random() % choices.size()]).has_value());
            }
        }
        grammar::GrammarPool pool(setup.tokenizer, setup.tokenizer->size());
        const auto refused = pool.open(compiled("root ::= \"a\"+ \"b\""));
        QVERIFY(!refused);
        QVERIFY(QString::fromStdString(refused.error().message).contains("no tokens for the texts"));
    }

    void what_was_prepared_is_what_the_first_grammar_makes() {
        const auto tokenizer = std::make_shared<const WordTokenizer>(WordTokenizer::all_bytes());
        const auto grammar = compiled("root ::= [a-f]+ \"!\"");
        std::vector<std::uint64_t> words[2];
        for (const bool prepared : {false, true}) {
            grammar::GrammarPool pool(tokenizer, tokenizer->size());
            QVERIFY(!pool.prepared());
            if (prepared) {
                pool.prepare();
                pool.prepare();  // once is enough
                QVERIFY(pool.prepared());
            }
            const auto opened = pool.open(grammar);
            QVERIFY(opened.has_value() && pool.prepared());
            grammar::Cursor cursor(*opened);
            const auto mask = cursor.mask();
            QVERIFY(mask.has_value());
            for (TokenId token = 0; token < static_cast<TokenId>(tokenizer->size()); ++token) {
                words[prepared ? 1 : 0].push_back(mask->allows(token) ? 1 : 0);
            }
        }
        QVERIFY(words[0] == words[1]);
        QCOMPARE(std::count(words[0].begin(), words[0].end(), 1U), 6);
        grammar::GrammarPool unused(tokenizer, tokenizer->size());
        unused.prepare();  // ends with the pool
    }

    void the_same_grammar_finds_its_matcher_again() {
        const auto first = compiled("root ::= \"a\"");
        Setup setup(first, WordTokenizer::all_bytes());
        QCOMPARE(setup.pool.open(first)->get(), setup.matcher.get());
        std::vector<std::shared_ptr<const Grammar>> others;
        for (std::size_t i = 0; i < grammar::GrammarPool::kKept; ++i) {
            others.push_back(compiled("root ::= \"b\""));
            QVERIFY(setup.pool.open(others.back())->get() != setup.matcher.get());
        }
        QVERIFY(setup.pool.open(first)->get() != setup.matcher.get());  // was let go of
        QCOMPARE(setup.pool.open(others.back())->get()->grammar(), others.back().get());
    }

    /// Brackets of two kinds: as many states as there are stacks. They are forgotten and made again, while
    /// several answers are under way.
    void states_are_forgotten_before_they_are_too_many() {
        Setup setup(compiled("root ::= \"[\" root \"]\" root | \"(\" root \")\" root | \"\""),
                    {"[", "]", "(", ")", "[[", "((", "])", ")]", "[(([(", "]])", "()"});
        const WordTokenizer& tokenizer = *setup.tokenizer;
        std::mt19937 random(3);
        grammar::Cursor one(setup.matcher);
        grammar::Cursor two(setup.matcher);
        grammar::Cursor* const cursors[] = {&one, &two};
        std::string open[2];
        std::size_t most = 0;
        bool forgot = false;
        for (int left = 3000000; left > 0; --left) {
            const std::size_t which = random() % 2;
            const auto mask = cursors[which]->mask();
            QVERIFY2(mask.has_value(), mask ? "" : mask.error().message.c_str());
            std::vector<TokenId> choices;
            for (TokenId token = 0; token < tokenizer.control(); ++token) {
                std::string stack = open[which];
                bool fits = true;
                for (const char c : tokenizer.bytes(token, false)) {
                    if (c == '[' || c == '(') {
                        stack += c;
                    } else {
                        fits = fits && !stack.empty() && stack.back() == (c == ']' ? '[' : '(');
                        if (fits) {
                            stack.pop_back();
                        }
                    }
                }
                QCOMPARE(mask->allows(token), fits);
                if (fits && stack.size() < 60) {
                    choices.push_back(token);
                }
            }
            QCOMPARE(mask->allows(tokenizer.end()), open[which].empty());
            // Openings more often, so that there are many stacks.
            std::erase_if(choices, [&, deeper = random() % 3 != 0 && open[which].size() < 50](TokenId token) {
                return deeper && tokenizer.bytes(token, false).find_first_of("])") != std::string_view::npos;
            });
            const TokenId token = choices[random() % choices.size()];
            QVERIFY(cursors[which]->take(token).has_value());
            for (const char c : tokenizer.bytes(token, false)) {
                if (c == '[' || c == '(') {
                    open[which] += c;
                } else {
                    open[which].pop_back();
                }
            }
            if (!forgot && setup.matcher->states() < most) {
                forgot = true;
                left = 20000;  // and on for a while
            }
            most = std::max(most, setup.matcher->states());
        }
        qInfo("at most %zu states", most);
        QVERIFY(forgot);
        QVERIFY(most <= grammar::Automaton::kMaxStates);
        QVERIFY(setup.matcher->masks() <= grammar::Matcher::kMostMasks);
    }

    void a_mask_changes_nothing_among_what_it_allows() {
        std::mt19937 random(9);
        std::normal_distribution<float> normal(0.0F, 3.0F);
        for (unsigned round = 0; round < 200; ++round) {
            std::vector<float> logits(1000);
            std::generate(logits.begin(), logits.end(), [&] { return normal(random); });
            std::vector<std::uint64_t> words(TokenMask::words_for(logits.size()), ~std::uint64_t{0});
            SamplerSettings settings;
            settings.seed = round;
            settings.temperature = round % 3 == 0 ? 0.0F : 1.0F;
            settings.repetition_penalty = 1.2F;
            Sampler sampler(settings);
            const std::vector<TokenId> recent = {1, 2, 3};
            std::vector<float> plain = logits;
            std::vector<float> masked = logits;
            const TokenMask all{words};
            QCOMPARE(sampler.draw(masked, recent, round, &all).value(),
                     sampler.draw(plain, recent, round).value());
            QCOMPARE(masked, plain);
            // Of a real mask only what it excludes is touched.
            std::generate(words.begin(), words.end(),
                          [&] { return std::uint64_t{random()} << 32 | random(); });
            masked = logits;
            plain = logits;
            for (std::size_t i = 0; i < logits.size(); ++i) {
                plain[i] =
                    all.allows(static_cast<TokenId>(i)) ? plain[i] : -std::numeric_limits<float>::infinity();
            }
            const TokenId drawn = sampler.draw(masked, recent, round, &all).value();
            QVERIFY(all.allows(drawn));
            QCOMPARE(drawn, sampler.draw(plain, recent, round).value());
            QCOMPARE(masked, plain);
        }
    }

  private:
    static char one_byte(Trial& trial, const std::string& text) {
        for (int byte = 0; byte < 256; ++byte) {
            if (trial.begins(text + static_cast<char>(byte))) {
                return static_cast<char>(byte);
            }
        }
        return 'x';
    }
    static char random_byte(Trial& trial, const std::string& text, std::mt19937& random) {
        const auto from = static_cast<unsigned>(random());
        for (unsigned i = 0; i < 256; ++i) {
            const char byte = static_cast<char>((from + i * 7) % 256);
            if (trial.begins(text + byte)) {
                return byte;
            }
        }
        return '\0';
    }
};

QTEST_GUILESS_MAIN(TestMasks)
#include "test_masks.moc"
