// SPDX-License-Identifier: Apache-2.0
// Rotary angles; see rope.h.
#include "engine/backend/cpu/rope.h"

#include <cmath>

namespace tendril::engine {
namespace {

std::vector<double> table(std::span<const double> steps, std::size_t entries, std::size_t stride,
                          double magnitude) {
    std::vector<double> out(entries * steps.size() * 2);
    for (std::size_t e = 0; e < entries; ++e) {
        double* at = out.data() + e * steps.size() * 2;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const double angle = static_cast<double>(e * stride) * steps[i];
            at[i] = std::cos(angle) * magnitude;
            at[i + steps.size()] = std::sin(angle) * magnitude;
        }
    }
    return out;
}

}  // namespace

CpuRope::CpuRope(const RopeFrequencies& frequencies, RopeSettings::Pairing pairing, std::size_t max_positions)
    : pairs_(frequencies.step.size()),
      pairing_(pairing),
      coarse_(table(frequencies.step, max_positions / kFine + 1, kFine, frequencies.magnitude)),
      fine_(table(frequencies.step, kFine, 1, 1.0)) {}

void CpuRope::angles(std::size_t position, float* cosine, float* sine) const {
    const double* c = coarse_.data() + position / kFine * pairs_ * 2;
    const double* f = fine_.data() + position % kFine * pairs_ * 2;
    for (std::size_t i = 0; i < pairs_; ++i) {
        cosine[i] = static_cast<float>(c[i] * f[i] - c[i + pairs_] * f[i + pairs_]);
        sine[i] = static_cast<float>(c[i + pairs_] * f[i] + c[i] * f[i + pairs_]);
    }
}

}  // namespace tendril::engine
