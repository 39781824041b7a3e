// SPDX-License-Identifier: Apache-2.0
// The slow recogniser. One thread.
#include "tests/unit/sample/grammar/reference_matcher.h"

#include <iterator>

namespace tendril::test {
namespace {

std::string escaped(char32_t c) {
    static const char* const kDigits = "0123456789abcdef";
    std::string text = "\\U";
    for (int shift = 28; shift >= 0; shift -= 4) {
        text += kDigits[(c >> shift) & 15U];
    }
    return text;
}

std::string written(const ReferenceGrammar::Node& node) {
    using Node = ReferenceGrammar::Node;
    std::string text;
    switch (node.kind) {
        case Node::literal:
            text = "\"";
            for (const char32_t c : node.text) {
                text += escaped(c);
            }
            return text + "\"";
        case Node::characters:
            text = node.negated ? "[^" : "[";
            for (const char32_t c : node.text) {
                text += escaped(c);
            }
            return text + "]";
        case Node::rule:
            return node.index == 0 ? "root" : "r" + std::to_string(node.index);
        case Node::sequence:
        case Node::choice:
            for (const Node& child : node.children) {
                text += (text.empty() ? "" : node.kind == Node::choice ? " | " : " ") + written(child);
            }
            return "(" + text + ")";
        case Node::repeat:
            text = written(node.children[0]) + "{" + std::to_string(node.least);
            return text + (node.most == node.least                ? "}"
                           : node.most == ReferenceGrammar::kMany ? ",}"
                                                                  : "," + std::to_string(node.most) + "}");
    }
    return text;
}

}  // namespace

std::string utf8_of(std::u32string_view text) {
    std::string out;
    for (const char32_t c : text) {
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else if (c < 0x800) {
            out += static_cast<char>(0xC0 + c / 64);
            out += static_cast<char>(0x80 + c % 64);
        } else if (c < 0x10000) {
            out += static_cast<char>(0xE0 + c / 4096);
            out += static_cast<char>(0x80 + c / 64 % 64);
            out += static_cast<char>(0x80 + c % 64);
        } else {
            out += static_cast<char>(0xF0 + c / 262144);
            out += static_cast<char>(0x80 + c / 4096 % 64);
            out += static_cast<char>(0x80 + c / 64 % 64);
            out += static_cast<char>(0x80 + c % 64);
        }
    }
    return out;
}

std::string ReferenceGrammar::gbnf() const {
    std::string text;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        text += (i == 0 ? "root" : "r" + std::to_string(i)) + " ::= " + written(rules[i]) + "\n";
    }
    return text;
}

ReferenceGrammar::Places ReferenceGrammar::ends(const Node& node, std::u32string_view text, std::size_t at,
                                                Memo& memo) const {
    Places places;
    switch (node.kind) {
        case Node::literal:
            if (text.substr(at).starts_with(node.text)) {
                places.insert(at + node.text.size());
            }
            break;
        case Node::characters:
            if (at < text.size() && (node.text.find(text[at]) != std::u32string::npos) != node.negated) {
                places.insert(at + 1);
            }
            break;
        case Node::rule: {
            const auto known = memo.find({node.index, at});
            if (known != memo.end()) {
                return known->second;
            }
            places = ends(rules[node.index], text, at, memo);
            memo[{node.index, at}] = places;
            break;
        }
        case Node::sequence:
            places.insert(at);
            for (const Node& child : node.children) {
                Places next;
                for (const std::size_t place : places) {
                    next.merge(ends(child, text, place, memo));
                }
                places = next;
            }
            break;
        case Node::choice:
            for (const Node& child : node.children) {
                places.merge(ends(child, text, at, memo));
            }
            break;
        case Node::repeat:
            return ends_of_repeat(node, text, at, memo);
    }
    return places;
}

ReferenceGrammar::Places ReferenceGrammar::ends_of_repeat(const Node& node, std::u32string_view text,
                                                          std::size_t at, Memo& memo) const {
    Places now = {at};
    Places all;
    for (std::size_t count = 0; count <= node.most; ++count) {
        if (count >= node.least) {
            const std::size_t before = all.size();
            all.insert(now.begin(), now.end());
            // Past the least count nothing new comes when a round adds nothing.
            if (now.empty() || (count > node.least && all.size() == before)) {
                break;
            }
        }
        if (count == node.most) {
            break;
        }
        Places next;
        for (const std::size_t place : now) {
            next.merge(ends(node.children[0], text, place, memo));
        }
        now = next;
    }
    return all;
}

bool ReferenceGrammar::matches(std::u32string_view text) const {
    Memo memo;
    return ends(rules[0], text, 0, memo).contains(text.size());
}

bool ReferenceGrammar::can_become(const std::u32string& text, std::u32string_view alphabet,
                                  std::size_t more) const {
    if (matches(text)) {
        return true;
    }
    for (std::size_t i = 0; more > 0 && i < alphabet.size(); ++i) {
        if (can_become(text + alphabet[i], alphabet, more - 1)) {
            return true;
        }
    }
    return false;
}

}  // namespace tendril::test
