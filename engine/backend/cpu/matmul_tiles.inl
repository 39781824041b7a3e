// SPDX-License-Identifier: Apache-2.0
// Completes matmul_words.inl for processors with matrix tiles (AMX): many rows multiply decoded blocks as
// tiles, 8 rows by one vector of outputs by a block. Whole numbers are exact, and they are scaled and added
// in the same order as by words: the same bits. Include after a lanes_*.inl, a tiles_*.inl and
// matmul_words.inl; internal linkage.

namespace tendril::engine {
namespace {

/// Tiles 0..3: sums of part p and vector v in 2p + v; 4, 5: rows; 6, 7: weights. A part is a block, or half a
/// block where halves have their own scales.
struct ByTiles {
    static constexpr std::size_t kFrom = 9;
    static constexpr bool kSigned = true;
    static constexpr int kColumnBytes = 4 * Lanes::kWidth;

    template <DataType kType>
    static constexpr int kPartInputs = kType == DataType::q6_k ? 16 : 32;

    /// Rows beyond the last of a panel are multiplied too (their sums are not written).
    template <DataType kType>
    static void begin() {
        TileShapes shapes{};
        for (int t = 0; t < 4; ++t) {
            shapes.set(t, kTile, kColumnBytes);
        }
        for (int t = 4; t < 6; ++t) {
            shapes.set(t, kTile, kPartInputs<kType>);
        }
        for (int t = 6; t < 8; ++t) {
            shapes.set(t, kPartInputs<kType> / 4, kColumnBytes);
        }
        Tiles::configure(shapes);
    }
    static void end() { Tiles::release(); }

    template <int V>
    struct Sums {
        alignas(64) std::int32_t part[2][V][kTile][Lanes::kWidth];
        I at(int p, int r, int v) const { return Lanes::iload(part[p][v][r]); }
    };

    /// Part p of a block: its rows at q (32 bytes apart), its weights from vector `first` on.
    template <int p, int V>
    static void multiply_part(const std::int8_t* q, const Decoded<V>& from, int block, int first,
                              Sums<V>& to) {
        Tiles::load<4 + p>(q, 32);
        multiply_vector<p, 0>(from.bytes[block][0][first], to.part[p][0][0]);
        if constexpr (V == 2) {
            multiply_vector<p, 1>(from.bytes[block][1][first], to.part[p][1][0]);
        }
    }

    template <int p, int v>
    static void multiply_vector(const std::uint8_t* weights, std::int32_t* to) {
        Tiles::zero<2 * p + v>();
        Tiles::load<6 + v>(weights, kColumnBytes);
        Tiles::dot_s8<2 * p + v, 4 + p, 6 + v>();
        Tiles::store<2 * p + v>(to, kColumnBytes);
    }

    template <DataType kType, int V>
    static void add(const Decoded<V>& decoded, int count, const ActivationBlock<kTile>* tiles,
                    std::size_t stride, std::size_t rows, float (*sums)[V][Lanes::kWidth]) {
        for (std::size_t at = 0; at < rows; at += kTile, tiles += stride) {
            add_tile<kType, V>(decoded, count, tiles, sums + at);
        }
    }

    template <DataType kType, int V>
    static void add_tile(const Decoded<V>& decoded, int count, const ActivationBlock<kTile>* tile,
                         float (*memory)[V][Lanes::kWidth]) {
        Sums<V> whole;
        F sums[kTile][V];
        for (int r = 0; r < kTile; ++r) {
            for (int v = 0; v < V; ++v) {
                sums[r][v] = Lanes::load(memory[r][v]);
            }
        }
        if constexpr (kType == DataType::q6_k) {
            for (int b = 0; b < count; ++b) {
                multiply_part<0>(tile[b].q[0], decoded, b, 0, whole);
                multiply_part<1>(tile[b].q[0] + 16, decoded, b, 4, whole);
                add_halves(DecodedBlock<kType, V>{decoded, b}, tile[b], whole, sums);
            }
        } else {
            const auto add_part = [&](int p, int b) {
                add_scaled<kType>(
                    DecodedBlock<kType, V>{decoded, b}, BlockRows<kTile>(tile[b], 0),
                    [&](int r, int v) { return whole.at(p, r, v); }, sums);
            };
            for (int b = 0; b < count;
                 b += 2) {  // two at once: the second is multiplied while the first is scaled
                multiply_part<0>(tile[b].q[0], decoded, b, 0, whole);
                if (b + 1 < count) {
                    multiply_part<1>(tile[b + 1].q[0], decoded, b + 1, 0, whole);
                }
                add_part(0, b);
                if (b + 1 < count) {
                    add_part(1, b + 1);
                }
            }
        }
        for (int r = 0; r < kTile; ++r) {
            for (int v = 0; v < V; ++v) {
                Lanes::store(memory[r][v], sums[r][v]);
            }
        }
    }

    /// As in add_block() for half blocks with their own scales.
    template <int V>
    static void add_halves(const DecodedBlock<DataType::q6_k, V>& block, const ActivationBlock<kTile>& a,
                           const Sums<V>& whole, F (&sums)[kTile][V]) {
        for (int v = 0; v < V; ++v) {
            const BlockScales scales = block.scales(v);
            for (int r = 0; r < kTile; ++r) {
                const F first = Lanes::mul(Lanes::to_float(whole.at(0, r, v)), scales.first);
                const F both = Lanes::fma(Lanes::to_float(whole.at(1, r, v)), scales.second, first);
                sums[r][v] = Lanes::fma(both, Lanes::set1(a.scale[r]), sums[r][v]);
            }
        }
    }
};

/// bfloat16: sums of two groups in tiles 0 and 1, rows in 4, weights in 6 and 7: 32 inputs at a time, as they
/// lie in memory.
struct BfloatByTiles {
    static void begin() {
        TileShapes shapes{};
        shapes.set(0, kTile, 64);
        shapes.set(1, kTile, 64);
        shapes.set(4, kTile, 64);
        shapes.set(6, 16, 64);
        shapes.set(7, 16, 64);
        Tiles::configure(shapes);
    }
    static void end() { Tiles::release(); }
    /// As ByPairs::add.
    static void add(const BfloatRows& in, std::size_t, std::size_t blocks, const std::uint8_t* weights,
                    std::size_t stride, std::size_t groups, bool stream, BfloatSums* sums) {
        for (std::size_t g = 0; g < groups; g += 2) {
            add_groups(in, blocks, weights + g * stride, g + 1 < groups ? stride : 0, stream, sums + g);
        }
    }
    /// One group, or two where `stride` is not 0.
    static void add_groups(const BfloatRows& in, std::size_t blocks, const std::uint8_t* weights,
                           std::size_t stride, bool stream, BfloatSums* sums) {
        Tiles::load<0>(sums[0], 64);
        if (stride != 0) {
            Tiles::load<1>(sums[1], 64);
        }
        for (std::size_t b = 0; b < blocks; ++b, weights += 1024) {
            for (std::size_t line = 0; stream && line < 1024; line += 64) {
                Lanes::prefetch(weights + kAhead + line);
                Lanes::prefetch(weights + stride + kAhead + line);
            }
            Tiles::load<4>(in[0] + 32 * b, sizeof in[0]);
            Tiles::load<6>(weights, 64);
            Tiles::dot_bf16<0, 4, 6>();
            if (stride != 0) {
                Tiles::load<7>(weights + stride, 64);
                Tiles::dot_bf16<1, 4, 7>();
            }
        }
        Tiles::store<0>(sums[0], 64);
        if (stride != 0) {
            Tiles::store<1>(sums[1], 64);
        }
    }
};

template <DataType kType>
void multiply(const MatmulPiece& piece) {
    multiply_by<kType, ByTiles>(piece);
}

}  // namespace
}  // namespace tendril::engine
