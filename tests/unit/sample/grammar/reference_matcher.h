// SPDX-License-Identifier: Apache-2.0
// A slow recogniser for small grammars, from their trees: the set of places at which an expression can end
// when it begins at a place, by the definition of each kind. No automaton, no bytes of UTF-8 classes: it
// shares only the tree with the code that it checks. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::test {

/// A grammar that knows how it is written and what it means.
struct ReferenceGrammar {
    struct Node {
        enum Kind { literal, characters, rule, sequence, choice, repeat } kind = literal;
        std::u32string text;    ///< literal; characters: the set
        bool negated = false;   ///< characters
        std::size_t index = 0;  ///< rule
        std::vector<Node> children;
        std::size_t least = 0;
        std::size_t most = 0;  ///< repeat; kMany: no bound
    };
    static constexpr std::size_t kMany = 1000000;

    std::vector<Node> rules;  ///< the first is root

    std::string gbnf() const;
    bool matches(std::u32string_view text) const;
    /// The text is the beginning of a text that matches, for texts made by adding at most `more` characters
    /// of `alphabet`; brute force.
    bool can_become(const std::u32string& text, std::u32string_view alphabet, std::size_t more) const;

  private:
    using Places = std::set<std::size_t>;
    using Memo = std::map<std::pair<std::size_t, std::size_t>, Places>;  // of rules
    Places ends(const Node& node, std::u32string_view text, std::size_t at, Memo& memo) const;
    Places ends_of_repeat(const Node& node, std::u32string_view text, std::size_t at, Memo& memo) const;
};

std::string utf8_of(std::u32string_view text);

}  // namespace tendril::test
