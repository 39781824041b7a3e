// SPDX-License-Identifier: Apache-2.0
// Device code: the RMS norm as all kernels compute it. The squares of a row of up to 512 values are added by
// one warp; those of a wider one by eight (warp w has columns 32 w ... 32 w + 31, and on by 256), whose sums
// are added in turn. A block of fewer warps does the parts one after the other: the same bits.
#pragma once

#include "engine/backend/cuda/port.h"

namespace tendril::cuda {

inline constexpr unsigned kNarrow = 512;
inline constexpr unsigned kNormParts = 8;

TENDRIL_DEVICE float norm_scale(float squares, unsigned width, float epsilon) {
    return 1.0F / sqrtf(squares / static_cast<float>(width) + epsilon);
}

/// The sum of the squares of columns first, first + step, ... of a row, over the warp.
template <typename Fetch>
TENDRIL_DEVICE float squares_of(unsigned first, unsigned step, unsigned width, const Fetch& fetch) {
    float squares = 0.0F;
    for (unsigned i = first; i < width; i += step) {
        const float x = fetch(i);
        squares = fmaf(x, x, squares);
    }
    return warp_sum(squares);
}

/// All parts of all rows, by the whole block; a barrier has to follow. fetch(row, column).
template <typename Fetch>
TENDRIL_DEVICE void square_parts(unsigned rows, unsigned width, const Fetch& fetch,
                                 float (*parts)[kNormParts]) {
    const unsigned warps = blockDim.x / 32;
    const unsigned lane = threadIdx.x % 32;
    const unsigned count = width <= kNarrow ? 1 : kNormParts;
    for (unsigned i = threadIdx.x / 32; i < rows * count; i += warps) {
        const unsigned row = i / count;
        const unsigned part = i % count;
        const float sum = squares_of(part * 32 + lane, count * 32, width,
                                     [&](unsigned column) { return fetch(row, column); });
        if (lane == 0) {
            parts[row][part] = sum;
        }
    }
}

TENDRIL_DEVICE float norm_scale_of(const float (&parts)[kNormParts], unsigned width, float epsilon) {
    float sum = 0.0F;
    for (unsigned part = 0; part < (width <= kNarrow ? 1 : kNormParts); ++part) {
        sum += parts[part];
    }
    return norm_scale(sum, width, epsilon);
}

}  // namespace tendril::cuda
