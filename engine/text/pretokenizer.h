// SPDX-License-Identifier: Apache-2.0
// Cuts text into the pieces that byte pair encoding may not merge across, by hand-written scanners in place
// of the models' regular expressions: linear time, no recursion. Immutable; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/text/unicode.h"

namespace tendril::engine {

/// One piece under a scanner. Positions are byte offsets; bytes that are not UTF-8 read as U+FFFD.
class PieceText {
  public:
    PieceText(std::string_view text, const CharTable& table) : text_(text), table_(&table) {}

    struct Char {
        char32_t code = 0;
        std::size_t end = 0;     ///< where the next character begins
        std::uint16_t bits = 0;  ///< CharBits; 0 behind the end
    };
    std::size_t size() const { return text_.size(); }
    std::string_view view() const { return text_; }
    unsigned char byte(std::size_t at) const {
        return at < text_.size() ? static_cast<unsigned char>(text_[at]) : 0;
    }
    Char at(std::size_t position) const {
        if (position >= text_.size()) {
            return {0, position, 0};
        }
        const auto first = static_cast<unsigned char>(text_[position]);
        if (first < 0x80) {
            return {first, position + 1, table_->bits(first)};
        }
        const Utf8Char c = decode_utf8(text_.substr(position));
        return {c.code, position + c.length, table_->bits(c.code)};
    }
    /// The end of the longest run from `position` of characters that have one of `mask`.
    std::size_t run_of(std::size_t position, unsigned mask) const {
        for (Char c = at(position); (c.bits & mask) != 0; c = at(position)) {
            position = c.end;
        }
        return position;
    }
    /// ... of characters that have none of `mask`.
    std::size_t run_without(std::size_t position, unsigned mask) const {
        while (position < text_.size()) {
            const Char c = at(position);
            if ((c.bits & mask) != 0) {
                break;
            }
            position = c.end;
        }
        return position;
    }

  private:
    std::string_view text_;
    const CharTable* table_;
};

/// Gives the end of the match at `position`, or `position` for none.
using MatchFunction = std::size_t (*)(const PieceText& text, std::size_t position);

/// What a `tokenizer.ggml.pre` name stands for.
struct PreTokenizerRules {
    std::span<const MatchFunction>
        stages;  ///< each cuts the pieces of the one before: matches and what lies between them
    bool ignore_merges = false;  ///< a piece that is a token as a whole is not merged
    bool normalises = false;     ///< the model's own tokenizer composes text (NFC) first
    bool adds_bos = false;       ///< unless tokenizer.ggml.add_bos_token says otherwise
};

/// Nothing for an unknown name. "default" is always known.
const PreTokenizerRules* find_pretokenizer(std::string_view name);

/// Replaces `ends` by the ends of the pieces of `text`, in order; the last is text.size(). `scratch` is a
/// buffer to reuse.
void pretokenize(const PreTokenizerRules& rules, const CharTable& table, std::string_view text,
                 std::vector<std::size_t>& ends, std::vector<std::size_t>& scratch);

}  // namespace tendril::engine
