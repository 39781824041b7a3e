// SPDX-License-Identifier: Apache-2.0
// Costs by simulation, and the order of points. Pure; any thread.
#include "prompt/skeleton/order.h"

#include <algorithm>
#include <limits>

namespace tendril::prompt::skeleton {
namespace {

using State = PointProgress::State;

constexpr double kFirstRows = 1;

bool is_ready(std::span<const PointProgress> points, const PointProgress& point) {
    return std::all_of(point.needs.begin(), point.needs.end(), [&](std::uint32_t need) {
        return need >= points.size() || points[need].state == State::done;
    });
}

double left_of(const PointProgress& point) {
    return std::max(0.0, point.predicted_tokens - point.tokens);
}

/// Tokens from the start of each point to the end of the last one that waits for it.
std::vector<double> ways_to_end(std::span<const PointProgress> points) {
    std::vector<double> way(points.size());
    // A point needs earlier ones only (levels() sees to that), so the last ones are settled first.
    for (std::size_t i = points.size(); i-- > 0;) {
        way[i] += left_of(points[i]);
        for (const std::uint32_t need : points[i].needs) {
            if (need < i) {
                way[need] = std::max(way[need], way[i]);
            }
        }
    }
    return way;
}

/// Tokens that can be read from the answer's beginning on without a gap.
double readable(std::span<const PointProgress> points) {
    double tokens = 0;
    for (const PointProgress& point : points) {
        tokens += point.tokens;
        if (point.state != State::done) {
            break;
        }
    }
    return tokens;
}

}  // namespace

Curve::Curve(std::vector<StepCost> measured) : points_(std::move(measured)) {
    std::erase_if(points_, [](const StepCost& point) { return point.rows == 0 || !(point.ms > 0); });
    std::sort(points_.begin(), points_.end(),
              [](const StepCost& a, const StepCost& b) { return a.rows < b.rows; });
}

double Curve::step_ms(double rows) const {
    if (points_.empty()) {
        return rows;
    }
    if (points_.size() == 1 || rows <= points_.front().rows) {
        return points_.front().ms *
               std::max(kFirstRows, points_.size() == 1 ? rows / points_.front().rows : 1.0);
    }
    std::size_t right = 1;
    while (right + 1 < points_.size() && points_[right].rows < rows) {
        ++right;
    }
    const StepCost& a = points_[right - 1];
    const StepCost& b = points_[right];
    return a.ms + (b.ms - a.ms) * (rows - a.rows) / static_cast<double>(b.rows - a.rows);
}

Work typical_work(const Phrases& phrases) {
    const Limits& limits = phrases.limits;
    Work work;
    work.instruction_tokens = limits.typical_instruction_tokens;
    work.outline_tokens = limits.typical_points * limits.typical_title_tokens;
    work.suffix_tokens = limits.typical_suffix_tokens;
    work.point_tokens.assign(limits.typical_points, limits.typical_point_tokens);
    return work;
}

double predicted_tokens(const Limits& limits, std::span<const PointProgress> points) {
    double sum = 0;
    double done = 0;
    for (const PointProgress& point : points) {
        if (point.state == State::done) {
            sum += point.tokens;
            ++done;
        }
    }
    return done == 0 ? limits.typical_point_tokens : sum / done;
}

std::optional<std::uint32_t> next_point(const Limits& limits, std::span<const PointProgress> points,
                                        double reading_ms) {
    const auto front = std::find_if(points.begin(), points.end(),
                                    [](const PointProgress& point) { return point.state != State::done; });
    const double lead = readable(points) / limits.reading_tokens_per_second - reading_ms / 1000;
    if (lead < limits.lead_seconds) {
        // The first ones that wait are those that the reader comes to next.
        for (auto point = front; point != points.end(); ++point) {
            if (point->state == State::waiting && is_ready(points, *point)) {
                return static_cast<std::uint32_t>(point - points.begin());
            }
        }
        return std::nullopt;
    }
    const std::vector<double> ways = ways_to_end(points);
    std::optional<std::uint32_t> best;
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        if (points[i].state == State::waiting && is_ready(points, points[i]) &&
            (!best || ways[i] > ways[*best])) {
            best = i;
        }
    }
    return best;
}

double points_ms(const Phrases& phrases, const Curve& curve, const Work& work, std::uint32_t lanes) {
    std::vector<PointProgress> points(work.point_tokens.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i].predicted_tokens = work.point_tokens[i];
        points[i].needs = i < work.needs.size() ? work.needs[i] : std::vector<std::uint32_t>{};
    }
    double ms = 0;
    for (;;) {
        auto growing = static_cast<std::uint32_t>(std::count_if(
            points.begin(), points.end(), [](const PointProgress& p) { return p.state == State::growing; }));
        for (; growing < std::max(1U, lanes); ++growing) {
            const auto next = next_point(phrases.limits, points, ms);
            if (!next) {
                break;
            }
            points[*next].state = State::growing;
        }
        if (growing == 0) {
            return ms;
        }
        // All that grow take the same steps until the first of them ends.
        double steps = std::numeric_limits<double>::max();
        for (const PointProgress& point : points) {
            steps = point.state == State::growing ? std::min(steps, left_of(point)) : steps;
        }
        ms += steps * curve.step_ms(growing);
        for (PointProgress& point : points) {
            if (point.state == State::growing) {
                point.tokens += static_cast<std::uint32_t>(steps);
                point.state = left_of(point) <= 0 ? State::done : State::growing;
            }
        }
    }
}

Gain predict_gain(const Phrases& phrases, const Curve& curve, const Work& work) {
    Gain gain;
    std::uint32_t tokens = 0;
    for (const std::uint32_t length : work.point_tokens) {
        tokens += length;
    }
    constexpr double kWidest = 32;
    const double read_ms =
        work.read_ms_per_token > 0 ? work.read_ms_per_token : curve.step_ms(kWidest) / kWidest;
    const auto count = static_cast<std::uint32_t>(work.point_tokens.size());
    gain.normal_ms = (work.normal_tokens > 0 ? work.normal_tokens : tokens) * curve.step_ms(1);
    double best = std::numeric_limits<double>::max();
    for (std::uint32_t lanes = 1; lanes <= std::min(count, phrases.limits.most_lanes); ++lanes) {
        if (const double ms = points_ms(phrases, curve, work, lanes); ms < best) {
            best = ms;
            gain.lanes = lanes;
        }
    }
    gain.skeleton_ms = work.instruction_tokens * read_ms + work.outline_tokens * curve.step_ms(1) +
                       count * work.suffix_tokens * read_ms + (count == 0 ? 0 : best);
    gain.ratio = gain.skeleton_ms > 0 ? gain.normal_ms / gain.skeleton_ms : 0;
    return gain;
}

std::optional<Reason> no_gain(const Phrases& phrases, const Gain& gain) {
    return gain.ratio >= phrases.limits.least_gain ? std::nullopt
                                                   : std::optional<Reason>(phrases.reason("no-gain"));
}

}  // namespace tendril::prompt::skeleton
