// SPDX-License-Identifier: Apache-2.0
// What shuffles, votes, matches and reductions compute from the operands of the lanes that came.
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/runtime.h"

namespace tendril::emulator {

namespace {

constexpr int kLanes = 32;

template <class F>
void for_present(const WarpExchange& exchange, F&& f) {
    for (uint32_t lanes = exchange.present; lanes != 0; lanes &= lanes - 1) {
        f(std::countr_zero(lanes));
    }
}

// The lane that `lane` reads from: source(lane, operand, first lane of its segment, width of the segment).
template <class Source>
void shuffle_by(WarpExchange& exchange, Location where, Source&& source) {
    for_present(exchange, [&](int lane) {
        const int operand = static_cast<int>(exchange.arguments[lane] & 0xffffu);
        const int width = static_cast<int>(exchange.arguments[lane] >> 16);
        const int first = lane & ~(width - 1);
        const int from = source(lane, operand, first, width);
        if (from < 0 || from >= kLanes || (exchange.present >> from & 1u) == 0) {
            report("mask", where,
                   "the shuffle reads lane " + std::to_string(from) + ", which does not take part");
            exchange.results[lane] = ~0u;
        } else {
            exchange.results[lane] = exchange.words[from];
        }
    });
}

void shuffle_index(WarpExchange& exchange, Location where) {
    shuffle_by(exchange, where,
               [](int, int operand, int first, int width) { return first | (operand & (width - 1)); });
}
void shuffle_up(WarpExchange& exchange, Location where) {
    shuffle_by(exchange, where, [](int lane, int operand, int first, int) {
        return lane - operand < first ? lane : lane - operand;
    });
}
void shuffle_down(WarpExchange& exchange, Location where) {
    shuffle_by(exchange, where, [](int lane, int operand, int first, int width) {
        return lane + operand >= first + width ? lane : lane + operand;
    });
}
void shuffle_xor(WarpExchange& exchange, Location where) {
    shuffle_by(exchange, where, [](int lane, int operand, int first, int width) {
        return (lane ^ operand) >= first + width ? lane : lane ^ operand;
    });
}

void ballot(WarpExchange& exchange, Location) {
    uint32_t votes = 0;
    for_present(exchange, [&](int lane) { votes |= (exchange.words[lane] != 0 ? 1u : 0u) << lane; });
    for_present(exchange, [&](int lane) { exchange.results[lane] = votes; });
}

void match_any(WarpExchange& exchange, Location) {
    for_present(exchange, [&](int lane) {
        uint32_t equal = 0;
        for_present(exchange, [&](int other) {
            equal |= (exchange.words[other] == exchange.words[lane] ? 1u : 0u) << other;
        });
        exchange.results[lane] = equal;
    });
}

template <class F>
void reduce(WarpExchange& exchange, F&& combine) {
    uint32_t total = exchange.words[std::countr_zero(exchange.present)];
    bool first = true;
    for_present(exchange, [&](int lane) {
        total = first ? total : combine(total, exchange.words[lane]);
        first = false;
    });
    for_present(exchange, [&](int lane) { exchange.results[lane] = total; });
}
bool is_signed(const WarpExchange& exchange) {
    return exchange.arguments[std::countr_zero(exchange.present)] != 0;
}
bool less(const WarpExchange& exchange, uint32_t a, uint32_t b) {
    return is_signed(exchange) ? static_cast<int32_t>(a) < static_cast<int32_t>(b) : a < b;
}
void reduce_add(WarpExchange& exchange, Location) {
    reduce(exchange, [](uint32_t a, uint32_t b) { return a + b; });
}
void reduce_min(WarpExchange& exchange, Location) {
    reduce(exchange, [&](uint32_t a, uint32_t b) { return less(exchange, a, b) ? a : b; });
}
void reduce_max(WarpExchange& exchange, Location) {
    reduce(exchange, [&](uint32_t a, uint32_t b) { return less(exchange, a, b) ? b : a; });
}
void reduce_or(WarpExchange& exchange, Location) {
    reduce(exchange, [](uint32_t a, uint32_t b) { return a | b; });
}
void reduce_and(WarpExchange& exchange, Location) {
    reduce(exchange, [](uint32_t a, uint32_t b) { return a & b; });
}
void reduce_xor(WarpExchange& exchange, Location) {
    reduce(exchange, [](uint32_t a, uint32_t b) { return a ^ b; });
}

// port.h's butterfly: five rounds of v[i] = f(v[i], v[i ^ offset]).
template <class F>
void butterfly(WarpExchange& exchange, F&& combine) {
    float values[kLanes], next[kLanes];
    std::memcpy(values, exchange.words, sizeof values);
    for (int offset = kLanes / 2; offset > 0; offset /= 2) {
        for (int lane = 0; lane < kLanes; ++lane) {
            next[lane] = combine(values[lane], values[lane ^ offset]);
        }
        std::memcpy(values, next, sizeof values);
    }
    std::memcpy(exchange.results, values, sizeof values);
}
void warp_sum(WarpExchange& exchange, Location) {
    butterfly(exchange, [](float a, float b) { return a + b; });
}
void warp_max(WarpExchange& exchange, Location) {
    butterfly(exchange, [](float a, float b) { return a > b || std::isnan(b) ? a : b; });
}

}  // namespace

const Collective kShuffleIndex{"__shfl_sync", shuffle_index, false};
const Collective kShuffleUp{"__shfl_up_sync", shuffle_up, false};
const Collective kShuffleDown{"__shfl_down_sync", shuffle_down, false};
const Collective kShuffleXor{"__shfl_xor_sync", shuffle_xor, false};
const Collective kBallot{"a vote", ballot, false};
const Collective kSyncWarp{"__syncwarp", nullptr, false};
const Collective kMatchAny{"__match_any_sync", match_any, false};
const Collective kReduceAdd{"__reduce_add_sync", reduce_add, false};
const Collective kReduceMin{"__reduce_min_sync", reduce_min, false};
const Collective kReduceMax{"__reduce_max_sync", reduce_max, false};
const Collective kReduceOr{"__reduce_or_sync", reduce_or, false};
const Collective kReduceAnd{"__reduce_and_sync", reduce_and, false};
const Collective kReduceXor{"__reduce_xor_sync", reduce_xor, false};
const Collective kWarpSum{"warp_sum", warp_sum, true};
const Collective kWarpMax{"warp_max", warp_max, true};

}  // namespace tendril::emulator
