// SPDX-License-Identifier: Apache-2.0
// Random small grammars over five characters of one to four bytes; the same for the same seed. One thread.
#pragma once

#include <random>

#include "tests/unit/sample/grammar/reference_matcher.h"

namespace tendril::test {

class RandomGrammar {
  public:
    static constexpr std::u32string_view kAlphabet = U"ab\u00e9\u20ac\U0001F600";

    explicit RandomGrammar(unsigned seed) : random_(seed) {}

    ReferenceGrammar make() {
        ReferenceGrammar grammar;
        count_ = 1 + below(4);
        for (std::size_t i = 0; i < count_; ++i) {
            grammar.rules.push_back(expression(3));
        }
        return grammar;
    }

  private:
    using Node = ReferenceGrammar::Node;

    std::size_t below(std::size_t bound) { return random_() % bound; }
    std::u32string letters(std::size_t most) {
        std::u32string text;
        for (std::size_t i = below(most + 1); i > 0; --i) {
            text += kAlphabet[below(kAlphabet.size())];
        }
        return text;
    }
    Node expression(std::size_t depth) {
        Node node;
        const std::size_t kind = below(depth == 0 ? 3 : 8);
        if (kind == 0) {
            node.text = letters(4);
        } else if (kind == 1) {
            node.kind = Node::characters;
            node.text = letters(3) + U"a";
            node.negated = below(3) == 0;
        } else if (kind == 2) {
            node.kind = Node::rule;
            node.index = below(count_);
        } else if (kind < 6) {
            node.kind = kind == 3 ? Node::choice : Node::sequence;
            for (std::size_t i = 1 + below(3); i > 0; --i) {
                node.children.push_back(expression(depth - 1));
            }
        } else {
            node.kind = Node::repeat;
            node.children.push_back(expression(depth - 1));
            node.least = below(3);
            node.most = below(3) == 0 ? ReferenceGrammar::kMany : node.least + below(3);
        }
        return node;
    }

    std::mt19937 random_;
    std::size_t count_ = 1;
};

}  // namespace tendril::test
