// SPDX-License-Identifier: Apache-2.0
// Device code: turning pairs by a position's angle, and heads by the Hadamard matrix.
#pragma once

#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

struct Turn {
    float cosine, sine;
};

/// Of `position` times `quarter_turns`. The number of turns is reduced in double, so that far positions are
/// as exact as near ones; the rest, an eighth of a turn to either side, by the series of sine and cosine
/// (error below 1e-7).
TENDRIL_DEVICE Turn turn_of(double quarter_turns, int position) {
    const double turns = quarter_turns * static_cast<double>(position);
    const double whole = rint(turns);
    const float a = static_cast<float>(turns - whole) * 1.5707963267948966F;
    const float square = a * a;
    float s = fmaf(square, 2.7557319e-6F, -1.9841270e-4F);
    s = fmaf(s, square, 8.3333333e-3F);
    s = fmaf(s, square, -0.16666667F);
    s = fmaf(s * square, a, a);
    float c = fmaf(square, -2.7557319e-7F, 2.4801587e-5F);
    c = fmaf(c, square, -1.3888889e-3F);
    c = fmaf(c, square, 4.1666667e-2F);
    c = fmaf(c, square, -0.5F);
    c = fmaf(c, square, 1.0F);
    switch (static_cast<int>(static_cast<long long>(whole) & 3)) {
        case 0:
            return {c, s};
        case 1:
            return {-s, c};
        case 2:
            return {-c, -s};
        default:
            return {s, -c};
    }
}

TENDRIL_DEVICE unsigned first_of_pair(const RopeAngles& angles, unsigned pair) {
    return angles.adjacent != 0 ? 2 * pair : pair;
}
TENDRIL_DEVICE unsigned second_of_pair(const RopeAngles& angles, unsigned pair, unsigned pairs) {
    return angles.adjacent != 0 ? 2 * pair + 1 : pair + pairs;
}

/// The largest power of two that divides the size of a head.
TENDRIL_DEVICE unsigned turned_block(unsigned size) {
    return size & (0U - size);
}

/// Element `low` of a pair of a butterfly of width `half`: the i-th of all pairs.
TENDRIL_DEVICE unsigned butterfly(unsigned i, unsigned half) {
    return i / half * 2 * half + i % half;
}

/// Multiplies `count` heads of `size` values (each `pitch` floats apart) in shared memory by the normalised
/// Hadamard matrix. All threads of the block call it; a barrier before and behind is inside.
TENDRIL_DEVICE void turn_by_hadamard(float* heads, unsigned count, unsigned size, unsigned pitch) {
    const unsigned block = turned_block(size);
    const unsigned pairs = count * (size / 2);
    for (unsigned half = 1; half < block; half *= 2) {
        __syncthreads();
        for (unsigned i = threadIdx.x; i < pairs; i += blockDim.x) {
            float* const at = heads + i / (size / 2) * pitch + butterfly(i % (size / 2), half);
            const float a = at[0];
            const float b = at[half];
            at[0] = a + b;
            at[half] = a - b;
        }
    }
    __syncthreads();
    const float factor = 1.0F / sqrtf(static_cast<float>(block));
    for (unsigned i = threadIdx.x; i < count * size; i += blockDim.x) {
        heads[i / size * pitch + i % size] *= factor;
    }
    __syncthreads();
}

}  // namespace tendril::cuda
