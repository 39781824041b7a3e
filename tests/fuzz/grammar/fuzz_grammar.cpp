// SPDX-License-Identifier: Apache-2.0
// Any bytes as a grammar, or as a JSON schema that becomes one: an error in words, or a grammar that can be
// walked from every place to an end, without a crash or an endless loop. libFuzzer's thread.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/grammar/grammar_pool.h"
#include "prompt/json_schema.h"
#include "tests/unit/sample/grammar/word_tokenizer.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

void must(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// One byte of each class.
std::vector<std::uint8_t> bytes_of(const grammar::Network& network) {
    std::array<bool, 256> seen{};
    std::vector<std::uint8_t> bytes;
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (!std::exchange(seen[network.classes[byte]], true)) {
            bytes.push_back(static_cast<std::uint8_t>(byte));
        }
    }
    return bytes;
}

void walk(const Grammar& grammar, std::string_view choices) {
    grammar::Automaton automaton(grammar.network());
    grammar::StateId state = automaton.start();
    if (state == grammar::kNoState) {
        return;
    }
    const std::vector<std::uint8_t> bytes = bytes_of(grammar.network());
    std::vector<grammar::StateId> next;
    for (std::size_t i = 0; i < std::min<std::size_t>(choices.size(), 32); ++i) {
        automaton.begin_round();
        next.clear();
        for (const std::uint8_t byte : bytes) {
            const grammar::StateId reached = automaton.next(state, byte);
            if (reached == grammar::kNoState) {
                must(!automaton.limit().message.empty());
                return;
            }
            if (reached != grammar::kDeadState) {
                next.push_back(reached);
            }
        }
        must(automaton.may_end(state) || !next.empty());
        must(automaton.only_end(state) == (automaton.may_end(state) && next.empty()));
        must(!automaton.only_byte(state) || (next.size() == 1 && !automaton.may_end(state)));
        if (next.empty()) {
            return;
        }
        state = next[static_cast<std::uint8_t>(choices[i]) % next.size()];
    }
    grammar::StateId* const kept[] = {&state};
    const bool ends = automaton.may_end(state);
    automaton.forget(kept);
    must(automaton.may_end(state) == ends);
}

const std::shared_ptr<const test::WordTokenizer>& tokenizer() {
    static const auto kTokenizer = [] {
        std::vector<std::string> words = test::WordTokenizer::all_bytes();
        for (const char* const word :
             {"the", " the", " a",   "{\"",       "\": ",      ", ",        "\": \"", "[[",
              "]]",  "\n\n", "root", "12",        "\xC3\xA9t", " \xE2\x82", "\xAC ",  "aaaa",
              " b",  "true", "null", "e\xCC\x81", "\\\"",      "  "}) {
            words.emplace_back(word);
        }
        return std::make_shared<const test::WordTokenizer>(std::move(words));
    }();
    return kTokenizer;
}

/// Draws tokens as an answer does: no mask may be empty, and each token that a mask allows must be taken.
void draw(const std::shared_ptr<const Grammar>& grammar, std::string_view choices) {
    grammar::GrammarPool pool(tokenizer(), tokenizer()->size());
    const auto matcher = pool.open(grammar);
    if (!matcher) {
        must(matcher.error().code == ErrorCode::too_large);
        return;
    }
    grammar::Cursor cursor(*matcher);
    for (std::size_t i = 0; i < std::min<std::size_t>(choices.size(), 12) && !cursor.ended(); ++i) {
        const auto forced = cursor.forced();
        const std::vector<TokenId> first =
            forced ? std::vector<TokenId>(forced->begin(), forced->end()) : std::vector<TokenId>();
        const auto mask = cursor.mask();
        if (!forced || !mask) {
            must((forced ? mask.error() : forced.error()).code == ErrorCode::too_large);
            return;
        }
        std::vector<TokenId> allowed;
        for (TokenId token = 0; token < tokenizer()->control(); ++token) {
            if (mask->allows(token)) {
                allowed.push_back(token);
            }
        }
        must(!allowed.empty());
        must(first.empty() || mask->allows(first.front()));
        const TokenId token = allowed[static_cast<std::uint8_t>(choices[i]) % allowed.size()];
        const Status taken = cursor.take(token);
        if (!taken) {
            must(taken.error().code == ErrorCode::too_large);
            return;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Result<std::string> gbnf = std::string(text);
    if (text.starts_with('{')) {
        gbnf = prompt::grammar_of_schema(text);
        must(gbnf.has_value() || !gbnf.error().message.empty());
    }
    if (!gbnf) {
        return 0;
    }
    const auto grammar = Grammar::compile(*gbnf);
    if (grammar) {
        const std::string_view choices = text.substr(text.size() - std::min<std::size_t>(text.size(), 32));
        walk(**grammar, choices);
        draw(*grammar, choices);
    } else {
        must(!grammar.error().message.empty());
        must(grammar.error().code != ErrorCode::internal);
    }
    return 0;
}
