// SPDX-License-Identifier: Apache-2.0
// The methods behind compress(): each weighs the units of a text, high = stays. Pure over a scorer; any
// thread.
#pragma once

#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"
#include "prompt/compress/units.h"

namespace tendril::prompt::compression {

/// What a method works with; borrowed.
struct Work {
    std::string_view text;
    const CompressSettings& settings;
    std::span<const KeptRange> guarded;  ///< protected spans
    std::size_t tokens = 0;              ///< of the text, in the target's tokens
    Scorer& scorer;
    const CancelFlag& cancel;
    const CompressProgress& progress;

    bool stopped() const { return cancel.load(); }
    void tell(double share) const {
        if (progress) {
            progress(share);
        }
    }
};

struct Weighed {
    std::vector<Unit> units;
    std::vector<float> scores;
};

Result<Weighed> weigh_by_frequency(const Work& work);
Result<Weighed> weigh_by_question(const Work& work);
Result<Weighed> weigh_selective(const Work& work);
Result<Weighed> weigh_llmlingua(const Work& work);

/// Scores spans of the text independently of each other, in batches that can be stopped between; pieces are
/// places in the text. Progress goes from `from` to `to`.
Result<std::vector<ScoredPiece>> score_alone(const Work& work, std::span<const KeptRange> spans, double from,
                                             double to);

/// The same for the passages of the text (scored_passages), each of its parts for itself.
Result<std::vector<ScoredPiece>> score_passages(const Work& work, double from, double to);

inline constexpr std::size_t kPassage = 800;  ///< bytes, about 200 tokens

/// Of the target, for whole passages: the k of LLMLingua's budget rule.
inline constexpr double kContextBudget = 2;

/// Consecutive sentences, as many as fit into `bytes` (at least one; a longer sentence is cut between
/// characters).
std::vector<KeptRange> passages_of(std::string_view text, std::size_t bytes);

/// Adds to the units' scores how many more nats per token their sentence has than the text: coarse before
/// fine, as in LLMLingua's budget rule for demonstrations.
void prefer_sentences(Weighed& weighed, std::span<const float> nats, std::span<const float> pieces);

/// Of each unit the share of the tokens (weights) whose score is lower: 0 to 1. Stable for equal scores.
std::vector<float> ranks_of(std::span<const float> scores, std::span<const float> weights);

}  // namespace tendril::prompt::compression
