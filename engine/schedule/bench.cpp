// SPDX-License-Identifier: Apache-2.0
// Speed tests over the same forward pass and pages as answers use.
#include "engine/schedule/bench.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace tendril::engine {
namespace {

using BenchClock = std::chrono::steady_clock;

constexpr std::size_t kSharedPrefix = 128;  // of the rows of a batch
constexpr std::size_t kCurveSamples = 9;

double seconds_since(BenchClock::time_point start) {
    return std::chrono::duration<double>(BenchClock::now() - start).count();
}

std::size_t depth_of(std::size_t depth, std::size_t batch) {
    return batch > 1 ? std::max(depth, kSharedPrefix) : depth;
}

/// Full pages are shared; a partial last one is copied for each row but the last.
std::size_t pages_of(std::size_t depth, std::size_t batch, std::size_t tokens) {
    const std::size_t shared = depth / kPageTokens;
    return shared + batch * (pages_for(depth + tokens) - shared) + 1;
}

}  // namespace

Bench::Bench(ForwardPass& forward, KvCache& cache, const std::atomic<bool>& interrupt,
             std::function<bool()> keep_going)
    : forward_(forward), cache_(cache), interrupt_(interrupt), keep_going_(std::move(keep_going)) {}

Status Bench::check(const BenchRequest& request) const {
    const std::size_t room = forward_.limits().max_positions;
    const auto too_long = [&](std::size_t positions) {
        return fail(ErrorCode::invalid_argument, "The test needs " + std::to_string(positions) +
                                                     " tokens of context, the model has " +
                                                     std::to_string(room) + ".");
    };
    if (const std::size_t positions = std::size_t{request.depth} + request.prefill_tokens; positions > room) {
        return too_long(positions);
    }
    const auto check_pages = [&](std::size_t depth, std::size_t batch, std::size_t tokens) -> Status {
        const std::size_t pages = pages_of(depth, batch, tokens);
        if (pages <= cache_.pool().page_count()) {
            return {};
        }
        return fail(ErrorCode::too_large, "A batch of " + std::to_string(batch) + " needs " +
                                              std::to_string(pages) + " cache pages, there are " +
                                              std::to_string(cache_.pool().page_count()) +
                                              ": load the model with a longer context.");
    };
    for (const std::uint32_t batch : request.batches) {
        if (batch == 0 || batch > forward_.limits().max_rows) {
            return fail(ErrorCode::invalid_argument, "A batch has 1 to " +
                                                         std::to_string(forward_.limits().max_rows) +
                                                         " rows, not " + std::to_string(batch) + ".");
        }
        const std::size_t depth = depth_of(request.depth, batch);
        if (depth + request.decode_tokens > room) {
            return too_long(depth + request.decode_tokens);
        }
        if (Status status = check_pages(depth, batch, request.decode_tokens); !status) {
            return status;
        }
    }
    return {};
}

Result<BenchEvent> Bench::run(const BenchRequest& request) {
    if (Status status = check(request); !status) {
        return fail(std::move(status.error()));
    }
    cache_.forget_kept();
    BenchEvent event;
    const std::size_t repetitions = std::clamp<std::size_t>(request.repetitions, 1, 1000);
    const auto measure = [&](BenchRow row, std::size_t rows_in_all, const auto& once) -> Status {
        for (std::size_t i = 0; i <= repetitions; ++i) {  // the first is the warm-up
            const Result<double> seconds = once();
            if (!seconds) {
                return fail(seconds.error());
            }
            if (i > 0) {
                row.tokens_per_second.push_back(static_cast<double>(rows_in_all) / *seconds);
            }
        }
        event.rows.push_back(std::move(row));
        return {};
    };
    if (request.prefill_tokens > 0) {
        const Status status =
            measure({"prefill", request.prefill_tokens, 1, request.depth, {}}, request.prefill_tokens,
                    [&] { return prefill_once(request.depth, request.prefill_tokens); });
        if (!status) {
            return fail(status.error());
        }
    }
    for (const std::uint32_t batch : request.batches) {
        if (request.decode_tokens == 0) {
            break;
        }
        const std::size_t depth = depth_of(request.depth, batch);
        const Status status =
            measure({"decode", request.decode_tokens, batch, static_cast<std::uint32_t>(depth), {}},
                    std::size_t{batch} * request.decode_tokens,
                    [&] { return decode_once(depth, batch, request.decode_tokens); });
        if (!status) {
            return fail(status.error());
        }
    }
    if (request.curve) {
        Result<std::vector<CurvePoint>> measured = curve();
        if (!measured) {
            return fail(std::move(measured.error()));
        }
        event.curve = std::move(*measured);
    }
    return event;
}

Result<double> Bench::prefill_once(std::size_t depth, std::size_t tokens) {
    View view = cache_.make_view();
    if (Status status = read(view, depth); !status) {
        return fail(std::move(status.error()));
    }
    const BenchClock::time_point start = BenchClock::now();
    if (Status status = read(view, tokens); !status) {
        return fail(std::move(status.error()));
    }
    return seconds_since(start);
}

Result<double> Bench::decode_once(std::size_t depth, std::size_t batch, std::size_t tokens) {
    View prefix = cache_.make_view();
    if (Status status = read(prefix, depth); !status) {
        return fail(std::move(status.error()));
    }
    std::vector<View> views;
    for (std::size_t i = 0; i < batch; ++i) {
        views.push_back(prefix.fork(depth));
    }
    prefix.clear();
    const BenchClock::time_point start = BenchClock::now();
    for (std::size_t i = 0; i < tokens; ++i) {
        if (Status status = decode(views); !status) {
            return fail(std::move(status.error()));
        }
    }
    return seconds_since(start);
}

/// t(M) as idle moments measure it, without a pause.
Result<std::vector<CurvePoint>> Bench::curve() {
    CurveMeter meter(forward_, cache_, kCurveSamples);
    while (!meter.done()) {
        switch (meter.step(interrupt_)) {
            case CurveMeter::Outcome::measured:
                break;
            case CurveMeter::Outcome::interrupted:
                if (!keep_going_()) {
                    return fail(ErrorCode::cancelled, "The measurement was stopped.");
                }
                break;
            case CurveMeter::Outcome::no_room:
                return fail(ErrorCode::out_of_memory, "There are too few cache pages for this test.");
        }
    }
    return meter.result();
}

/// Appends random tokens to the view in the largest chunks; logits for the last row alone.
Status Bench::read(View& view, std::size_t tokens) {
    while (tokens > 0) {
        const std::size_t count = std::min(tokens, forward_.limits().max_rows);
        if (!cache_.make_room(view, count)) {
            return fail(ErrorCode::out_of_memory, "There are too few cache pages for this test.");
        }
        tokens_.clear();
        positions_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            tokens_.push_back(random_token());
            positions_.push_back(static_cast<std::int32_t>(view.length() + i));
        }
        views_ = {{0, count, view.length(), view.segments(count)}};
        tokens -= count;
        const std::array<std::uint32_t, 1> last = {static_cast<std::uint32_t>(count - 1)};
        if (Status status = step(std::span(last).first(tokens == 0 ? 1 : 0)); !status) {
            return status;
        }
        view.advance(count);
    }
    return {};
}

/// One row for each view, each with logits.
Status Bench::decode(std::vector<View>& views) {
    tokens_.clear();
    positions_.clear();
    views_.clear();
    std::vector<std::uint32_t> wanted(views.size());
    for (std::size_t row = 0; row < views.size(); ++row) {
        if (!cache_.make_room(views[row], 1)) {
            return fail(ErrorCode::out_of_memory, "There are too few cache pages for this test.");
        }
        tokens_.push_back(random_token());
        positions_.push_back(static_cast<std::int32_t>(views[row].length()));
        views_.push_back({row, 1, views[row].length(), views[row].segments(1)});
        wanted[row] = static_cast<std::uint32_t>(row);
    }
    if (Status status = step(wanted); !status) {
        return status;
    }
    for (View& view : views) {
        view.advance(1);
    }
    return {};
}

Status Bench::step(std::span<const std::uint32_t> wanted) {
    while (!forward_.run(tokens_, StepPlan{views_, positions_}, wanted, interrupt_)) {
        if (!keep_going_()) {
            return fail(ErrorCode::cancelled, "The measurement was stopped.");
        }
    }
    for (std::size_t first = 0; first < wanted.size(); first += forward_.limits().max_logit_rows) {
        forward_.finish_rows(first, std::min(forward_.limits().max_logit_rows, wanted.size() - first));
    }
    return {};
}

TokenId Bench::random_token() {
    return static_cast<TokenId>(random_() % static_cast<std::uint32_t>(forward_.config().vocabulary));
}

}  // namespace tendril::engine
