// SPDX-License-Identifier: Apache-2.0
// Products of bfloat16 weights with activations that are rounded to bfloat16 (to nearest even; an error of
// 2^-9 at most in each), summed in floats: for processors that multiply pairs of bfloat16, or tiles of them.
// A row's sums are added in the same order for any number of rows. Include after a lanes_*.inl and
// matmul_blocks.inl; internal linkage.

namespace tendril::engine {
namespace {

constexpr std::size_t kBfloatInputs = 512;  // that are rounded at once
constexpr std::size_t kBfloatGroups = 16;   // of outputs that use them

/// Some inputs of the rows of a tile as bfloat16, and sums of a group.
using BfloatRows = std::uint16_t[kTile][kBfloatInputs];
using BfloatSums = float[kTile][kGroup];

/// Inputs from `first` on; those beyond the last become zero, up to a multiple of 32. Returns the multiple.
inline std::size_t round_inputs(const MatmulPiece& piece, std::size_t row, std::size_t rows,
                                std::size_t first, BfloatRows& to) {
    const std::size_t left = piece.blocks - first;
    const std::size_t count = left < kBfloatInputs ? left : kBfloatInputs;
    for (std::size_t r = 0; r < rows; ++r) {
        const float* in =
            static_cast<const float*>(piece.activations) + (row + r) * piece.input_stride + first;
        for (std::size_t i = 0; i < (count + 31) / 32 * 32; i += Lanes::kWidth) {
            const F x = i + Lanes::kWidth <= count ? Lanes::load(in + i)
                        : i < count                ? Lanes::load_first(in + i, count - i)
                                                   : Lanes::zero();
            Lanes::to_bfloat(to[r] + i, x);
        }
    }
    return (count + 31) / 32;
}

/// By pairs: a pair of inputs of a row to the outputs of two groups at once.
struct ByPairs {
    static void begin() {}
    static void end() {}
    /// 32 * blocks inputs to the sums of some groups, whose weights are `stride` bytes apart.
    static void add(const BfloatRows& in, std::size_t rows, std::size_t blocks, const std::uint8_t* weights,
                    std::size_t stride, std::size_t groups, bool stream, BfloatSums* sums) {
        std::size_t g = 0;
        for (; g + 2 <= groups; g += 2) {
            with_rows<2, kTile>(in, rows, blocks, weights + g * stride, stride, stream, sums + g);
        }
        if (g < groups) {
            with_rows<1, kTile>(in, rows, blocks, weights + g * stride, stride, stream, sums + g);
        }
    }
    template <int V, int R>
    static void with_rows(const BfloatRows& in, std::size_t rows, std::size_t blocks,
                          const std::uint8_t* weights, std::size_t stride, bool stream, BfloatSums* memory) {
        if (rows != R) {
            if constexpr (R > 1) {
                with_rows<V, R - 1>(in, rows, blocks, weights, stride, stream, memory);
            }
            return;
        }
        F sums[R][V];
        for (int r = 0; r < R; ++r) {
            for (int v = 0; v < V; ++v) {
                sums[r][v] = Lanes::load(memory[v][r]);
            }
        }
        for (std::size_t i = 0; i < blocks * 32; i += 2, weights += 64) {
            I w[V];
            for (int v = 0; v < V; ++v) {
                w[v] = Lanes::iload(weights + static_cast<std::size_t>(v) * stride);
                if (stream) {
                    Lanes::prefetch(weights + static_cast<std::size_t>(v) * stride + kAhead);
                }
            }
            for (int r = 0; r < R; ++r) {
                const I word = Lanes::word(in[r] + i);
                for (int v = 0; v < V; ++v) {
                    sums[r][v] = Lanes::dot_bfloat(sums[r][v], w[v], word);
                }
            }
        }
        for (int r = 0; r < R; ++r) {
            for (int v = 0; v < V; ++v) {
                Lanes::store(memory[v][r], sums[r][v]);
            }
        }
    }
};

template <typename How>
void multiply_bfloat(const MatmulPiece& piece) {
    alignas(64) BfloatRows in{};
    alignas(64) BfloatSums sums[kBfloatGroups];
    How::begin();
    for (std::size_t row = 0; row < piece.rows; row += kTile) {
        const std::size_t rows = piece.rows - row < kTile ? piece.rows - row : kTile;
        for (std::size_t first = 0; first < piece.groups; first += kBfloatGroups) {
            const std::size_t groups =
                piece.groups - first < kBfloatGroups ? piece.groups - first : kBfloatGroups;
            __builtin_memset(sums, 0, groups * sizeof sums[0]);
            for (std::size_t input = 0; input < piece.blocks; input += kBfloatInputs) {
                const std::size_t blocks = round_inputs(piece, row, rows, input, in);
                How::add(in, rows, blocks, piece.weight + first * piece.group_bytes + input * kGroup * 2,
                         piece.group_bytes, groups, row == 0, sums);
            }
            for (std::size_t g = 0; g < groups; ++g) {
                for (std::size_t r = 0; r < rows; ++r) {
                    for (int lane = 0; lane < static_cast<int>(kGroup); lane += Lanes::kWidth) {
                        write(piece, row + r, (first + g) * kGroup + static_cast<std::size_t>(lane),
                              Lanes::load(sums[g][r] + lane));
                    }
                }
            }
        }
    }
    How::end();
}

}  // namespace
}  // namespace tendril::engine
