// SPDX-License-Identifier: Apache-2.0
// The scanners that the pre-tokenizers are put together from; each names the pattern it stands for. Pure
// functions, any thread.
#pragma once

#include <cstddef>

#include "engine/text/pretokenizer.h"

namespace tendril::engine::scan {

/// GPT-2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2(const PieceText& text, std::size_t position);
/// Llama 3: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
/// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t llama3(const PieceText& text, std::size_t position);
/// Qwen 2: as Llama 3, single digits
std::size_t qwen2(const PieceText& text, std::size_t position);
/// Qwen 3.5: as Qwen 2, marks belong to words
std::size_t qwen35(const PieceText& text, std::size_t position);
/// Tekken: words split where upper case begins, single digits, slashes behind punctuation
std::size_t tekken(const PieceText& text, std::size_t position);
/// GPT-4o: as Tekken, with contractions behind words and \p{N}{1,3}
std::size_t gpt4o(const PieceText& text, std::size_t position);
/// DeepSeek V3's last pattern: [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
/// ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t deepseek3(const PieceText& text, std::size_t position);

std::size_t digit(const PieceText& text, std::size_t position);               ///< \p{N}
std::size_t digits_to_3(const PieceText& text, std::size_t position);         ///< \p{N}{1,3}
std::size_t digits(const PieceText& text, std::size_t position);              ///< \p{N}+
std::size_t three_ascii_digits(const PieceText& text, std::size_t position);  ///< [0-9][0-9][0-9]
/// Runs of digits in GPT-2's byte alphabet, where some bytes of other characters are written as superscripts
/// and fractions.
std::size_t byte_level_digits(const PieceText& text, std::size_t position);
std::size_t newline(const PieceText& text, std::size_t position);              ///< [\r\n]
std::size_t final_spaces(const PieceText& text, std::size_t position);         ///< \s+$
std::size_t spaced_letters(const PieceText& text, std::size_t position);       ///< \s?\p{L}+
std::size_t spaced_punctuation(const PieceText& text, std::size_t position);   ///< \s?\p{P}+
std::size_t falcon_punctuation(const PieceText& text, std::size_t position);   ///< [\p{P}$+<=>^~|`]+
std::size_t default_punctuation(const PieceText& text, std::size_t position);  ///< [\p{P}$+<=>^~|]+
std::size_t deepseek_cased(const PieceText& text, std::size_t position);       ///< \s?[cased letters]+
std::size_t deepseek_punctuation(const PieceText& text,
                                 std::size_t position);  ///< \s?[!-/:-~！-／：-～‘-‟　-。]+
std::size_t deepseek_asian(const PieceText& text, std::size_t position);   ///< [一-龥ࠀ-一가-퟿]+
std::size_t deepseek3_asian(const PieceText& text, std::size_t position);  ///< [一-龥぀-ゟ゠-ヿ]+

}  // namespace tendril::engine::scan
