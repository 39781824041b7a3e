// SPDX-License-Identifier: Apache-2.0
// When a skeleton pays, how many points grow at once, and which is next: all from the measured cost of a step
// of M rows. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "prompt/skeleton/outline.h"

namespace tendril::prompt::skeleton {

struct StepCost {
    std::uint32_t rows = 0;
    double ms = 0;
};

/// t(M): straight lines between the measured points, the last slope behind them, the first value in front.
class Curve {
  public:
    /// Any order; without points a step costs as much as it has rows (nothing is gained).
    explicit Curve(std::vector<StepCost> measured);
    double step_ms(double rows) const;
    bool measured() const { return !points_.empty(); }

  private:
    std::vector<StepCost> points_;
};

/// What an answer would cost. Token counts; what is not known yet comes from Limits (typical_work).
struct Work {
    double read_ms_per_token = 0;          ///< prefill; 0: from the curve's widest step
    std::uint32_t instruction_tokens = 0;  ///< H1 and what the template puts around it
    std::uint32_t outline_tokens = 0;      ///< drawn ones, without forced
    std::uint32_t suffix_tokens = 0;       ///< H2 of one point, heading included
    std::vector<std::uint32_t> point_tokens;
    std::vector<std::vector<std::uint32_t>> needs;  ///< empty: none
    std::uint32_t normal_tokens = 0;                ///< of a normal answer; 0: all points together
};
Work typical_work(const Phrases& phrases);

struct Gain {
    double normal_ms = 0;
    double skeleton_ms = 0;
    double ratio = 0;  ///< normal / skeleton
    std::uint32_t lanes = 1;
};
/// With the number of lanes that ends first, at most Limits::most_lanes.
Gain predict_gain(const Phrases& phrases, const Curve& curve, const Work& work);
/// Nothing: it pays.
std::optional<Reason> no_gain(const Phrases& phrases, const Gain& gain);

/// Time until all points are written on `lanes` lanes by the order of next_point.
double points_ms(const Phrases& phrases, const Curve& curve, const Work& work, std::uint32_t lanes);

struct PointProgress {
    enum class State : std::uint8_t { waiting, growing, done };
    State state = State::waiting;
    std::uint32_t tokens = 0;     ///< drawn so far
    double predicted_tokens = 0;  ///< in all; see predicted_tokens()
    std::vector<std::uint32_t> needs;
};

/// Which waiting point takes a free lane; nothing when all that wait need one that is not done. The reading
/// front (the first point that is not done) first, until what can be read leads by Limits::lead_seconds; then
/// the one with the longest way to the end, those that wait for it included. `reading_ms`: since the first
/// point's text could be read.
std::optional<std::uint32_t> next_point(const Limits& limits, std::span<const PointProgress> points,
                                        double reading_ms);

/// The length to expect of points not done: mean of the finished ones, Limits::typical_point_tokens before.
double predicted_tokens(const Limits& limits, std::span<const PointProgress> points);

}  // namespace tendril::prompt::skeleton
