// SPDX-License-Identifier: Apache-2.0
// Row-wise ops over the Lanes of the including file: quantisation of activations, norms, gates, rotation.
// Include after a lanes_*.inl; internal linkage.

#include "engine/backend/cpu/exponential.inl"
#include "engine/backend/cpu/kernels.h"

namespace tendril::engine {
namespace {

using F = Lanes::F;
using I = Lanes::I;
constexpr std::size_t kWidth = Lanes::kWidth;

/// Calls full(i) for whole vectors and rest(i, n) for what is left.
template <typename Full, typename Rest>
inline void for_vectors(std::size_t count, Full&& full, Rest&& rest) {
    std::size_t i = 0;
    for (; i + kWidth <= count; i += kWidth) {
        full(i);
    }
    if (i < count) {
        rest(i, count - i);
    }
}

/// 32 values to int8: scale = largest magnitude / 127, to nearest even. A value that is not finite makes the
/// scale NaN, so that a broken model shows.
inline void quantise_block(const float* in, std::int8_t* q, float& scale, float& sum,
                           std::int32_t* minus_sums, int stride) {
    constexpr int kVectors = 32 / Lanes::kWidth;
    F x[kVectors];
    F largest = Lanes::zero();
    F broken = Lanes::zero();
    for (int v = 0; v < kVectors; ++v) {
        x[v] = Lanes::load(in + v * Lanes::kWidth);
        largest = Lanes::max(Lanes::abs(x[v]), largest);
        broken = Lanes::add(broken, Lanes::sub(x[v], x[v]));
    }
    const float most = Lanes::largest(largest);
    scale = most / 127.0F + Lanes::sum(broken);
    const F inverse = Lanes::set1(most > 0.0F ? 127.0F / most : 0.0F);
    const F limit = Lanes::set1(127.0F);
    std::int32_t sums[2];
    for (int half = 0; half < 2; ++half) {
        I total = Lanes::izero();
        for (int v = half * kVectors / 2; v < (half + 1) * kVectors / 2; ++v) {
            const F wide = Lanes::max(Lanes::mul(x[v], inverse), Lanes::sub(Lanes::zero(), limit));
            const I whole = Lanes::round(Lanes::min(wide, limit));
            Lanes::to_s8(q + v * Lanes::kWidth, whole);
            total = Lanes::iadd(total, whole);
        }
        sums[half] = Lanes::isum(total);
        minus_sums[half * stride] = -sums[half];
    }
    sum = scale * static_cast<float>(sums[0] + sums[1]);
}

template <int T>
void quantise_tile(const float* in, std::size_t stride, std::size_t rows, std::size_t blocks,
                   ActivationBlock<T>* tile) {
    for (std::size_t b = 0; b < blocks; ++b) {
        ActivationBlock<T>& block = tile[b];
        for (std::size_t r = 0; r < rows; ++r) {
            quantise_block(in + r * stride + b * 32, block.q[r], block.scale[r], block.sum[r],
                           &block.minus_sum[0][r], T);
        }
    }
}

void quantise(const float* in, std::size_t stride, std::size_t rows, std::size_t blocks, bool single,
              void* tile) {
    if (single) {
        quantise_tile(in, stride, 1, blocks, static_cast<ActivationBlock<1>*>(tile));
    } else {
        quantise_tile(in, stride, rows, blocks, static_cast<ActivationBlock<kTile>*>(tile));
    }
}

void rms_norm(const float* in, const float* weight, float epsilon, float* out, std::size_t width) {
    F sums[2] = {Lanes::zero(), Lanes::zero()};
    std::size_t i = 0;
    for (; i + 2 * kWidth <= width; i += 2 * kWidth) {
        const F a = Lanes::load(in + i);
        const F b = Lanes::load(in + i + kWidth);
        sums[0] = Lanes::fma(a, a, sums[0]);
        sums[1] = Lanes::fma(b, b, sums[1]);
    }
    for (; i < width; i += kWidth) {
        const F a = width - i < kWidth ? Lanes::load_first(in + i, width - i) : Lanes::load(in + i);
        sums[0] = Lanes::fma(a, a, sums[0]);
    }
    const float mean = Lanes::sum(Lanes::add(sums[0], sums[1])) / static_cast<float>(width);
    const F scale = Lanes::set1(1.0F / __builtin_sqrtf(mean + epsilon));
    for_vectors(
        width,
        [&](std::size_t at) {
            Lanes::store(out + at,
                         Lanes::mul(Lanes::mul(Lanes::load(in + at), scale), Lanes::load(weight + at)));
        },
        [&](std::size_t at, std::size_t n) {
            const F value = Lanes::mul(Lanes::mul(Lanes::load_first(in + at, n), scale),
                                       Lanes::load_first(weight + at, n));
            Lanes::store_first(out + at, value, n);
        });
}

void add(const float* from, float* to, std::size_t count) {
    for_vectors(
        count,
        [&](std::size_t i) { Lanes::store(to + i, Lanes::add(Lanes::load(from + i), Lanes::load(to + i))); },
        [&](std::size_t i, std::size_t n) {
            Lanes::store_first(to + i,
                               Lanes::add(Lanes::load_first(from + i, n), Lanes::load_first(to + i, n)), n);
        });
}

inline F silu_of(F x) {
    return Lanes::div(x, Lanes::add(Lanes::set1(1.0F), exponential(Lanes::sub(Lanes::zero(), x))));
}

/// x/2 (1 + tanh u) = x / (1 + e^(-2u)), u = sqrt(2/pi) (x + 0.044715 x³): without the cancellation near -1.
inline F gelu_of(F x) {
    const F cube = Lanes::mul(Lanes::mul(x, x), x);
    const F u = Lanes::mul(Lanes::fma(cube, Lanes::set1(0.044715F), x), Lanes::set1(-2.0F * 0.7978845608F));
    return Lanes::div(x, Lanes::add(Lanes::set1(1.0F), exponential(u)));
}

template <F (*activation)(F)>
void gate(const float* gates, const float* up, float* out, std::size_t count) {
    for_vectors(
        count,
        [&](std::size_t i) {
            Lanes::store(out + i, Lanes::mul(activation(Lanes::load(gates + i)), Lanes::load(up + i)));
        },
        [&](std::size_t i, std::size_t n) {
            const F value =
                Lanes::mul(activation(Lanes::load_first(gates + i, n)), Lanes::load_first(up + i, n));
            Lanes::store_first(out + i, value, n);
        });
}

void soft_cap(float cap, float* x, std::size_t count) {
    const F inverse = Lanes::set1(1.0F / cap);
    const F by = Lanes::set1(cap);
    for_vectors(
        count,
        [&](std::size_t i) {
            Lanes::store(x + i, Lanes::mul(by, hyperbolic_tangent(Lanes::mul(Lanes::load(x + i), inverse))));
        },
        [&](std::size_t i, std::size_t n) {
            const F value =
                Lanes::mul(by, hyperbolic_tangent(Lanes::mul(Lanes::load_first(x + i, n), inverse)));
            Lanes::store_first(x + i, value, n);
        });
}

void rope(float* x, std::size_t heads, std::size_t size, const float* cosine, const float* sine,
          bool halves) {
    const std::size_t pairs = size / 2;
    for (std::size_t head = 0; head < heads; ++head, x += size) {
        std::size_t i = 0;
        if (halves) {
            for (; i + kWidth <= pairs; i += kWidth) {
                const F a = Lanes::load(x + i);
                const F b = Lanes::load(x + pairs + i);
                const F c = Lanes::load(cosine + i);
                const F s = Lanes::load(sine + i);
                Lanes::store(x + i, Lanes::fnma(b, s, Lanes::mul(a, c)));
                Lanes::store(x + pairs + i, Lanes::fma(a, s, Lanes::mul(b, c)));
            }
        }
        for (; i < pairs; ++i) {  // adjacent pairs (the compiler shuffles them), and what is left of halves
            float& first = x[halves ? i : 2 * i];
            float& second = x[halves ? i + pairs : 2 * i + 1];
            const float a = first;
            const float b = second;
            first = a * cosine[i] - b * sine[i];
            second = a * sine[i] + b * cosine[i];
        }
    }
}

void to_half(const float* from, std::uint16_t* to, std::size_t count) {
    for_vectors(
        count, [&](std::size_t i) { Lanes::to_half(to + i, Lanes::load(from + i)); },
        [&](std::size_t i, std::size_t n) {
            std::uint16_t last[kWidth];
            Lanes::to_half(last, Lanes::load_first(from + i, n));
            for (std::size_t k = 0; k < n; ++k) {
                to[i + k] = last[k];
            }
        });
}

void exponentials(const float* from, float* to, std::size_t count) {
    for_vectors(
        count, [&](std::size_t i) { Lanes::store(to + i, exponential(Lanes::load(from + i))); },
        [&](std::size_t i, std::size_t n) {
            Lanes::store_first(to + i, exponential(Lanes::load_first(from + i, n)), n);
        });
}

constexpr VectorKernels kAllVector = {quantise, rms_norm, add,     gate<silu_of>, gate<gelu_of>,
                                      soft_cap, rope,     to_half, exponentials};

}  // namespace
}  // namespace tendril::engine
