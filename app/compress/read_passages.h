// SPDX-License-Identifier: Apache-2.0
// From a prompt that was read with losses to the scores of the texts that stand in it, exact to the byte.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/text/tokenizer.h"
#include "prompt/compress/compress.h"

namespace tendril::app {

/// Bytes. Shorter texts are not looked for: they may stand anywhere, and are quickly scored.
inline constexpr std::size_t kLeastText = 16;

struct ReadPrompt {
    const engine::Tokenizer& tokenizer;
    std::span<const engine::TokenId> tokens;
    std::span<const float> logprobs;  ///< natural, of tokens [from, from + size)
    std::size_t from = 0;
};

struct ReadPassage {
    std::string text;
    std::vector<prompt::ScoredPiece> pieces;  ///< bytes of the passage
};

/// The passages (prompt::scored_passages) of `texts` that were read whole. A text is looked for as it is,
/// behind the one before it; one that is not there, or shorter than kLeastText, gives none.
/// A token that lies over a passage's border counts for its bytes inside when only blanks are outside: they
/// are no news. Where anything else is, the passage is left out.
std::vector<ReadPassage> passages_read(const ReadPrompt& prompt, std::span<const std::string> texts);

/// Those of the texts that passages_read() would look for and find.
std::vector<std::string> texts_in(const engine::Tokenizer& tokenizer, std::span<const engine::TokenId> tokens,
                                  std::vector<std::string> texts);

}  // namespace tendril::app
