// SPDX-License-Identifier: Apache-2.0
// Attention over one page of keys and values, over the Lanes of the including file. Each query's scores,
// weights and mix are sums in one fixed order (inputs, then positions, ascending), whatever the number of
// queries and whether the page was unpacked to floats first; pages are merged in order by merge(). Include
// after a lanes_*.inl; internal linkage.

#include "engine/backend/cpu/exponential.inl"
#include "engine/backend/cpu/kernels.h"

namespace tendril::engine {
namespace {

using F = Lanes::F;
constexpr std::size_t kWidth = Lanes::kWidth;
constexpr std::size_t kPositions = 64;
constexpr float kNone = -__builtin_inff();

/// b[k][v vectors] of a matrix that is kept as floats or halves.
inline F load_any(const float* at) {
    return Lanes::load(at);
}
inline F load_any(const std::uint16_t* at) {
    return Lanes::from_half(at);
}
template <typename T>
struct Columns {
    const T* at;
    std::size_t stride;
    F load(std::size_t k, int v) const { return load_any(at + k * stride + v * Lanes::kWidth); }
    Columns from(std::size_t column) const { return {at + column, stride}; }
};

/// c[R][V vectors] = a[R][depth] · b[depth][V vectors]
template <int R, int V, typename B>
void tile(const float* a, std::size_t a_stride, const B b, std::size_t depth, float* c,
          std::size_t c_stride) {
    F sums[R][V];
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            sums[r][v] = Lanes::zero();
        }
    }
    for (std::size_t k = 0; k < depth; ++k) {
        F columns[V];
        for (int v = 0; v < V; ++v) {
            columns[v] = b.load(k, v);
        }
        for (int r = 0; r < R; ++r) {
            const F x = Lanes::set1(a[static_cast<std::size_t>(r) * a_stride + k]);
            for (int v = 0; v < V; ++v) {
                sums[r][v] = Lanes::fma(x, columns[v], sums[r][v]);
            }
        }
    }
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            Lanes::store(c + static_cast<std::size_t>(r) * c_stride + v * Lanes::kWidth, sums[r][v]);
        }
    }
}

template <int V, int R, typename B>
void tile_rows(std::size_t rows, const float* a, std::size_t a_stride, const B b, std::size_t depth, float* c,
               std::size_t c_stride) {
    if (rows == R) {
        tile<R, V>(a, a_stride, b, depth, c, c_stride);
    } else if constexpr (R > 1) {
        tile_rows<V, R - 1>(rows, a, a_stride, b, depth, c, c_stride);
    }
}

template <int R, int V, typename B>
void tiled_product(std::size_t rows, std::size_t columns, const float* a, std::size_t a_stride, const B b,
                   std::size_t depth, float* c, std::size_t c_stride) {
    constexpr std::size_t kWide = V * kWidth;
    for (std::size_t column = 0; column < columns;) {
        const bool wide = column + kWide <= columns;
        for (std::size_t row = 0; row < rows; row += R) {
            const std::size_t now = rows - row < R ? rows - row : R;
            const float* from = a + row * a_stride;
            float* to = c + row * c_stride + column;
            if (wide) {
                tile_rows<V, R>(now, from, a_stride, b.from(column), depth, to, c_stride);
            } else {
                tile_rows<1, R>(now, from, a_stride, b.from(column), depth, to, c_stride);
            }
        }
        column += wide ? kWide : kWidth;
    }
}

/// c[rows][columns] = a[rows][depth] · b[depth][columns]; columns: a multiple of 16.
template <typename B>
void product(std::size_t rows, std::size_t columns, const float* a, std::size_t a_stride, const B b,
             std::size_t depth, float* c, std::size_t c_stride) {
    if (rows <= Lanes::kThinRows) {
        tiled_product<Lanes::kThinRows, Lanes::kThinVectors>(rows, columns, a, a_stride, b, depth, c,
                                                             c_stride);
    } else {
        tiled_product<Lanes::kManyRows, Lanes::kManyVectors>(rows, columns, a, a_stride, b, depth, c,
                                                             c_stride);
    }
}

/// 2^x, x at most a little above 0; 0 below -126 (or 2^-149, where the hardware scales). Relative error below
/// 1e-7; the polynomial is the best of its degree for (2^f - 1) / f, so that 2^0 is 1.
inline F power_of_two(F x) {
    const F inside = Lanes::max(x, Lanes::set1(-200.0F));
    const F n = Lanes::nearest(inside);
    const F f = Lanes::sub(inside, n);
    F p = Lanes::set1(1.5353353e-4F);
    p = Lanes::fma(p, f, Lanes::set1(1.3398875e-3F));
    p = Lanes::fma(p, f, Lanes::set1(9.6184378e-3F));
    p = Lanes::fma(p, f, Lanes::set1(5.5503324e-2F));
    p = Lanes::fma(p, f, Lanes::set1(2.4022648e-1F));
    p = Lanes::fma(p, f, Lanes::set1(6.9314718e-1F));
    p = Lanes::fma(p, f, Lanes::set1(1.0F));
    return Lanes::times_power(p, n);
}

/// Scores of one query to weights 2^(score - maximum); positions outside [begin, end) weigh 0. With a cap the
/// scores are natural ones, else they come times log2 e.
void soften(float* scores, std::int32_t begin, std::int32_t end, float softcap, float* maximum, float* sum) {
    constexpr int kVectors = static_cast<int>(kPositions) / Lanes::kWidth;
    if (softcap > 0.0F) {
        const F inverse = Lanes::set1(1.0F / softcap);
        const F by = Lanes::set1(softcap * 1.44269504F);
        for (std::size_t i = 0; i < kPositions; i += kWidth) {
            const F capped = hyperbolic_tangent(Lanes::mul(Lanes::load(scores + i), inverse));
            Lanes::store(scores + i, Lanes::mul(by, capped));
        }
    }
    for (std::int32_t i = 0; i < begin; ++i) {
        scores[i] = kNone;
    }
    for (std::int32_t i = end; i < static_cast<std::int32_t>(kPositions); ++i) {
        scores[i] = kNone;
    }
    F row[kVectors];
    for (int v = 0; v < kVectors; ++v) {
        row[v] = Lanes::load(scores + v * Lanes::kWidth);
    }
    F most = row[0];
    for (int v = 1; v < kVectors; ++v) {
        most = Lanes::max(most, row[v]);
    }
    const float largest = Lanes::largest(most);
    const F shift = Lanes::set1(largest);
    F total = Lanes::zero();
    for (int v = 0; v < kVectors; ++v) {
        const F weight = power_of_two(Lanes::sub(row[v], shift));
        Lanes::store(scores + v * Lanes::kWidth, weight);
        total = Lanes::add(total, weight);
    }
    *maximum = largest;
    *sum = Lanes::sum(total);
}

void unpack(const std::uint16_t* from, std::size_t count, float* to) {
    for (std::size_t i = 0; i < count; i += kWidth) {
        Lanes::store(to + i, Lanes::from_half(from + i));
    }
}

/// Positions of the page that any query sees: [0, this).
inline std::size_t depth_of(const AttentionPage& p) {
    std::int32_t last = 0;
    for (std::size_t i = 0; i < p.count; ++i) {
        last = p.end[i] > last ? p.end[i] : last;
    }
    return static_cast<std::size_t>(last);
}

/// All scores to weights, with each query's maximum and sum.
void soften_all(const AttentionPage& p) {
    for (std::size_t i = 0; i < p.count; ++i) {
        float* scores = p.scores + i * kPositions;
        if (p.end[i] <=
            p.begin[i]) {  // sees nothing of this page: weights must not be NaN, nobody reads the result
            for (std::size_t k = 0; k < kPositions; ++k) {
                scores[k] = 0.0F;
            }
            p.maximum[i] = kNone;
            p.sum[i] = 0.0F;
            continue;
        }
        soften(scores, p.begin[i], p.end[i], p.softcap, &p.maximum[i], &p.sum[i]);
    }
}

/// As soften(), but the scores stay scores.
void measure(float* scores, std::int32_t begin, std::int32_t end, float softcap, float* maximum, float* sum) {
    if (softcap > 0.0F) {
        const F inverse = Lanes::set1(1.0F / softcap);
        const F by = Lanes::set1(softcap * 1.44269504F);
        for (std::size_t i = 0; i < kPositions; i += kWidth) {
            const F capped = hyperbolic_tangent(Lanes::mul(Lanes::load(scores + i), inverse));
            Lanes::store(scores + i, Lanes::mul(by, capped));
        }
    }
    for (std::int32_t i = 0; i < begin; ++i) {
        scores[i] = kNone;
    }
    for (std::int32_t i = end; i < static_cast<std::int32_t>(kPositions); ++i) {
        scores[i] = kNone;
    }
    F most = Lanes::load(scores);
    for (std::size_t i = kWidth; i < kPositions; i += kWidth) {
        most = Lanes::max(most, Lanes::load(scores + i));
    }
    const float largest = Lanes::largest(most);
    const F shift = Lanes::set1(largest);
    F total = Lanes::zero();
    for (std::size_t i = 0; i < kPositions; i += kWidth) {
        total = Lanes::add(total, power_of_two(Lanes::sub(Lanes::load(scores + i), shift)));
    }
    *maximum = largest;
    *sum = Lanes::sum(total);
}

void measure_all(const AttentionPage& p) {
    for (std::size_t i = 0; i < p.count; ++i) {
        float* scores = p.scores + i * kPositions;
        if (p.end[i] <= p.begin[i]) {
            for (std::size_t k = 0; k < kPositions; ++k) {
                scores[k] = kNone;
            }
            p.maximum[i] = kNone;
            p.sum[i] = 0.0F;
            continue;
        }
        measure(scores, p.begin[i], p.end[i], p.softcap, &p.maximum[i], &p.sum[i]);
    }
}

void half_scores(const AttentionPage& p) {
    const std::size_t columns = (depth_of(p) + 15) / 16 * 16;
    const auto* keys = reinterpret_cast<const std::uint16_t*>(p.keys);
    product(p.count, columns, p.queries, p.padded, Columns<std::uint16_t>{keys, kPositions}, p.head_size,
            p.scores, kPositions);
    measure_all(p);
}

void raise(const float* scores, float by, float* peaks) {
    const F down = Lanes::set1(by);
    for (std::size_t i = 0; i < kPositions; i += kWidth) {
        Lanes::store(peaks + i,
                     Lanes::max(Lanes::load(peaks + i), Lanes::sub(Lanes::load(scores + i), down)));
    }
}

void add_shares(const float* scores, float by, float* sums) {
    const F down = Lanes::set1(by);
    for (std::size_t i = 0; i < kPositions; i += kWidth) {
        Lanes::store(sums + i, Lanes::add(Lanes::load(sums + i),
                                          power_of_two(Lanes::sub(Lanes::load(scores + i), down))));
    }
}

void half_page(const AttentionPage& p) {
    const std::size_t depth = depth_of(p);
    const bool widen = p.count >= Lanes::kWidenFrom;
    const std::size_t columns = (depth + 15) / 16 * 16;
    const auto* keys = reinterpret_cast<const std::uint16_t*>(p.keys);
    const auto* values = reinterpret_cast<const std::uint16_t*>(p.values);
    if (widen) {
        unpack(keys, kPositions * p.head_size, p.unpacked);
        product(p.count, columns, p.queries, p.padded, Columns<float>{p.unpacked, kPositions}, p.head_size,
                p.scores, kPositions);
    } else {
        product(p.count, columns, p.queries, p.padded, Columns<std::uint16_t>{keys, kPositions}, p.head_size,
                p.scores, kPositions);
    }
    soften_all(p);
    if (widen) {
        unpack(values, depth * p.padded, p.unpacked);
        product(p.count, p.padded, p.scores, kPositions, Columns<float>{p.unpacked, p.padded}, depth, p.out,
                p.padded);
    } else {
        product(p.count, p.padded, p.scores, kPositions, Columns<std::uint16_t>{values, p.padded}, depth,
                p.out, p.padded);
    }
}

/// For each query of a page: the running state times `keep` plus the page's part times `take`.
void merge(const AttentionState& s, std::size_t count, const float* part, const float* part_maximum,
           const float* part_sum) {
    for (std::size_t first = 0; first < count; first += kWidth) {
        const std::size_t now = count - first < kWidth ? count - first : kWidth;
        const F before = Lanes::load_first(s.maximum + first, now);
        const F added = Lanes::load_first(part_maximum + first, now);
        const F most = Lanes::max(before, added);
        float keep[kWidth];
        float take[kWidth];
        float maximum[kWidth];
        Lanes::store(keep, power_of_two(Lanes::sub(before, most)));
        Lanes::store(take, power_of_two(Lanes::sub(added, most)));
        Lanes::store(maximum, most);
        for (std::size_t k = 0; k < now; ++k) {
            const std::size_t i = first + k;
            if (part_sum[i] == 0.0F) {
                continue;  // the query sees nothing of this page
            }
            const F old = Lanes::set1(keep[k]);
            const F fresh = Lanes::set1(take[k]);
            float* out = s.out + i * s.padded;
            const float* from = part + i * s.padded;
            for (std::size_t c = 0; c < s.padded; c += kWidth) {
                Lanes::store(out + c,
                             Lanes::fma(Lanes::load(from + c), fresh, Lanes::mul(Lanes::load(out + c), old)));
            }
            s.sum[i] = s.sum[i] * keep[k] + part_sum[i] * take[k];
            s.maximum[i] = maximum[k];
        }
    }
}

void finish(const float* from, float sum, float* to, std::size_t count) {
    const F by = Lanes::set1(1.0F / sum);
    std::size_t i = 0;
    for (; i + kWidth <= count; i += kWidth) {
        Lanes::store(to + i, Lanes::mul(Lanes::load(from + i), by));
    }
    if (i < count) {
        Lanes::store_first(to + i, Lanes::mul(Lanes::load_first(from + i, count - i), by), count - i);
    }
}

}  // namespace
}  // namespace tendril::engine

#include "engine/backend/cpu/attention_quantised.inl"

namespace tendril::engine {
namespace {

constexpr AttentionKernels kAllAttention = {{half_page, quantised_page<8>, quantised_page<4>},
                                            merge,
                                            {half_scores, quantised_scores<8>, quantised_scores<4>},
                                            raise,
                                            add_shares,
                                            finish,
                                            hadamard,
                                            {nullptr, round_q8, round_q4},
                                            kWholeQuery};

}  // namespace
}  // namespace tendril::engine
