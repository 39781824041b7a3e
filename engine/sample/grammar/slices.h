// SPDX-License-Identifier: Apache-2.0
// Large parts of a vocabulary that many grammars allow as a whole: tokens of plain text, of words, of
// letters. Where a grammar allows every text of such characters up to a length, their tokens need not be
// tried one by one. Built once for a model; immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/sample/grammar/code_points.h"
#include "engine/sample/grammar/token_trie.h"

namespace tendril::engine::grammar {

class Slices {
  public:
    /// Plain text without quotation marks and backslashes; words; ASCII letters.
    static constexpr std::size_t kKinds = 3;
    /// Where a token's characters are counted from: its beginning, or behind a space that it begins with.
    enum class Anchor : std::uint8_t { beginning, behind_space };
    static constexpr std::size_t kLongest = 16;        ///< characters; longer tokens are in no slice
    static constexpr std::uint8_t kNotCovered = 0xFF;  ///< above each length

    explicit Slices(const TokenTrie& trie);

    /// The UTF-8 of the characters of a kind.
    std::span<const ByteRun> characters(std::size_t kind) const { return runs_[kind]; }
    /// By node: the most characters, from the anchor on, of a token there or below, when all of those are of
    /// the kind; else kNotCovered.
    const std::uint8_t* cover(std::size_t kind) const { return covers_[kind].data(); }
    /// The node of a single space, or 0. What lies below it is anchored behind it, all else at the beginning.
    std::uint32_t space() const { return space_; }
    /// A bit for each token of the kind at the anchor with at most `length` characters; `length` from 1.
    std::span<const std::uint64_t> mask(std::size_t kind, Anchor anchor, std::size_t length) const {
        return std::span(masks_).subspan(mask_index(kind, anchor, length) * words_, words_);
    }
    /// How many they are.
    std::size_t count(std::size_t kind, Anchor anchor, std::size_t length) const {
        return counts_[mask_index(kind, anchor, length)];
    }

  private:
    static std::size_t mask_index(std::size_t kind, Anchor anchor, std::size_t length) {
        return (kind * 2 + static_cast<std::size_t>(anchor)) * kLongest + length - 1;
    }
    void sort_in(const TokenTrie& trie, std::uint32_t node, std::string_view text);
    void close_masks();
    static std::array<std::uint8_t, kKinds> lengths_of(std::string_view text);

    std::array<std::vector<ByteRun>, kKinds> runs_;
    std::array<std::vector<std::uint8_t>, kKinds> covers_;
    std::vector<std::uint64_t> masks_;
    std::vector<std::size_t> counts_;
    std::size_t words_;
    std::uint32_t space_;
};

}  // namespace tendril::engine::grammar
