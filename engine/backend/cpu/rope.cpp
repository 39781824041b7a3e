// SPDX-License-Identifier: Apache-2.0
// Rotary angles; see rope.h.
#include "engine/backend/cpu/rope.h"

#include <cmath>
#include <cstdlib>

namespace tendril::engine {
namespace {

std::vector<double> table(std::span<const double> steps, std::size_t entries, std::size_t stride) {
    std::vector<double> out(entries * steps.size() * 2);
    for (std::size_t e = 0; e < entries; ++e) {
        double* at = out.data() + e * steps.size() * 2;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const double angle = static_cast<double>(e * stride) * steps[i];
            at[i] = std::cos(angle);
            at[i + steps.size()] = std::sin(angle);
        }
    }
    return out;
}

}  // namespace

CpuRope::CpuRope(const RopeFrequencies& frequencies, RopeSettings::Pairing pairing, std::size_t max_positions)
    : pairs_(frequencies.step.size()),
      max_positions_(max_positions),
      magnitude_(frequencies.magnitude),
      steps_(frequencies.step),
      pairing_(pairing),
      coarse_(table(frequencies.step, max_positions / kFine + 1, kFine)),
      fine_(table(frequencies.step, kFine, 1)) {}

void CpuRope::at(std::size_t position, double by, float* cosine, float* sine) const {
    const double* c = coarse_.data() + position / kFine * pairs_ * 2;
    const double* f = fine_.data() + position % kFine * pairs_ * 2;
    for (std::size_t i = 0; i < pairs_; ++i) {
        cosine[i] = static_cast<float>((c[i] * f[i] - c[i + pairs_] * f[i + pairs_]) * by);
        sine[i] = static_cast<float>((c[i + pairs_] * f[i] + c[i] * f[i + pairs_]) * by);
    }
}

void CpuRope::angles(std::size_t position, float* cosine, float* sine) const {
    at(position, magnitude_, cosine, sine);
}

void CpuRope::turn_back(std::int32_t delta, float* cosine, float* sine) const {
    const auto far = static_cast<std::size_t>(std::abs(std::int64_t{delta}));
    if (far <= max_positions_) {
        at(far, 1.0, cosine, sine);
    } else {
        for (std::size_t i = 0; i < pairs_; ++i) {
            cosine[i] = static_cast<float>(std::cos(static_cast<double>(far) * steps_[i]));
            sine[i] = static_cast<float>(std::sin(static_cast<double>(far) * steps_[i]));
        }
    }
    if (delta > 0) {
        for (std::size_t i = 0; i < pairs_; ++i) {
            sine[i] = -sine[i];
        }
    }
}

}  // namespace tendril::engine
