// SPDX-License-Identifier: Apache-2.0
// The compiler of grammars, step after step. Pure; any thread.
#include "engine/sample/grammar/grammar.h"

#include <utility>

#include "engine/sample/grammar/network.h"

namespace tendril::engine {
namespace {

/// Which rules stand in the way of an end.
std::string endless_rules(const grammar::Syntax& syntax, const grammar::NetworkDraft& draft) {
    const std::vector<bool> ends = grammar::nodes_that_end(draft, true);
    std::string names;
    std::size_t count = 0;
    for (std::uint32_t rule = 0; rule < syntax.rules.size(); ++rule) {
        if (rule == syntax.root || ends[draft.entries[rule].node]) {
            continue;
        }
        if (++count <= 3) {
            names += (names.empty() ? "\"" : ", \"") + syntax.rules[rule].name + "\"";
        }
    }
    return names.empty() ? " each way through it needs the rule itself again."
                         : " neither can " + names + ".";
}

}  // namespace

Grammar::Grammar(std::unique_ptr<const grammar::Network> network) : network_(std::move(network)) {}

Grammar::~Grammar() = default;

Result<std::shared_ptr<const Grammar>> Grammar::compile(std::string_view gbnf) {
    const Result<grammar::Syntax> syntax = grammar::read_gbnf(gbnf);
    if (!syntax) {
        return fail(syntax.error());
    }
    Result<grammar::NetworkDraft> draft = grammar::draft_network(*syntax);
    if (!draft) {
        return fail(std::move(draft.error()));
    }
    if (Status status = grammar::check_left_recursion(*syntax, *draft); !status) {
        return fail(std::move(status.error()));
    }
    const grammar::Rule& root = syntax->rules[syntax->root];
    if (!grammar::nodes_that_end(*draft, true)[draft->root]) {
        return fail(ErrorCode::malformed,
                    "The grammar cannot be used: line " + std::to_string(root.place.line) + ", column " +
                        std::to_string(root.place.column) +
                        ": the rule \"root\" can never end:" + endless_rules(*syntax, *draft));
    }
    auto network = grammar::pruned_network(std::move(*draft), grammar::ByteSet().set());
    return std::shared_ptr<const Grammar>(
        new Grammar(std::make_unique<const grammar::Network>(std::move(*network))));
}

}  // namespace tendril::engine
