// SPDX-License-Identifier: Apache-2.0
// Moving averages of step times.
#include "engine/schedule/step_cost.h"

#include <algorithm>

namespace tendril::engine {
namespace {

constexpr double kWeight = 0.25;  // of a new sample

void blend(double& average, double sample) {
    average = average == 0 ? sample : average + kWeight * (sample - average);
}

}  // namespace

void StepCost::record(std::size_t rows, double milliseconds) {
    if (rows == 0 || !(milliseconds > 0)) {
        return;
    }
    if (rows < kSmall) {
        blend(small_[rows], milliseconds);
    } else {
        blend(per_row_, milliseconds / static_cast<double>(rows));
    }
}

double StepCost::milliseconds(std::size_t rows) const {
    if (rows >= kSmall && per_row_ > 0) {
        return per_row_ * static_cast<double>(rows);
    }
    std::size_t below = std::min(rows, kSmall - 1);
    while (below > 0 && small_[below] == 0) {
        --below;
    }
    std::size_t above = rows;
    while (above < kSmall && small_[above] == 0) {
        ++above;
    }
    const double low = below > 0 ? small_[below] : 0;
    const double high = above < kSmall ? small_[above] : 0;
    if (low == 0 || high == 0 || above == below) {
        if (low > 0 && below == rows) {
            return low;
        }
        if (low > 0) {  // beyond what is known: no better than proportional to the rows
            return low * static_cast<double>(rows) / static_cast<double>(below);
        }
        return high > 0 ? high : per_row_ * static_cast<double>(rows);
    }
    return low + (high - low) * static_cast<double>(rows - below) / static_cast<double>(above - below);
}

std::size_t StepCost::prefill_rows(std::size_t other_rows, double target, std::size_t least,
                                   std::size_t most) const {
    double per_row = per_row_;
    if (per_row == 0) {  // from the largest small step
        for (std::size_t rows = kSmall - 1; rows >= 8 && per_row == 0; --rows) {
            per_row = small_[rows] / static_cast<double>(rows);
        }
    }
    const double fixed = other_rows > 0 ? milliseconds(other_rows) : 0;
    const double fits = per_row > 0 ? std::max(0.0, target - fixed) / per_row : 0;
    return std::clamp(static_cast<std::size_t>(std::min(fits, 1e6)), std::min(least, most), most);
}

}  // namespace tendril::engine
