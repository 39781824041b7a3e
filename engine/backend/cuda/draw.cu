// SPDX-License-Identifier: Apache-2.0
// Draws a token a row, as Sampler (engine/sample) does from the same logits and the same random number: a
// block of threads a row. Which logits can be among the k best is known after one look at all: each thread
// has the best of its own, and the k-th of those is a bound that k logits reach. What reaches it is sorted,
// and the rest is the sampler's own arithmetic, in double and in its order. A row with more candidates than
// there is room for, or with logits that are not finite, is left to the host.
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {
namespace {

constexpr unsigned kThreads = 1024;
constexpr unsigned kRoom = 2048;  // candidates
constexpr unsigned kNobody = 0xffffffffU;

/// Ascending as the floats are; both zeros are one.
TENDRIL_DEVICE uint32_t order_of(float x) {
    const uint32_t bits = static_cast<uint32_t>(__float_as_int(x + 0.0F));
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}
TENDRIL_DEVICE float float_of(uint32_t order) {
    return __int_as_float(static_cast<int>((order & 0x80000000U) != 0 ? order & 0x7fffffffU : ~order));
}
TENDRIL_DEVICE float minus_infinity() {
    return __int_as_float(static_cast<int>(0xff800000U));
}

/// Ascending; `count` is a power of two. A barrier before and behind is inside.
TENDRIL_DEVICE void sort(unsigned long long* list, unsigned count) {
    __syncthreads();
    for (unsigned size = 2; size <= count; size *= 2) {
        for (unsigned stride = size / 2; stride > 0; stride /= 2) {
            for (unsigned i = threadIdx.x; i < count / 2; i += kThreads) {
                const unsigned low = 2 * i - (i & (stride - 1));
                const unsigned long long a = list[low];
                const unsigned long long b = list[low + stride];
                if ((a > b) == ((low & size) == 0)) {
                    list[low] = b;
                    list[low + stride] = a;
                }
            }
            __syncthreads();
        }
    }
}

struct Best {
    float logit;
    unsigned token;
};

/// The better of two: of equals the lower token.
TENDRIL_DEVICE Best better(const Best& a, float logit, unsigned token) {
    return logit > a.logit || (logit == a.logit && token < a.token) ? Best{logit, token} : a;
}
TENDRIL_DEVICE Best best_of_warp(Best best) {
#pragma unroll
    for (int lane = 16; lane > 0; lane /= 2) {
        const float logit = __shfl_xor_sync(0xffffffffU, best.logit, lane);
        const unsigned token = __shfl_xor_sync(0xffffffffU, best.token, lane);
        best = better(best, logit, token);
    }
    return best;
}

/// By one thread: keeps the first of `count` weights by top-p and min-p, and draws one of them.
TENDRIL_DEVICE unsigned pick(const DrawRow& row, const double* weights, unsigned count) {
    const auto share = static_cast<double>(row.min_p);
    if (row.top_p < 1.0F) {
        double total = 0;
        for (unsigned i = 0; i < count; ++i) {
            total += weights[i];
        }
        double mass = 0;
        for (unsigned i = 0; i < count; ++i) {
            mass += weights[i];
            if (mass >= static_cast<double>(row.top_p) * total) {
                count = i + 1;
            }
        }
    }
    double total = 0;
    for (unsigned i = 0; i < count; ++i) {
        total += weights[i] >= share ? weights[i] : 0.0;
    }
    double left = row.random * total;
    unsigned last = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (weights[i] >= share) {
            last = i;
            left -= weights[i];
            if (left < 0) {
                break;
            }
        }
    }
    return last;
}

TENDRIL_KERNEL __launch_bounds__(kThreads) draw_kernel(DrawArgs a) {
    TENDRIL_SHARED(unsigned long long, list, [kRoom]);
    TENDRIL_SHARED(double, weights, [kRoom]);
    TENDRIL_SHARED(Best, warps, [32]);
    TENDRIL_SHARED(unsigned, state, [2]);  // candidates; whether a logit is not finite
    const DrawRow row = a.rows[blockIdx.x];
    const float* const logits = a.logits + static_cast<size_t>(blockIdx.x) * a.vocabulary;
    if (threadIdx.x < 2) {
        state[threadIdx.x] = 0;
    }
    Best best{minus_infinity(), kNobody};
    bool finite = true;
    for (unsigned i = threadIdx.x; i < a.vocabulary; i += kThreads) {
        const float x = logits[i];
        finite = finite && x <= 3.402823466e38F;  // false for what is not a number
        best = x > best.logit ? Best{x, i} : best;
    }
    list[threadIdx.x] = order_of(best.logit);
    best = best_of_warp(best);
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = best;
    }
    __syncthreads();
    if (!finite) {
        atomicOr(&state[1], 1U);
    }
    best = best_of_warp(warps[threadIdx.x % 32]);
    __syncthreads();
    const bool refused = state[1] != 0 || best.token == kNobody;
    if (refused || row.temperature == 0.0F || row.top_k == 1) {  // for all threads alike
        if (threadIdx.x == 0) {
            a.tokens[blockIdx.x] = refused ? -1 : static_cast<int>(best.token);
        }
        return;
    }
    uint32_t bound = order_of(best.logit + row.reach - 1e-3F);
    if (row.top_k > 0) {
        sort(list, kThreads);
        bound = static_cast<uint32_t>(list[kThreads - static_cast<unsigned>(row.top_k)]);
        __syncthreads();
    }
    const bool by_worth = row.top_p < 1.0F;  // else the candidates stay in the order of their tokens
    for (unsigned i = threadIdx.x; i < a.vocabulary; i += kThreads) {
        const float x = logits[i];
        const uint32_t order = order_of(x);
        if (order >= bound && x != minus_infinity()) {
            const unsigned at = atomicAdd(&state[0], 1U);
            if (at < kRoom) {
                list[at] = static_cast<unsigned long long>(~order) << 32 | i;
            }
        }
    }
    __syncthreads();
    unsigned count = state[0];
    if (count > kRoom) {
        if (threadIdx.x == 0) {
            a.tokens[blockIdx.x] = -1;
        }
        return;
    }
    unsigned room = 2;
    while (room < count) {
        room *= 2;
    }
    for (unsigned i = count + threadIdx.x; i < room; i += kThreads) {
        list[i] = ~0ULL;
    }
    sort(list, room);
    if (row.top_k > 0 && count > static_cast<unsigned>(row.top_k)) {
        count = static_cast<unsigned>(row.top_k);
    }
    if (!by_worth) {
        for (unsigned i = threadIdx.x; i < room; i += kThreads) {
            list[i] = i < count ? list[i] << 32 | list[i] >> 32 : ~0ULL;
        }
        sort(list, room);
    }
    for (unsigned i = threadIdx.x; i < count; i += kThreads) {
        const auto order = ~static_cast<uint32_t>(by_worth ? list[i] >> 32 : list[i]);
        weights[i] =
            exp(static_cast<double>(float_of(order) - best.logit) / static_cast<double>(row.temperature));
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        const unsigned long long drawn = list[pick(row, weights, count)];
        a.tokens[blockIdx.x] = static_cast<int>(by_worth ? drawn : drawn >> 32);
    }
}

}  // namespace

cudaError_t draw(const DrawArgs& args, cudaStream_t stream) {
    return launch(draw_kernel, dim3(args.count), dim3(kThreads), 0, stream, args);
}

}  // namespace tendril::cuda
