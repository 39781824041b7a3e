// SPDX-License-Identifier: Apache-2.0
// Expected tokens against measured step times.
#include "engine/schedule/draft_controller.h"

#include <algorithm>
#include <cmath>

namespace tendril::engine {
namespace {

constexpr double kRowGuess = 0.15;  // cost of a further row, in steps, before it was ever measured
constexpr double kMargin = 1.03;    // a gain below this is noise
constexpr std::size_t kTryAgain =
    48;  // refused steps after which one guess is tried, to notice a change of the text
constexpr double kWeight = 0.08;  // of one guessed token in the average

}  // namespace

std::size_t DraftController::choose(const StepCost& cost, std::size_t other_rows, std::size_t available) {
    available = std::min(available, kMost);
    if (available == 0) {
        return 0;
    }
    const std::size_t base_rows = other_rows + 1;
    const double base = cost.milliseconds(base_rows);
    std::size_t best = 0;
    double best_speed = kMargin;
    double expected = 1;
    double power = 1;
    for (std::size_t guesses = 1; guesses <= available; ++guesses) {
        power *= acceptance_;
        expected += power;
        const bool known = base > 0 && cost.knows(base_rows + guesses);
        const double relative = known ? cost.milliseconds(base_rows + guesses) / base
                                      : 1 + kRowGuess * static_cast<double>(guesses);
        if (expected / relative > best_speed) {
            best_speed = expected / relative;
            best = guesses;
        }
    }
    if (best > 0) {
        refused_ = 0;
        return best;
    }
    if (++refused_ < kTryAgain) {
        return 0;
    }
    refused_ = 0;
    return std::min<std::size_t>(available, 2);
}

void DraftController::record(std::size_t drafted, std::size_t accepted) {
    // Guesses behind the first wrong one were not looked at.
    for (std::size_t i = 0; i < std::min(drafted, accepted + 1); ++i) {
        acceptance_ += kWeight * ((i < accepted ? 1.0 : 0.0) - acceptance_);
    }
    acceptance_ = std::clamp(acceptance_, 0.0, 0.99);
}

}  // namespace tendril::engine
