// SPDX-License-Identifier: Apache-2.0
// Self-information from ranks. Pure; any thread.
#include "prompt/compress/frequency_scorer.h"

#include <cmath>

#include "prompt/compress/characters.h"

namespace tendril::prompt {
namespace {

/// Zipf–Mandelbrot: p(rank) = 1 / ((rank + 2.7) · H). The first ids of byte-level vocabularies are single
/// bytes: a letter of a word that has no token is rarer than its id says.
float nats_of(const RankedPiece& piece, std::string_view text) {
    constexpr double kHarmonic = 12;
    constexpr double kRare = 60000;
    const std::string_view bytes = text.substr(piece.begin, piece.end - piece.begin);
    const bool part = !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0xC0U) == 0x80U;
    return static_cast<float>(std::log(((part ? kRare : piece.rank) + 2.7) * kHarmonic));
}

}  // namespace

Result<std::vector<std::vector<ScoredPiece>>> FrequencyScorer::score(std::span<const ScoreJob> jobs) {
    std::vector<std::vector<ScoredPiece>> all;
    for (const ScoreJob& job : jobs) {
        auto& scored = all.emplace_back();
        for (const RankedPiece& piece : ranker_(job.text)) {
            scored.push_back({piece.begin, piece.end, nats_of(piece, job.text)});
        }
    }
    return all;
}

}  // namespace tendril::prompt
