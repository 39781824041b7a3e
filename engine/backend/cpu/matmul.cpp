// SPDX-License-Identifier: Apache-2.0
// Scheduling of products; see matmul.h.
#include "engine/backend/cpu/matmul.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/backend/cpu/packed_weight.h"

namespace tendril::engine {
namespace {

/// Steps of more rows read prompts: their pieces take long.
constexpr std::size_t kFewRows = 32;

constexpr std::size_t kMostProducts = 8;  // of one fork
constexpr std::size_t kAlone = std::size_t{48}
                               << 10;  // multiplications below which a fork costs more than it gains
constexpr std::size_t kPieceBytes =
    std::size_t{192} << 10;  // weights of a piece of many rows: they stay in the second-level cache
constexpr std::size_t kThinBytes = std::size_t{12} << 10;  // least weights of a piece of few rows
constexpr std::size_t kPieceTiles = 8;                     // row tiles of a piece
constexpr std::size_t kPiecesPerThread = 6;

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

bool quantised(DataType type) {
    return packed_format(type).bits != 0;
}

/// How one product is cut: `group_pieces` x `row_pieces`.
struct Cut {
    std::size_t groups = 0;  // of a piece
    std::size_t tiles = 0;   // of a piece
    std::size_t group_pieces = 0;
    std::size_t row_pieces = 0;
    std::size_t pieces() const { return group_pieces * row_pieces; }
};

Cut cut_product(const PackedWeight& weight, std::size_t tiles, std::size_t total_groups, unsigned threads) {
    const std::size_t wanted = kPiecesPerThread * threads;
    const std::size_t bytes = weight.shape().group_bytes;
    Cut cut;
    cut.tiles = std::min(tiles, kPieceTiles);
    cut.row_pieces = divide_up(tiles, cut.tiles);
    const std::size_t fair = std::max<std::size_t>(1, total_groups * cut.row_pieces / wanted);
    if (tiles == 1) {
        cut.groups = std::max(fair, divide_up(kThinBytes, bytes));
    } else {
        cut.groups = std::min(fair, std::max<std::size_t>(1, kPieceBytes / bytes));
    }
    // Kernels take two groups at a time.
    cut.groups = std::clamp<std::size_t>(divide_up(cut.groups, 2) * 2, 1, weight.groups());
    cut.group_pieces = divide_up(weight.groups(), cut.groups);
    return cut;
}

}  // namespace

Status CpuMatmul::reserve(std::size_t max_rows, std::size_t max_width) {
    const std::size_t tiles = divide_up(std::max<std::size_t>(max_rows, 1), kTile);
    const std::size_t bytes = tiles * divide_up(max_width, kBlock) * sizeof(ActivationBlock<kTile>);
    if (activations_ != nullptr && activations_->size() >= bytes) {
        return {};
    }
    auto memory = HugeMemory::take(bytes);
    if (!memory) {
        return fail(memory.error());
    }
    activations_ = std::move(*memory);
    return {};
}

void CpuMatmul::quantise(Rows in) {
    const std::size_t blocks = in.width / kBlock;
    std::uint8_t* to = activations_->data();
    if (in.rows == 1) {
        vectors_.quantise(in.data, in.width, 1, blocks, true, to);
        return;
    }
    const std::size_t tiles = divide_up(in.rows, kTile);
    const auto work = [&](std::size_t tile, unsigned) {
        const std::size_t row = tile * kTile;
        vectors_.quantise(in.data + row * in.width, in.width, std::min<std::size_t>(kTile, in.rows - row),
                          blocks, false, to + tile * blocks * sizeof(ActivationBlock<kTile>));
    };
    if (tiles * in.width < 4096) {
        for (std::size_t tile = 0; tile < tiles; ++tile) {
            work(tile, 0);
        }
    } else {
        pool_.run(tiles, work);
    }
}

void CpuMatmul::multiply(Rows in, std::span<const Product> products) {
    const std::size_t tiles = divide_up(in.rows, kTile);
    std::array<Cut, kMostProducts> cuts;
    std::size_t groups = 0;
    for (const Product& product : products) {
        groups += static_cast<const PackedWeight&>(*product.weight).groups();
    }
    std::size_t pieces = 0;
    for (std::size_t i = 0; i < products.size(); ++i) {
        cuts[i] = cut_product(static_cast<const PackedWeight&>(*products[i].weight), tiles, groups,
                              pool_.threads());
        pieces += cuts[i].pieces();
    }
    const auto work = [&](std::size_t piece, unsigned) {
        std::size_t which = 0;
        while (piece >= cuts[which].pieces()) {
            piece -= cuts[which++].pieces();
        }
        const Cut& cut = cuts[which];
        const Product& product = products[which];
        const auto& weight = static_cast<const PackedWeight&>(*product.weight);
        const std::size_t group = piece / cut.row_pieces * cut.groups;
        const std::size_t tile = piece % cut.row_pieces * cut.tiles;
        const std::size_t output = group * kGroup;
        MatmulPiece p{};
        p.weight = weight.group(group);
        p.group_bytes = weight.shape().group_bytes;
        p.quant_start = weight.shape().quant_start;
        p.groups = std::min(cut.groups, weight.groups() - group);
        p.blocks = weight.shape().blocks;
        p.single = in.rows == 1;
        p.rows = std::min(cut.tiles * kTile, in.rows - tile * kTile);
        p.input_stride = in.width;
        if (quantised(weight.type())) {
            p.activations = activations_->data() + tile * p.blocks * sizeof(ActivationBlock<kTile>);
        } else {
            p.activations = in.data + tile * kTile * in.width;
        }
        p.out = product.out.data + tile * kTile * product.out.width + output;
        p.out_stride = product.out.width;
        p.outputs = std::min(p.groups * kGroup, weight.rows() - output);
        p.bias = product.bias != nullptr ? product.bias + output : nullptr;
        kernels_.by_type[static_cast<std::size_t>(weight.type())](p);
    };
    if (groups * kGroup * in.width * in.rows < kAlone) {
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            work(piece, 0);
        }
    } else {
        pool_.run(pieces, work);
    }
}

void CpuMatmul::run(Rows in, std::span<const Product> products) {
    pool_.expect_long_pieces(in.rows > kFewRows);
    const bool integers = std::any_of(products.begin(), products.end(), [](const Product& product) {
        return quantised(static_cast<const PackedWeight&>(*product.weight).type());
    });
    if (in.rows == 0 || products.empty()) {
        return;
    }
    if (integers) {
        [[maybe_unused]] const Status enough =
            reserve(in.rows, in.width);  // takes memory only if the engine did not reserve
        assert(enough);
        quantise(in);
    }
    while (!products.empty()) {
        const std::size_t now = std::min(products.size(), kMostProducts);
        multiply(in, products.first(now));
        products = products.subspan(now);
    }
}

}  // namespace tendril::engine
