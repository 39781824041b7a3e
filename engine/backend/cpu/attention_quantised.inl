// SPDX-License-Identifier: Apache-2.0
// Pages of q8_0 and q4_0: rounding on store, and attention over them. Where the instruction set has products
// of bytes, scores are sums of whole numbers (a query is 15 bits wide then, two bytes an input); elsewhere
// the page is made floats first. Included by attention_kernels.inl; internal linkage.

namespace tendril::engine {
namespace {

using I = Lanes::I;

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
constexpr bool kWholeScores = true;
#else
constexpr bool kWholeScores = false;
#endif

/// In blocks smaller than a vector.
inline void hadamard_small(float* x, std::size_t block) {
    for (std::size_t half = 1; half < block; half *= 2) {
        for (std::size_t i = 0; i < block; ++i) {
            if ((i & half) == 0) {
                const float a = x[i];
                const float b = x[i + half];
                x[i] = a + b;
                x[i + half] = a - b;
            }
        }
    }
}

/// The stages within a vector: each lane plus, or minus, its partner; the sums are those of the usual form.
template <int half>
inline F hadamard_stage(F x) {
    if constexpr (half < Lanes::kWidth) {
        float signs[kWidth];
        for (int i = 0; i < Lanes::kWidth; ++i) {
            signs[i] = (i & half) == 0 ? 1.0F : -1.0F;
        }
        return Lanes::fma(x, Lanes::load(signs), Lanes::template partner<half>(x));
    } else {
        return x;
    }
}

void hadamard(float* x, std::size_t size) {
    const std::size_t block = size & (~size + 1);
    const float norm = 1.0F / __builtin_sqrtf(static_cast<float>(block));
    if (block < kWidth) {
        for (std::size_t at = 0; at < size; at += block) {
            hadamard_small(x + at, block);
        }
        for (std::size_t i = 0; i < size; ++i) {
            x[i] *= norm;
        }
        return;
    }
    for (std::size_t i = 0; i < size; i += kWidth) {
        const F value = hadamard_stage<2>(hadamard_stage<1>(Lanes::load(x + i)));
        Lanes::store(x + i, hadamard_stage<8>(hadamard_stage<4>(value)));
    }
    for (std::size_t half = kWidth; half < block; half *= 2) {
        for (std::size_t start = 0; start < size; start += 2 * half) {
            for (std::size_t i = start; i < start + half; i += kWidth) {
                const F a = Lanes::load(x + i);
                const F b = Lanes::load(x + i + half);
                Lanes::store(x + i, Lanes::add(a, b));
                Lanes::store(x + i + half, Lanes::sub(a, b));
            }
        }
    }
    const F by = Lanes::set1(norm);
    for (std::size_t i = 0; i < size; i += kWidth) {
        Lanes::store(x + i, Lanes::mul(Lanes::load(x + i), by));
    }
}

constexpr int kBlockVectors = 32 / Lanes::kWidth;

/// 32 values; false, with a NaN scale and codes of 0, when one is not finite: a broken model shows.
inline bool load_block(const float* from, F* x, std::int8_t* codes, std::uint16_t* scale) {
    F broken = Lanes::zero();
    for (int v = 0; v < kBlockVectors; ++v) {
        x[v] = Lanes::load(from + v * Lanes::kWidth);
        broken = Lanes::add(broken, Lanes::sub(x[v], x[v]));
    }
    const float bad = Lanes::sum(broken);
    if (bad == 0.0F) {
        return true;
    }
    for (int i = 0; i < 32; ++i) {
        codes[i] = 0;
    }
    *scale = 0x7E00;
    return false;
}

inline void put_scale(float value, std::uint16_t* scale) {
    std::uint16_t halves[kWidth];
    Lanes::to_half(halves, Lanes::set1(value));
    *scale = halves[0];
}

void round_q8(const float* from, std::int8_t* codes, std::uint16_t* scale) {
    F x[kBlockVectors];
    if (!load_block(from, x, codes, scale)) {
        return;
    }
    F largest = Lanes::zero();
    for (const F& value : x) {
        largest = Lanes::max(largest, Lanes::abs(value));
    }
    const float most = Lanes::largest(largest);
    put_scale(most / 127.0F, scale);
    const F inverse = Lanes::set1(most > 0.0F ? 127.0F / most : 0.0F);
    for (int v = 0; v < kBlockVectors; ++v) {
        Lanes::to_s8(codes + v * Lanes::kWidth, Lanes::round(Lanes::mul(x[v], inverse)));
    }
}

void round_q4(const float* from, std::int8_t* codes, std::uint16_t* scale) {
    F x[kBlockVectors];
    if (!load_block(from, x, codes, scale)) {
        return;
    }
    F high = x[0];
    F low = x[0];
    for (const F& value : x) {
        high = Lanes::max(high, value);
        low = Lanes::min(low, value);
    }
    const float above = Lanes::largest(high);
    const float below = Lanes::largest(Lanes::sub(Lanes::zero(), low));
    const float most = above >= below ? above : -below;
    put_scale(most / -8.0F, scale);
    const F inverse = Lanes::set1(most != 0.0F ? -8.0F / most : 0.0F);
    for (int v = 0; v < kBlockVectors; ++v) {
        const F value = Lanes::min(Lanes::mul(x[v], inverse), Lanes::set1(7.0F));
        Lanes::to_s8(codes + v * Lanes::kWidth, Lanes::round(value));
    }
}

/// Keys to floats, [padded][64].
template <int kBits>
void unpack_keys(const AttentionPage& p) {
    const I mask = Lanes::iset1(kBits == 8 ? 255 : 15);
    const F bias = Lanes::set1(kBits == 8 ? 128.0F : 8.0F);
    constexpr int kInputs = 32 / kBits;  // of one word
    for (std::size_t group = 0; group < p.padded / kInputs; ++group) {
        float* to = p.unpacked + group * kInputs * kPositions;
        const std::uint16_t* scales = p.key_scales + group * kInputs / 32 * kPositions;
        for (std::size_t at = 0; at < kPositions; at += kWidth) {
            const I words = Lanes::iload(p.keys + (group * kPositions + at) * 4);
            const F scale = Lanes::from_half(scales + at);
            const auto put = [&](int input, I shifted) {
                const F value = Lanes::sub(Lanes::to_float(Lanes::iand(shifted, mask)), bias);
                Lanes::store(to + static_cast<std::size_t>(input) * kPositions + at,
                             Lanes::mul(value, scale));
            };
            put(0, words);
            put(1, Lanes::right<8>(words));
            put(2, Lanes::right<16>(words));
            put(3, Lanes::right<24>(words));
            if constexpr (kBits == 4) {
                put(4, Lanes::right<4>(words));
                put(5, Lanes::right<12>(words));
                put(6, Lanes::right<20>(words));
                put(7, Lanes::right<28>(words));
            }
        }
    }
}

template <int kBits>
struct Codes {  // the values of 32 inputs of a page as they are, without their scales
    const std::uint8_t* at;
    std::size_t stride;
    F load(std::size_t k, int v) const {
        const std::uint8_t* row = at + k * stride;
        if constexpr (kBits == 8) {
            return Lanes::from_s8(row + v * Lanes::kWidth);
        } else {
            const I bytes = Lanes::widen_u8(row + v * Lanes::kWidth % 16);
            const I code =
                v * Lanes::kWidth < 16 ? Lanes::iand(bytes, Lanes::iset1(15)) : Lanes::right<4>(bytes);
            return Lanes::to_float(Lanes::iadd(code, Lanes::iset1(-8)));
        }
    }
};

/// out[count][32 of padded] = weights, times the scale of each position, · codes
template <int kBits, int R>
void mix_rows(const AttentionPage& p, std::size_t first, std::size_t block, std::size_t depth) {
    constexpr int V = kBlockVectors;
    const Codes<kBits> codes{p.values + block * 4 * kBits, p.padded * kBits / 8};
    const float* weights = p.weights + first * kPositions;
    tile<R, V>(weights, kPositions, codes, depth, p.out + first * p.padded + block * 32, p.padded);
}

template <int kBits, int R>
void mix_up_to(const AttentionPage& p, std::size_t first, std::size_t rows, std::size_t block,
               std::size_t depth) {
    if (rows == R) {
        mix_rows<kBits, R>(p, first, block, depth);
    } else if constexpr (R > 1) {
        mix_up_to<kBits, R - 1>(p, first, rows, block, depth);
    }
}

/// The codes of a block to floats, [depth][32]: for many rows, where a conversion costs much.
template <int kBits>
void unpack_codes(const AttentionPage& p, std::size_t block, std::size_t depth) {
    const Codes<kBits> codes{p.values + block * 4 * kBits, p.padded * kBits / 8};
    for (std::size_t k = 0; k < depth; ++k) {
        for (int v = 0; v < kBlockVectors; ++v) {
            Lanes::store(p.unpacked + k * 32 + static_cast<std::size_t>(v) * kWidth, codes.load(k, v));
        }
    }
}

template <int kBits>
void mix(const AttentionPage& p, std::size_t depth) {
    constexpr std::size_t kRows = Lanes::kMixRows;
    for (std::size_t block = 0; block < p.padded / 32; ++block) {
        F scales[kPositions / kWidth];
        for (std::size_t i = 0; i < kPositions / kWidth; ++i) {
            scales[i] = Lanes::from_half(p.value_scales + block * kPositions + i * kWidth);
        }
        for (std::size_t q = 0; q < p.count; ++q) {
            for (std::size_t i = 0; i < kPositions / kWidth; ++i) {
                const std::size_t at = q * kPositions + i * kWidth;
                Lanes::store(p.weights + at, Lanes::mul(Lanes::load(p.scores + at), scales[i]));
            }
        }
        if (p.count >= Lanes::kWidenFrom) {  // the same sums in the same order
            unpack_codes<kBits>(p, block, depth);
            tiled_product<Lanes::kManyRows, Lanes::kManyVectors>(p.count, 32, p.weights, kPositions,
                                                                 Columns<float>{p.unpacked, 32}, depth,
                                                                 p.out + block * 32, p.padded);
            continue;
        }
        for (std::size_t first = 0; first < p.count; first += kRows) {
            mix_up_to<kBits, static_cast<int>(kRows)>(
                p, first, p.count - first < kRows ? p.count - first : kRows, block, depth);
        }
    }
}

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)

/// 256 * high + low of an input lies within ±32512; both fit a byte.
void whole_query(const float* from, std::size_t blocks, QueryBlock* to) {
    for (std::size_t b = 0; b < blocks; ++b) {
        F x[kBlockVectors];
        F largest = Lanes::zero();
        F broken = Lanes::zero();
        for (int v = 0; v < kBlockVectors; ++v) {
            x[v] = Lanes::load(from + b * 32 + static_cast<std::size_t>(v) * kWidth);
            largest = Lanes::max(largest, Lanes::abs(x[v]));
            broken = Lanes::add(broken, Lanes::sub(x[v], x[v]));
        }
        const float most = Lanes::largest(largest);
        to[b].scale = most / 32512.0F + Lanes::sum(broken);
        const F inverse = Lanes::set1(most > 0.0F ? 32512.0F / most : 0.0F);
        const F limit = Lanes::set1(32512.0F);
        I total = Lanes::izero();
        for (int v = 0; v < kBlockVectors; ++v) {
            const F inside =
                Lanes::max(Lanes::min(Lanes::mul(x[v], inverse), limit), Lanes::sub(Lanes::zero(), limit));
            const I whole = Lanes::round(inside);
            const I high = Lanes::iadd(Lanes::right<8>(Lanes::iadd(whole, Lanes::iset1(32768 + 128))),
                                       Lanes::iset1(-128));
            const I minus_high = Lanes::iadd(Lanes::ixor(high, Lanes::iset1(-1)), Lanes::iset1(1));
            Lanes::to_s8(to[b].high + v * Lanes::kWidth, high);
            Lanes::to_s8(to[b].low + v * Lanes::kWidth, Lanes::iadd(whole, Lanes::left<8>(minus_high)));
            total = Lanes::iadd(total, whole);
        }
        to[b].minus_sum = -Lanes::isum(total);
    }
}
constexpr auto kWholeQuery = whole_query;

/// Scores of R queries and V vectors of positions.
template <int kBits, int R, int V>
void score_tile(const AttentionPage& p, std::size_t first, std::size_t column) {
    const std::size_t blocks = p.padded / 32;
    const QueryBlock* queries = p.whole_queries + first * blocks;
    F sums[R][V];
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            sums[r][v] = Lanes::zero();
        }
    }
    const I nibbles = Lanes::iset1(0x0F0F0F0F);
    for (std::size_t b = 0; b < blocks; ++b) {
        I high[R][V];
        I low[R][V];
        for (int r = 0; r < R; ++r) {
            const I start = Lanes::iset1(queries[static_cast<std::size_t>(r) * blocks + b].minus_sum *
                                         (kBits == 8 ? 128 : 8));
            for (int v = 0; v < V; ++v) {
                high[r][v] = Lanes::izero();
                low[r][v] = start;
            }
        }
        const auto add = [&](const I* codes, std::size_t input) {
            for (int r = 0; r < R; ++r) {
                const QueryBlock& q = queries[static_cast<std::size_t>(r) * blocks + b];
                for (int v = 0; v < V; ++v) {
                    high[r][v] = Lanes::dot<8, 1>(codes + v, q.high + input, high[r][v]);
                    low[r][v] = Lanes::dot<8, 1>(codes + v, q.low + input, low[r][v]);
                }
            }
        };
        const std::uint8_t* keys = p.keys + (b * kBits * kPositions + column) * 4;
        for (std::size_t group = 0; group < kBits; ++group, keys += kPositions * 4) {
            I codes[V];
            for (int v = 0; v < V; ++v) {
                codes[v] = Lanes::iload(keys + v * Lanes::kWidth * 4);
            }
            if constexpr (kBits == 8) {
                add(codes, group * 4);
            } else {
                I upper[V];
                for (int v = 0; v < V; ++v) {
                    upper[v] = Lanes::iand(Lanes::right<4>(codes[v]), nibbles);
                    codes[v] = Lanes::iand(codes[v], nibbles);
                }
                add(codes, group * 8);
                add(upper, group * 8 + 4);
            }
        }
        for (int v = 0; v < V; ++v) {
            const F scale = Lanes::from_half(p.key_scales + b * kPositions + column +
                                             static_cast<std::size_t>(v) * kWidth);
            for (int r = 0; r < R; ++r) {
                const F by = Lanes::set1(queries[static_cast<std::size_t>(r) * blocks + b].scale);
                const F whole = Lanes::to_float(Lanes::iadd(Lanes::left<8>(high[r][v]), low[r][v]));
                sums[r][v] = Lanes::fma(Lanes::mul(whole, by), scale, sums[r][v]);
            }
        }
    }
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            Lanes::store(p.scores + (first + static_cast<std::size_t>(r)) * kPositions + column +
                             static_cast<std::size_t>(v) * kWidth,
                         sums[r][v]);
        }
    }
}

template <int kBits, int R>
void score_rows(const AttentionPage& p, std::size_t first, std::size_t rows, std::size_t column) {
    if (rows == R) {
        score_tile<kBits, R, Lanes::kScoreVectors>(p, first, column);
    } else if constexpr (R > 1) {
        score_rows<kBits, R - 1>(p, first, rows, column);
    }
}

template <int kBits>
void whole_scores(const AttentionPage& p, std::size_t columns) {
    constexpr std::size_t kRows = Lanes::kScoreRows;
    for (std::size_t column = 0; column < columns; column += Lanes::kScoreVectors * kWidth) {
        for (std::size_t first = 0; first < p.count; first += kRows) {
            score_rows<kBits, static_cast<int>(kRows)>(
                p, first, p.count - first < kRows ? p.count - first : kRows, column);
        }
    }
}

#else
constexpr void (*kWholeQuery)(const float*, std::size_t, QueryBlock*) = nullptr;

template <int kBits>
void whole_scores(const AttentionPage&, std::size_t) {}
#endif

template <int kBits>
void score_page(const AttentionPage& p) {
    const std::size_t columns = (depth_of(p) + 15) / 16 * 16;
    if constexpr (kWholeScores) {
        whole_scores<kBits>(p, columns);
    } else {
        unpack_keys<kBits>(p);
        product(p.count, columns, p.queries, p.padded, Columns<float>{p.unpacked, kPositions}, p.padded,
                p.scores, kPositions);
    }
}

template <int kBits>
void quantised_page(const AttentionPage& p) {
    score_page<kBits>(p);
    soften_all(p);
    mix<kBits>(p, depth_of(p));
}

template <int kBits>
void quantised_scores(const AttentionPage& p) {
    score_page<kBits>(p);
    measure_all(p);
}

}  // namespace
}  // namespace tendril::engine
