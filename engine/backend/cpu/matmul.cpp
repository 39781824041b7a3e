// SPDX-License-Identifier: Apache-2.0
// Scheduling of products; see matmul.h.
#include "engine/backend/cpu/matmul.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/backend/cpu/packed_weight.h"

namespace tendril::engine {
namespace {

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

bool takes_whole_numbers(const Product& product) {
    return quantised(static_cast<const PackedWeight&>(*product.weight).type());
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
    if (Status taken = take(gated_, std::min(max_rows, kFewRows), max_width); !taken) {
        return taken;
    }
    return take(activations_, max_rows, max_width);
}

Status CpuMatmul::take(std::unique_ptr<HugeMemory>& to, std::size_t rows, std::size_t width) const {
    const std::size_t tiles = divide_up(std::max<std::size_t>(rows, 1), kTile);
    const std::size_t bytes = tiles * divide_up(width, kBlock) * sizeof(ActivationBlock<kTile>);
    if (to != nullptr && to->size() >= bytes) {
        return {};
    }
    auto memory = HugeMemory::take_scratch(bytes);
    if (!memory) {
        return fail(memory.error());
    }
    to = std::move(*memory);
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

void CpuMatmul::multiply(Rows in, const std::uint8_t* tiles_of, std::span<const Product> products) {
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
            p.activations = tiles_of + tile * p.blocks * sizeof(ActivationBlock<kTile>);
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
    if (in.rows == 0 || products.empty()) {
        return;
    }
    const std::uint8_t* tiles = nullptr;
    if (keeps(in)) {
        tiles = gated_->data();
    } else if (std::any_of(products.begin(), products.end(), takes_whole_numbers)) {
        [[maybe_unused]] const Status enough =
            take(activations_, in.rows, in.width);  // takes memory only if the engine did not reserve
        assert(enough);
        quantise(in);
        tiles = activations_->data();
    }
    while (!products.empty()) {
        const std::size_t now = std::min(products.size(), kMostProducts);
        multiply(in, tiles, products.first(now));
        products = products.subspan(now);
    }
}

/// Some groups of outputs for all rows.
void CpuMatmul::multiply_groups(Rows in, const Product& product, std::size_t group,
                                std::size_t groups) const {
    const auto& weight = static_cast<const PackedWeight&>(*product.weight);
    MatmulPiece p{};
    p.weight = weight.group(group);
    p.group_bytes = weight.shape().group_bytes;
    p.quant_start = weight.shape().quant_start;
    p.groups = groups;
    p.blocks = weight.shape().blocks;
    p.single = in.rows == 1;
    p.rows = in.rows;
    p.input_stride = in.width;
    p.activations = quantised(weight.type()) ? static_cast<const void*>(activations_->data()) : in.data;
    p.out = product.out.data + group * kGroup;
    p.out_stride = product.out.width;
    p.outputs = std::min(groups * kGroup, weight.rows() - group * kGroup);
    p.bias = product.bias != nullptr ? product.bias + group * kGroup : nullptr;
    kernels_.by_type[static_cast<std::size_t>(weight.type())](p);
}

bool CpuMatmul::gate(Rows in, const Product& gate, const Product& up, Activate activate) {
    const Rows out = gate.out;
    if (in.rows == 0 || in.rows > kFewRows || out.width % kBlock != 0) {
        return false;
    }
    [[maybe_unused]] const bool enough =
        take(activations_, in.rows, in.width).has_value() && take(gated_, in.rows, out.width).has_value();
    assert(enough);
    if (takes_whole_numbers(gate) || takes_whole_numbers(up)) {
        quantise(in);
    }
    const std::size_t groups = out.width / kGroup;
    const std::size_t bytes = 2 * static_cast<const PackedWeight&>(*gate.weight).shape().group_bytes;
    const std::size_t fair = groups / (kPiecesPerThread * pool_.threads());
    // Whole blocks of what is kept: two groups.
    const std::size_t some = divide_up(std::max({fair, divide_up(kThinBytes, bytes), std::size_t{1}}), 2) * 2;
    const std::size_t block_bytes =
        in.rows == 1 ? sizeof(ActivationBlock<1>) : sizeof(ActivationBlock<kTile>);
    const auto work = [&](std::size_t piece, unsigned) {
        const std::size_t group = piece * some;
        const std::size_t now = std::min(some, groups - group);
        multiply_groups(in, gate, group, now);
        multiply_groups(in, up, group, now);
        const std::size_t first = group * kGroup;
        const std::size_t columns = now * kGroup;
        for (std::size_t r = 0; r < in.rows; ++r) {
            float* at = out.data + r * out.width + first;
            activate(at, up.out.data + r * out.width + first, at, columns);
        }
        for (std::size_t r = 0; r < in.rows; r += kTile) {
            vectors_.quantise(
                out.data + r * out.width + first, out.width, std::min<std::size_t>(kTile, in.rows - r),
                columns / kBlock, in.rows == 1,
                gated_->data() + (r / kTile * (out.width / kBlock) + first / kBlock) * block_bytes);
        }
    };
    const std::size_t pieces = divide_up(groups, some);
    if (2 * out.width * in.width * in.rows < kAlone) {
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            work(piece, 0);
        }
    } else {
        pool_.run(pieces, work);
    }
    kept_ = out;
    return true;
}

}  // namespace tendril::engine
