// SPDX-License-Identifier: Apache-2.0
// Device code: what kernels do with activations: rounding to int8, SiLU and GELU.
#pragma once

#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

/// Rounds the 32 values of a warp's lanes to block `block` of `out`. All lanes take part.
TENDRIL_DEVICE void quantise_block(float value, const QuantisedRows& out, size_t block) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float infinity = __int_as_float(0x7f800000);
    float size = fabsf(value);
    size = size < infinity ? size : infinity;  // what is not a number counts as infinite
    const float most = warp_max(size);
    const bool finite = most < infinity;
    const float inverse = most > 0.0F && finite ? 127.0F / most : 0.0F;
    const int rounded = finite ? static_cast<int>(rintf(value * inverse)) : 0;
    out.values[block * 32 + lane] = static_cast<signed char>(rounded);
    // Both sums in one: each is below 2048, so the float holds low + 4096 * high exactly.
    const float both = warp_sum(static_cast<float>(lane < 16 ? rounded : rounded * 4096));
    if (lane == 0) {
        const float high = rintf(both / 4096.0F);
        const int low = static_cast<int>(both - high * 4096.0F);
        BlockRecord record;
        record.scale = finite ? most / 127.0F : __int_as_float(0x7fc00000);
        record.sums = static_cast<int>((static_cast<unsigned>(static_cast<int>(high)) << 16) |
                                       (static_cast<unsigned>(low) & 0xffffU));
        out.records[block] = record;
    }
}

TENDRIL_DEVICE float silu(float x) {
    return x / (1.0F + expf(-x));
}

/// The approximation by tanh that models of the Gemma family use; tanh(u) = 1 - 2 / (exp(2u) + 1).
TENDRIL_DEVICE float gelu_tanh(float x) {
    const float u = 0.7978845608028654F * fmaf(0.044715F * x * x, x, x);
    return x / (1.0F + expf(-2.0F * u));  // 0.5 (1 + tanh u) = 1 / (1 + exp(-2u))
}

}  // namespace tendril::cuda
