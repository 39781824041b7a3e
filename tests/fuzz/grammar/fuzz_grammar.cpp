// SPDX-License-Identifier: Apache-2.0
// Any bytes as a grammar, or as a JSON schema that becomes one: an error in words, or a grammar that can be
// walked from every place to an end, without a crash or an endless loop. libFuzzer's thread.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/sample/grammar/automaton.h"
#include "engine/sample/grammar/grammar.h"
#include "prompt/json_schema.h"

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
        walk(**grammar, text.substr(text.size() - std::min<std::size_t>(text.size(), 32)));
    } else {
        must(!grammar.error().message.empty());
        must(grammar.error().code != ErrorCode::internal);
    }
    return 0;
}
