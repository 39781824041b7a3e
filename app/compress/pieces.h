// SPDX-License-Identifier: Apache-2.0
// A tokenizer's tokens as stretches of the text that they stand for. Any thread; no state.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer.h"
#include "prompt/compress/frequency_scorer.h"

namespace tendril::app {

/// Bytes of `text` that each token stands for, ascending and together all of it. Where a tokenizer changes
/// the text (a blank in front, another normal form) the borders are as near as can be told.
std::vector<prompt::RankedPiece> pieces_of(const engine::Tokenizer& tokenizer,
                                           const std::vector<engine::TokenId>& tokens, std::string_view text);

/// For FrequencyScorer.
prompt::Ranker ranker_of(std::shared_ptr<const engine::Tokenizer> tokenizer);
/// Tokens of a text, without those that begin or end a prompt.
prompt::TokenCounter counter_of(std::shared_ptr<const engine::Tokenizer> tokenizer);

}  // namespace tendril::app
