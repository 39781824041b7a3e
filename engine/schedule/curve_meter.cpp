// SPDX-License-Identifier: Apache-2.0
// Steps of M rows over pages whose content does not matter.
#include "engine/schedule/curve_meter.h"

#include <algorithm>
#include <chrono>

namespace tendril::engine {
namespace {

using MeterClock = std::chrono::steady_clock;

constexpr std::size_t kDepth = 128;  // tokens in front of the rows, a whole number of pages

}  // namespace

CurveMeter::CurveMeter(ForwardPass& forward, KvCache& cache, std::size_t samples)
    : forward_(forward), cache_(cache), samples_(samples) {}

/// The prefix is not read: what its pages hold changes no time, and the results are thrown away.
bool CurveMeter::lay_out(std::vector<View>& branches, std::size_t rows) {
    const std::size_t depth =
        std::min(kDepth, forward_.limits().max_positions / 2 / kPageTokens * kPageTokens);
    const PagePool& pool = cache_.pool();
    const std::size_t free =
        pool.windowed() ? std::min(pool.free_count(PageGroup::full), pool.free_count(PageGroup::window))
                        : pool.free_count();
    if (free <= pages_for(depth)) {
        return false;
    }
    const std::size_t count = std::min(rows, free - pages_for(depth));
    View prefix = cache_.make_view();
    if (!cache_.make_room(prefix, depth)) {
        return false;
    }
    prefix.advance(depth);
    tokens_.clear();
    positions_.clear();
    views_.clear();
    wanted_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t own = rows / count + (i < rows % count ? 1 : 0);
        View& branch = branches.emplace_back(prefix.fork(depth));
        if (depth + own > forward_.limits().max_positions || !cache_.make_room(branch, own)) {
            return false;
        }
        views_.push_back({tokens_.size(), own, depth, branch.segments(own)});
        for (std::size_t row = 0; row < own; ++row) {
            wanted_.push_back(static_cast<std::uint32_t>(tokens_.size()));
            tokens_.push_back(
                static_cast<TokenId>(random_() % static_cast<std::uint32_t>(forward_.config().vocabulary)));
            positions_.push_back(static_cast<std::int32_t>(depth + row));
        }
    }
    return true;
}

CurveMeter::Outcome CurveMeter::step(const std::atomic<bool>& interrupt) {
    const std::size_t which = next_ % kCurveRows.size();
    const std::size_t rows = kCurveRows[which];
    std::vector<View> branches;
    branches.reserve(rows);  // the plan borrows from them
    if (rows > forward_.limits().max_rows || !lay_out(branches, rows)) {
        return Outcome::no_room;
    }
    const MeterClock::time_point start = MeterClock::now();
    if (!forward_.run(tokens_, StepPlan{views_, positions_}, wanted_, interrupt) || interrupt) {
        return Outcome::interrupted;
    }
    const std::size_t block = forward_.limits().max_logit_rows;
    for (std::size_t first = 0; first < rows; first += block) {
        forward_.finish_rows(first, std::min(block, rows - first));
    }
    const double took = std::chrono::duration<double, std::milli>(MeterClock::now() - start).count();
    if (next_ >= kCurveRows.size()) {  // the first of each only warms up
        times_[which].push_back(took);
    }
    ++next_;
    return Outcome::measured;
}

std::vector<CurvePoint> CurveMeter::result() const {
    std::vector<CurvePoint> curve;
    for (std::size_t which = 0; which < kCurveRows.size(); ++which) {
        std::vector<double> times = times_[which];
        const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
        std::nth_element(times.begin(), middle, times.end());
        curve.push_back({kCurveRows[which], *middle});
    }
    return curve;
}

}  // namespace tendril::engine
