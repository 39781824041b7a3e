// SPDX-License-Identifier: Apache-2.0
// Cosines and sines of any position below a limit from two small tables (p = 256 c + f), exact to a rounding
// of float. Immutable.
#pragma once

#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/rope_frequencies.h"

namespace tendril::engine {

class CpuRope final : public RopeTable {
  public:
    static constexpr std::size_t kMaxPairs = 512;

    CpuRope(const RopeFrequencies& frequencies, RopeSettings::Pairing pairing, std::size_t max_positions);

    /// cosine, sine: [pairs()], times the magnitude.
    void angles(std::size_t position, float* cosine, float* sine) const;
    /// Those of a rotation back by `delta` positions (forward when negative), with magnitude 1.
    void turn_back(std::int32_t delta, float* cosine, float* sine) const;
    std::size_t pairs() const { return pairs_; }
    bool halves() const { return pairing_ == RopeSettings::Pairing::halves; }

  private:
    /// cosine + i sine of the angle at `position`, times `by`.
    void at(std::size_t position, double by, float* cosine, float* sine) const;

    static constexpr std::size_t kFine = 256;
    std::size_t pairs_;
    std::size_t max_positions_;
    double magnitude_;
    std::vector<double> steps_;
    RopeSettings::Pairing pairing_;
    // [entry][cosines of all pairs, sines of all pairs]
    std::vector<double> coarse_;
    std::vector<double> fine_;
};

}  // namespace tendril::engine
