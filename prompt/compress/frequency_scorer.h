// SPDX-License-Identifier: Apache-2.0
// A scorer that runs no model: how rare a piece is, from its place in a tokenizer's vocabulary (merges are
// learnt in the order of how often they occur, so Zipf's law gives a probability) and from the text itself.
// Pure over a tokenizer; any thread.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::prompt {

struct RankedPiece {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint32_t rank = 0;  ///< place in the vocabulary
};
using Ranker = std::function<std::vector<RankedPiece>(std::string_view)>;  ///< a tokenizer's encoding

class FrequencyScorer final : public Scorer {
  public:
    explicit FrequencyScorer(Ranker ranker) : ranker_(std::move(ranker)) {}
    /// Contexts are not looked at.
    Result<std::vector<std::vector<ScoredPiece>>> score(std::span<const ScoreJob> jobs) override;

  private:
    Ranker ranker_;
};

}  // namespace tendril::prompt
