// SPDX-License-Identifier: Apache-2.0
// Products of packed weights with quantised activations for lanes that add four products of bytes to a lane
// at once (Lanes::dot_word). Each block of 32 inputs is summed in whole numbers, then acc = fma(sum, weight
// scale * activation scale, acc), block after block, the same for any number of rows: few rows read the
// packed weights themselves, many rows share blocks that were decoded for them. Include after a lanes_*.inl;
// internal linkage.

#include "engine/backend/cpu/matmul_blocks.inl"

namespace tendril::engine {
namespace {

constexpr int kChunk = kSuperBlocks;    // blocks that are decoded at once for many rows
constexpr std::size_t kPanelTiles = 8;  // row tiles that share them

/// Outputs that lie in one vector.
struct Outputs {
    const std::uint8_t* scales;  // of their group
    const std::uint8_t* planes;  // of their first block, at their lane
    int lane;
    std::size_t first;  // in the piece
};

inline Outputs outputs_at(const MatmulPiece& piece, std::size_t vector) {
    const std::uint8_t* group = piece.weight + vector / kHalves * piece.group_bytes;
    const int lane = static_cast<int>(vector % kHalves) * Lanes::kWidth;
    return {group, group + piece.quant_start + lane * 4, lane, vector * Lanes::kWidth};
}

/// A block of some vectors of outputs, read from the packed weights.
template <DataType kType>
struct PackedBlock {
    static constexpr PackedFormat kFormat = packed_format(kType);
    const Outputs* w;
    std::size_t block;
    template <int kFirst, int kCount>
    void load(int v, I* to) const {
        load_vectors<kFormat.bits, kFirst, kCount>(w[v].planes + block * kFormat.quant_bytes, to);
    }
    BlockScales scales(int v) const { return block_scales<kType>(w[v].scales, block, w[v].lane); }
};

/// Fetches weights ahead of their use, a step with each block that is computed: the rest of these groups,
/// then the groups that come next, up to the end of the piece.
class Stream {
  public:
    /// `groups` groups from `group` on are read side by side, each in so many steps.
    Stream(const MatmulPiece& piece, std::size_t group, std::size_t groups, std::size_t steps)
        : base_(piece.weight + group * piece.group_bytes),
          groups_(groups),
          wrap_(piece.group_bytes),
          end_((piece.groups - group) * piece.group_bytes),
          next_(piece.quant_start + kAhead),
          step_(piece.group_bytes / steps + 1),
          target_(next_) {
        if (group == 0) {
            fetch(0, next_);  // nobody has done it before
        }
    }
    void advance() {
        target_ += step_;
        if (next_ < target_) {
            next_ = fetch(next_, target_);
        }
    }

  private:
    std::size_t fetch(std::size_t at, std::size_t until) const {
        for (; at < until; at += 64) {
            const std::size_t first = at < wrap_ ? at : at + (groups_ - 1) * wrap_;
            for (std::size_t g = 0; g < groups_; ++g) {
                if (first + g * wrap_ < end_) {
                    Lanes::prefetch(base_ + first + g * wrap_);
                }
            }
        }
        return at;
    }

    const std::uint8_t* base_;
    std::size_t groups_, wrap_, end_, next_, step_, target_;
};

/// Blocks of V vectors of outputs with a byte a weight and scales as floats.
template <int V>
struct Decoded {
    alignas(64) std::uint8_t bytes[kChunk][V][8][4 * Lanes::kWidth];
    alignas(64) float scales[kChunk][V][2][Lanes::kWidth];
};

template <DataType kType, int V>
struct DecodedBlock {
    const Decoded<V>& from;
    int block;
    template <int kFirst, int kCount>
    void load(int v, I* to) const {
        for (int j = 0; j < kCount; ++j) {
            to[j] = Lanes::iload(from.bytes[block][v][kFirst + j]);
        }
    }
    BlockScales scales(int v) const {
        const auto& at = from.scales[block][v];
        const F other = Lanes::load(at[1]);
        return kType == DataType::q6_k ? BlockScales{Lanes::load(at[0]), other, Lanes::zero()}
                                       : BlockScales{Lanes::load(at[0]), Lanes::zero(), other};
    }
};

/// kSigned: bytes are values, else they are as stored, without sign.
template <DataType kType, int V, bool kSigned>
void decode(const Outputs* w, std::size_t first, int count, Stream* stream, Decoded<V>& to) {
    for (int b = 0; b < count; ++b) {
        const PackedBlock<kType> block{w, first + static_cast<std::size_t>(b)};
        if (stream != nullptr) {
            stream->advance();
        }
        for (int v = 0; v < V; ++v) {
            I vectors[8];
            block.template load<0, 8>(v, vectors);
            for (int j = 0; j < 8; ++j) {
                constexpr int kOffset = packed_format(kType).offset;
                Lanes::istore(to.bytes[b][v][j],
                              kSigned ? Lanes::isub_bytes(vectors[j], Lanes::iset1(kOffset * 0x01010101U))
                                      : vectors[j]);
            }
            const BlockScales scales = block.scales(v);
            Lanes::store(to.scales[b][v][0], scales.first);
            Lanes::store(to.scales[b][v][1], kType == DataType::q6_k ? scales.second : scales.minimum);
        }
    }
}

/// Rows of a block from one on, at constant offsets: row r has its inputs at q + 32 r.
template <int T>
struct BlockRows {
    const std::int8_t* q;
    const float* scale;
    const float* sum;
    const std::int32_t* minus_sum;  // of the first half block; of the second: T further
    BlockRows(const ActivationBlock<T>& a, std::size_t first)
        : q(a.q[0] + 32 * first),
          scale(a.scale + first),
          sum(a.sum + first),
          minus_sum(a.minus_sum[0] + first) {}
};

/// The sums in whole numbers of R rows and V vectors of outputs over vectors kFirst to kEnd of a block, step
/// by step: a word of a row is loaded once for all outputs, a vector of weights once for all rows.
template <int kFirst, int kEnd, int V, int R, typename Block>
inline void add_words(const Block& block, const std::int8_t* q, I (&dots)[R][V]) {
    constexpr int kStep = Lanes::kTileStep;
    I vectors[V][kStep];
    for (int v = 0; v < V; ++v) {
        block.template load<kFirst, kStep>(v, vectors[v]);
    }
    for (int j = 0; j < kStep; ++j) {
        for (int r = 0; r < R; ++r) {
            const I word = Lanes::word(q + 32 * r + 4 * (kFirst + j));
            for (int v = 0; v < V; ++v) {
                dots[r][v] = Lanes::dot_word(dots[r][v], vectors[v][j], word);
            }
        }
    }
    if constexpr (kFirst + kStep < kEnd) {
        add_words<kFirst + kStep, kEnd>(block, q, dots);
    }
}

/// Starts the sums over halves kFirst to kEnd with what makes up for weights that are stored without sign.
template <int kOffset, int kFirst, int kEnd, int V, int R, int T>
inline void start_dots(const BlockRows<T>& a, I (&dots)[R][V]) {
    for (int r = 0; r < R; ++r) {
        I start = Lanes::izero();
        if constexpr (kOffset != 0) {
            const std::int32_t sum =
                a.minus_sum[T * kFirst + r] + (kEnd - kFirst == 2 ? a.minus_sum[T + r] : 0);
            start = Lanes::left<log2_of(kOffset)>(Lanes::iset1(sum));
        }
        for (int v = 0; v < V; ++v) {
            dots[r][v] = start;
        }
    }
}

/// Adds a block's sums in whole numbers, dot(row, vector), to the sums of R rows and V vectors of outputs.
template <DataType kType, int V, int R, int T, typename Block, typename Dot>
inline void add_scaled(const Block& block, const BlockRows<T>& a, Dot&& dot, F (&sums)[R][V]) {
    BlockScales scales[V];
    for (int v = 0; v < V; ++v) {
        scales[v] = block.scales(v);
    }
    for (int r = 0; r < R; ++r) {
        const F scale = Lanes::set1(a.scale[r]);
        const F total = Lanes::set1(a.sum[r]);
        for (int v = 0; v < V; ++v) {
            F sum = Lanes::fma(Lanes::to_float(dot(r, v)), Lanes::mul(scales[v].first, scale), sums[r][v]);
            if constexpr (packed_format(kType).minima) {
                sum = Lanes::fma(scales[v].minimum, total, sum);
            }
            sums[r][v] = sum;
        }
    }
}

/// One block of R rows and V vectors of outputs, added to their sums.
template <DataType kType, int V, int R, int T, typename Block>
inline void add_block(const Block& block, const BlockRows<T>& a, F (&sums)[R][V]) {
    constexpr PackedFormat kFormat = packed_format(kType);
    I dots[R][V];
    if constexpr (kType == DataType::q6_k) {
        BlockScales scales[V];
        F firsts[R][V];
        start_dots<kFormat.offset, 0, 1>(a, dots);
        add_words<0, 4>(block, a.q, dots);
        for (int v = 0; v < V; ++v) {
            scales[v] = block.scales(v);
        }
        for (int r = 0; r < R; ++r) {
            for (int v = 0; v < V; ++v) {
                firsts[r][v] = Lanes::mul(Lanes::to_float(dots[r][v]), scales[v].first);
            }
        }
        start_dots<kFormat.offset, 1, 2>(a, dots);
        add_words<4, 8>(block, a.q, dots);
        for (int r = 0; r < R; ++r) {
            const F scale = Lanes::set1(a.scale[r]);
            for (int v = 0; v < V; ++v) {
                const F both = Lanes::fma(Lanes::to_float(dots[r][v]), scales[v].second, firsts[r][v]);
                sums[r][v] = Lanes::fma(both, scale, sums[r][v]);
            }
        }
        return;
    }
    start_dots<kFormat.offset, 0, 2>(a, dots);
    add_words<0, 8>(block, a.q, dots);
    add_scaled<kType>(
        block, a, [&](int r, int v) { return dots[r][v]; }, sums);
}

/// Where blocks come from: the packed weights themselves, or decoded ones.
template <DataType kType>
struct PackedBlocks {
    const Outputs* w;
    std::size_t first;
    PackedBlock<kType> block(int b) const { return {w, first + static_cast<std::size_t>(b)}; }
};

template <DataType kType, int V>
struct DecodedBlocks {
    const Decoded<V>& from;
    DecodedBlock<kType, V> block(int b) const { return {from, b}; }
};

/// Some blocks for R rows of a tile, from row `first` on, added to their sums in memory.
template <DataType kType, int V, int R, int T, typename Blocks>
void rows_by_blocks(const Blocks& blocks, int count, const ActivationBlock<T>* tile, std::size_t first,
                    Stream* stream, float (*memory)[V][Lanes::kWidth]) {
    F sums[R][V];
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            sums[r][v] = Lanes::load(memory[r][v]);
        }
    }
    for (int b = 0; b < count; ++b) {
        if (stream != nullptr) {
            stream->advance();
        }
        add_block<kType>(blocks.block(b), BlockRows<T>(tile[b], first), sums);
    }
    for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) {
            Lanes::store(memory[r][v], sums[r][v]);
        }
    }
}

template <int n>
struct Count {
    static constexpr int value = n;
};

/// Calls body(Count<R>) for R = rows.
template <int R, typename Body>
inline void with_count(std::size_t rows, Body&& body) {
    if (rows == R) {
        body(Count<R>{});
    } else if constexpr (R > 1) {
        with_count<R - 1>(rows, body);
    }
}

/// Calls body(first, Count<R>) for the rows of a tile, as many at once as the registers hold.
template <typename Body>
inline void by_rows(std::size_t rows, Body&& body) {
    constexpr std::size_t kRows = Lanes::kTileRows;
    for (std::size_t first = 0; first < rows; first += kRows) {
        with_count<Lanes::kTileRows>(rows - first < kRows ? rows - first : kRows,
                                     [&](auto count) { body(first, count); });
    }
}

/// How many rows are multiplied by decoded blocks: here by words, with matmul_tiles.inl by tiles.
struct ByWords {
    static constexpr std::size_t kFrom = 24;  // rows from which decoding pays
    static constexpr bool kSigned = false;
    template <DataType kType>
    static void begin() {}
    static void end() {}
    /// Some decoded blocks for `rows` rows from the block `tiles` on (tile to tile: `stride` blocks).
    template <DataType kType, int V>
    static void add(const Decoded<V>& decoded, int count, const ActivationBlock<kTile>* tiles,
                    std::size_t stride, std::size_t rows, float (*sums)[V][Lanes::kWidth]) {
        for (std::size_t at = 0; at < rows; at += kTile, tiles += stride) {
            by_rows(rows - at < kTile ? rows - at : kTile, [&](std::size_t first, auto r) {
                rows_by_blocks<kType, V, decltype(r)::value>(DecodedBlocks<kType, V>{decoded}, count, tiles,
                                                             first, nullptr, sums + at + first);
            });
        }
    }
};

template <int V>
void write_all(const MatmulPiece& piece, const Outputs* w, std::size_t row, std::size_t rows,
               const float (*sums)[V][Lanes::kWidth]) {
    for (std::size_t r = 0; r < rows; ++r) {
        for (int v = 0; v < V; ++v) {
            write(piece, row + r, w[v].first, Lanes::load(sums[r][v]));
        }
    }
}

/// Groups that V vectors from `vector` on read for the first time (the second half of a group finds it in a
/// cache).
template <int V>
inline std::size_t new_groups(std::size_t vector) {
    return V >= kHalves ? V / kHalves : (vector % kHalves == 0 ? 1 : 0);
}

/// V vectors of outputs for the rows of up to kPanelTiles tiles, from row `row` of the piece.
template <DataType kType, int V, typename Many>
void panel(const MatmulPiece& piece, const Outputs* w, std::size_t row, std::size_t rows, Stream* stream) {
    alignas(64) float sums[kPanelTiles * kTile][V][Lanes::kWidth];
    Decoded<V> decoded;
    __builtin_memset(sums, 0, sizeof sums);
    const auto* tiles =
        static_cast<const ActivationBlock<kTile>*>(piece.activations) + row / kTile * piece.blocks;
    for (std::size_t block = 0; block < piece.blocks; block += kChunk) {
        const std::size_t left = piece.blocks - block;
        const int count = left < kChunk ? static_cast<int>(left) : kChunk;
        decode<kType, V, Many::kSigned>(w, block, count, stream, decoded);
        Many::template add<kType, V>(decoded, count, tiles + block, piece.blocks, rows, sums);
    }
    write_all<V>(piece, w, row, rows, sums);
}

/// Few rows, which wait for memory: each chunk of blocks for all of them, so that memory never waits for
/// them.
template <DataType kType, int V, typename Many>
void few_rows(const MatmulPiece& piece, const Outputs* w, std::size_t vector) {
    alignas(64) float sums[Many::kFrom][V][Lanes::kWidth];
    __builtin_memset(sums, 0, piece.rows * sizeof sums[0]);
    constexpr std::size_t kRows = Lanes::kTileRows;
    const std::size_t passes =
        piece.rows / kTile * (kTile / kRows) + (piece.rows % kTile + kRows - 1) / kRows;
    Stream stream(piece, vector / kHalves, new_groups<V>(vector), piece.blocks * passes);
    const auto* tiles = static_cast<const ActivationBlock<kTile>*>(piece.activations);
    for (std::size_t block = 0; block < piece.blocks; block += kChunk) {
        const std::size_t left = piece.blocks - block;
        const int count = left < kChunk ? static_cast<int>(left) : kChunk;
        for (std::size_t row = 0; row < piece.rows; row += kTile) {
            const auto* tile = tiles + row / kTile * piece.blocks + block;
            by_rows(piece.rows - row < kTile ? piece.rows - row : kTile, [&](std::size_t first, auto r) {
                rows_by_blocks<kType, V, decltype(r)::value>(PackedBlocks<kType>{w, block}, count, tile,
                                                             first, &stream, sums + row + first);
            });
        }
    }
    write_all<V>(piece, w, 0, piece.rows, sums);
}

/// All rows of a piece by V vectors of outputs.
template <DataType kType, int V, typename Many>
void all_rows(const MatmulPiece& piece, std::size_t vector) {
    Outputs w[V];
    for (int v = 0; v < V; ++v) {
        w[v] = outputs_at(piece, vector + static_cast<std::size_t>(v));
    }
    if (piece.rows < Many::kFrom) {
        few_rows<kType, V, Many>(piece, w, vector);
        return;
    }
    constexpr std::size_t kRows = kPanelTiles * kTile;
    Stream stream(piece, vector / kHalves, new_groups<V>(vector), piece.blocks);
    for (std::size_t row = 0; row < piece.rows; row += kRows) {
        panel<kType, V, Many>(piece, w, row, piece.rows - row < kRows ? piece.rows - row : kRows,
                              row == 0 ? &stream : nullptr);
    }
}

/// One row by one vector of outputs.
template <DataType kType>
void single_row(const MatmulPiece& piece, std::size_t vector) {
    const Outputs w = outputs_at(piece, vector);
    alignas(64) float sums[1][1][Lanes::kWidth] = {};
    Stream stream(piece, vector / kHalves, new_groups<1>(vector), piece.blocks);
    rows_by_blocks<kType, 1, 1>(PackedBlocks<kType>{&w, 0}, static_cast<int>(piece.blocks),
                                static_cast<const ActivationBlock<1>*>(piece.activations), 0, &stream, sums);
    write_all<1>(piece, &w, 0, 1, sums);
}

template <DataType kType, typename Many>
void multiply_by(const MatmulPiece& piece) {
    constexpr std::size_t kVectors = Lanes::kTileVectors;
    const std::size_t vectors = piece.groups * kHalves;
    if (piece.single) {
        for (std::size_t vector = 0; vector < vectors; ++vector) {
            single_row<kType>(piece, vector);
        }
        return;
    }
    const bool many = piece.rows >= Many::kFrom;
    if (many) {
        Many::template begin<kType>();
    }
    std::size_t vector = 0;
    for (; vector + kVectors <= vectors; vector += kVectors) {
        all_rows<kType, Lanes::kTileVectors, Many>(piece, vector);
    }
    for (; vector < vectors; ++vector) {
        all_rows<kType, 1, Many>(piece, vector);
    }
    if (many) {
        Many::end();
    }
}

}  // namespace
}  // namespace tendril::engine
