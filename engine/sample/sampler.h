// SPDX-License-Identifier: Apache-2.0
// Draws the next token from logits. One owner, no locking; its buffers are reused, so draws do not allocate
// after the first few.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/op_types.h"
#include "engine/result.h"
#include "engine/sample/sampler_settings.h"
#include "engine/sample/token_mask.h"
#include "engine/types.h"

namespace tendril::engine {

/// Settings brought into their ranges; values that are not numbers become the neutral ones.
SamplerSettings clamped(SamplerSettings settings);

/// The same draw for a device, with its random number; nothing where only the host does it: with penalties,
/// more than Draw::kMostTopK candidates, and without a bound on them (no top-k, and top-p or no min-p).
std::optional<Draw> device_draw(const SamplerSettings& settings, std::uint64_t position);

class Sampler {
  public:
    explicit Sampler(SamplerSettings settings) : settings_(clamped(settings)) {}

    const SamplerSettings& settings() const { return settings_; }

    /// The token for `position`. `logits` [vocabulary] is changed by the penalties. `recent`: the tokens
    /// before the position, oldest first; only the last penalty_window count. Minus infinity excludes a
    /// token; NaN and plus infinity are an error. Greedy (temperature 0) takes the lowest id among equals.
    /// Otherwise, in this order: temperature, the top_k best, the fewest best that together reach top_p,
    /// those with at least min_p times the best one's probability, one draw. Tokens that `mask` leaves out
    /// are excluded before all this.
    Result<TokenId> draw(std::span<float> logits, std::span<const TokenId> recent, std::uint64_t position,
                         const TokenMask* mask = nullptr);

  private:
    struct Candidate {
        float logit;
        TokenId token;
    };
    void penalise(std::span<float> logits, std::span<const TokenId> recent);
    Result<TokenId> find_best(std::span<const float> logits);
    void keep_all(std::span<const float> logits, float floor);
    void keep_best(std::span<const float> logits, std::size_t count);
    void collect(std::span<const float> logits, float best);
    void keep_mass(double share);
    void keep_probable(double share);
    TokenId pick(double random) const;

    SamplerSettings settings_;
    std::vector<Candidate> candidates_;
    std::vector<double> weights_;  // exp((logit - best) / temperature) of candidates_
    std::vector<float> maxima_;    // of blocks of logits (logit_scan.h)
    std::vector<float> highest_;   // the same, partly sorted
    std::vector<TokenId> seen_;
};

}  // namespace tendril::engine
