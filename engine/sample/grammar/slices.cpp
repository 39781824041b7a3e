// SPDX-License-Identifier: Apache-2.0
// Sorts the tokens of a vocabulary by the characters that they are made of.
#include "engine/sample/grammar/slices.h"

#include <algorithm>
#include <bit>
#include <string>

#include "engine/sample/token_mask.h"
#include "engine/text/unicode.h"

namespace tendril::engine::grammar {
namespace {

/// Ascending and apart from each other, as utf8_runs() wants them.
const std::vector<CodeRange>& ranges_of(std::size_t kind) {
    static const std::array<std::vector<CodeRange>, Slices::kKinds> kRanges = {{
        {{' ', '!'}, {'#', '['}, {']', '~'}, {0x80, 0xD7FF}, {0xE000, kLastCodePoint}},
        // Without the blocks of punctuation, of which grammars often leave some out.
        {{'\'', '\''},
         {',', '-'},
         {'0', '9'},
         {'A', 'Z'},
         {'a', 'z'},
         {0xC0, 0x1FFF},
         {0x3040, 0xD7FF},
         {0xE000, 0xFEFF},
         {0x10000, kLastCodePoint}},
        {{'A', 'Z'}, {'a', 'z'}},
    }};
    return kRanges[kind];
}

bool contains(const std::vector<CodeRange>& ranges, char32_t code) {
    const auto behind = std::find_if(ranges.begin(), ranges.end(),
                                     [code](const CodeRange& range) { return code <= range.last; });
    return behind != ranges.end() && behind->first <= code;
}

}  // namespace

Slices::Slices(const TokenTrie& trie)
    : masks_(TokenMask::words_for(trie.vocabulary()) * kKinds * 2 * kLongest, 0),
      counts_(kKinds * 2 * kLongest, 0),
      words_(TokenMask::words_for(trie.vocabulary())),
      space_(trie.child(0, ' ')) {
    const auto nodes = trie.nodes();
    std::vector<std::uint32_t> parents(nodes.size(), 0);
    std::vector<std::uint32_t> path(trie.longest() + 1, 0);
    std::string text(trie.longest(), '\0');
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        runs_[kind] = utf8_runs(ranges_of(kind));
        covers_[kind].assign(nodes.size(), 0);
    }
    for (std::uint32_t node = 1; node < nodes.size(); ++node) {
        const std::size_t depth = nodes[node].depth;
        path[depth] = node;
        parents[node] = path[depth - 1];
        text[depth - 1] = static_cast<char>(nodes[node].byte);
        if (nodes[node].has_tokens) {
            sort_in(trie, node, std::string_view(text).substr(0, depth));
        }
    }
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        std::vector<std::uint8_t>& cover = covers_[kind];
        for (std::size_t node = nodes.size(); node-- > 1;) {  // children stand behind their parents
            cover[parents[node]] = std::max(cover[parents[node]], cover[node]);
        }
        cover[0] = kNotCovered;
        if (space_ != 0) {
            cover[space_] = kNotCovered;  // an anchor itself
        }
    }
    close_masks();
}

/// The characters of a text, for each kind: when all are of the kind, and not too many.
std::array<std::uint8_t, Slices::kKinds> Slices::lengths_of(std::string_view text) {
    std::array<bool, kKinds> holds;
    holds.fill(!text.empty());
    std::size_t length = 0;
    while (!text.empty() && holds != std::array<bool, kKinds>{}) {
        const Utf8Char c = decode_utf8(text);
        ++length;
        for (std::size_t kind = 0; kind < kKinds; ++kind) {
            holds[kind] = holds[kind] && c.valid && length <= kLongest && contains(ranges_of(kind), c.code);
        }
        text.remove_prefix(c.length);
    }
    std::array<std::uint8_t, kKinds> lengths;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        lengths[kind] = holds[kind] ? static_cast<std::uint8_t>(length) : kNotCovered;
    }
    return lengths;
}

void Slices::sort_in(const TokenTrie& trie, std::uint32_t node, std::string_view text) {
    const Anchor anchor = text.starts_with(' ') ? Anchor::behind_space : Anchor::beginning;
    text.remove_prefix(anchor == Anchor::behind_space ? 1 : 0);
    const std::array<std::uint8_t, kKinds> lengths = lengths_of(text);
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        const std::uint8_t length = lengths[kind];
        covers_[kind][node] = length;
        if (length == kNotCovered) {
            continue;
        }
        std::uint64_t* const mask = masks_.data() + mask_index(kind, anchor, length) * words_;
        for (const TokenId token : trie.tokens(node)) {
            mask[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1}
                                                          << (static_cast<std::size_t>(token) % 64);
        }
    }
}

/// From "exactly so many characters" to "at most".
void Slices::close_masks() {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        std::uint64_t* const mask = masks_.data() + i * words_;
        for (std::size_t word = 0; word < words_; ++word) {
            mask[word] |= i % kLongest != 0 ? *(mask + word - words_) : 0;
            counts_[i] += static_cast<std::size_t>(std::popcount(mask[word]));
        }
    }
}

}  // namespace tendril::engine::grammar
