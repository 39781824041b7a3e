// SPDX-License-Identifier: Apache-2.0
// Sub-layers of a block of rows; see layer_rows.h.
#include "engine/backend/cpu/layer_rows.h"

#include "engine/backend/cpu/packed_weight.h"
#include "engine/backend/cpu/rope.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{192} << 10;  // of weights: half the second-level cache
constexpr std::size_t kGateColumns = 256;                    // of gate and up at once

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

constexpr std::size_t whole_lines(std::size_t bytes) {
    return divide_up(bytes, 64) * 64;
}

constexpr std::size_t block_bytes(std::size_t rows) {
    return rows == 1 ? sizeof(ActivationBlock<1>) : sizeof(ActivationBlock<kTile>);
}

constexpr std::size_t tile_bytes(std::size_t rows, std::size_t width) {
    return whole_lines(divide_up(rows, kTile) * divide_up(width, kBlock) * sizeof(ActivationBlock<kTile>));
}

const PackedWeight& packed(const Product& product) {
    return static_cast<const PackedWeight&>(*product.weight);
}

bool takes_floats(const Product& product) {
    return packed_format(packed(product).type()).bits == 0;
}

float* row_of(Rows rows, std::size_t row) {
    return rows.data + row * rows.width;
}

}  // namespace

void BlockWidths::cover(const LayerCalls& layer) {
    const std::size_t width = layer.heads.in.rows.width;
    floats = std::max({floats, width, layer.attended.width,
                       layer.heads.key.out.width + layer.heads.value.out.width, 2 * kGateColumns});
    normed = std::max({normed, width, layer.attended.width});
    gated = std::max(gated, layer.down.in.width);
}

std::size_t BlockWidths::bytes(std::size_t rows) const {
    return whole_lines(rows * floats * sizeof(float)) + tile_bytes(rows, normed) + tile_bytes(rows, gated);
}

struct LayerRows::Memory {
    explicit Memory(const Work& work)
        : floats(reinterpret_cast<float*>(work.memory)),
          tiles(work.memory + whole_lines(work.count * work.widths.floats * sizeof(float))),
          gated(tiles + tile_bytes(work.count, work.widths.normed)) {}
    float* floats;        // [rows][widths.floats]
    std::uint8_t* tiles;  // of what follows a norm or attention
    std::uint8_t* gated;
};

void LayerRows::embed(const Embedding& embedding, const Work& work, Rows rows) const {
    const auto& table = static_cast<const PackedWeight&>(*embedding.table);
    for (std::size_t r = work.first; r < work.first + work.count; ++r) {
        const std::span<float> row(row_of(rows, r), rows.width);
        table.unpack_row(static_cast<std::size_t>(embedding.tokens[r]), row);
        if (embedding.scale != 1.0F) {
            for (float& value : row) {
                value *= embedding.scale;
            }
        }
    }
}

/// `width` inputs of all rows to the blocks from `first_block` on of their tiles, which are `blocks` long.
void LayerRows::quantise(const float* from, std::size_t stride, std::size_t rows, std::size_t width,
                         std::uint8_t* tiles, std::size_t blocks, std::size_t first_block) const {
    for (std::size_t r = 0; r < rows; r += kTile) {
        vectors_.quantise(from + r * stride, stride, std::min<std::size_t>(kTile, rows - r), width / kBlock,
                          rows == 1, tiles + (r / kTile * blocks + first_block) * block_bytes(rows));
    }
}

/// The normed rows in the forms that the products want; floats go to in.normed.
LayerRows::Input LayerRows::norm(const NormedRows& in, std::span<const Product* const> products,
                                 const Work& work, const Memory& memory) const {
    const std::size_t width = in.rows.width;
    const auto floats = [](const Product* product) { return takes_floats(*product); };
    const bool keep = std::any_of(products.begin(), products.end(), floats);
    const bool round = !std::all_of(products.begin(), products.end(), floats);
    for (std::size_t r = 0; r < work.count; r += kTile) {
        const std::size_t rows = std::min<std::size_t>(kTile, work.count - r);
        float* to = keep ? row_of(in.normed, work.first + r) : memory.floats;
        for (std::size_t i = 0; i < rows; ++i) {
            vectors_.rms_norm(row_of(in.rows, work.first + r + i), in.weight, in.epsilon, to + i * width,
                              width);
        }
        if (round) {
            const std::size_t blocks = width / kBlock;
            vectors_.quantise(to, width, rows, blocks, work.count == 1,
                              memory.tiles + r / kTile * blocks * block_bytes(work.count));
        }
    }
    return {row_of(in.normed, work.first), width, memory.tiles};
}

/// Some groups of outputs, in pieces that stay in the second-level cache for all rows.
void LayerRows::multiply(const Input& in, const Product& product, std::size_t rows, std::size_t first_group,
                         std::size_t groups, float* out, std::size_t stride) const {
    const PackedWeight& weight = packed(product);
    const PackedShape& shape = weight.shape();
    const std::size_t piece = std::max<std::size_t>(2, kPieceBytes / shape.group_bytes / 2 * 2);
    for (std::size_t done = 0; done < groups; done += piece) {
        const std::size_t group = first_group + done;
        MatmulPiece p{};
        p.weight = weight.group(group);
        p.group_bytes = shape.group_bytes;
        p.quant_start = shape.quant_start;
        p.groups = std::min(piece, groups - done);
        p.blocks = shape.blocks;
        p.single = rows == 1;
        p.rows = rows;
        p.input_stride = in.stride;
        p.activations = takes_floats(product) ? static_cast<const void*>(in.floats) : in.tiles;
        p.out = out + done * kGroup;
        p.out_stride = stride;
        p.outputs = std::min(p.groups * kGroup, weight.rows() - group * kGroup);
        p.bias = product.bias != nullptr ? product.bias + group * kGroup : nullptr;
        matmul_.by_type[static_cast<std::size_t>(weight.type())](p);
    }
}

void LayerRows::multiply(const Input& in, const Product& product, std::size_t rows, float* out) const {
    multiply(in, product, rows, 0, packed(product).groups(), out, product.out.width);
}

/// Norms of heads and rotation.
void LayerRows::turn(const HeadProjection& heads, const Work& work, float* query, float* key) const {
    const std::size_t size = heads.head_size;
    const auto& rope = static_cast<const CpuRope&>(*heads.rope);
    float cosine[CpuRope::kMaxPairs];
    float sine[CpuRope::kMaxPairs];
    const auto one = [&](float* x, std::size_t width, const float* weight) {
        for (std::size_t at = 0; weight != nullptr && at < width; at += size) {
            vectors_.rms_norm(x + at, weight, heads.in.epsilon, x + at, size);
        }
        vectors_.rope(x, width / size, size, cosine, sine, rope.halves());
    };
    const std::size_t query_width = heads.query.out.width;
    const std::size_t key_width = heads.key.out.width;
    for (std::size_t r = 0; r < work.count; ++r) {
        rope.angles(static_cast<std::size_t>(work.plan.positions[work.first + r]), cosine, sine);
        one(query + r * query_width, query_width, heads.query_norm);
        one(key + r * key_width, key_width, heads.key_norm);
    }
}

void LayerRows::project_heads(const LayerCalls& layer, const Work& work) const {
    const HeadProjection& heads = layer.heads;
    const Memory memory(work);
    if (heads.embedding != nullptr) {
        embed(*heads.embedding, work, heads.in.rows);
    }
    const std::array products = {&heads.query, &heads.key, &heads.value};
    const Input in = norm(heads.in, products, work, memory);
    float* query = row_of(heads.query.out, work.first);
    float* key = memory.floats;
    float* value = key + work.count * heads.key.out.width;
    multiply(in, heads.query, work.count, query);
    multiply(in, heads.key, work.count, key);
    multiply(in, heads.value, work.count, value);
    turn(heads, work, query, key);
    store_.run_rows(*layer.pages, heads.layer, work.plan, work.first, {key, work.count, heads.key.out.width},
                    {value, work.count, heads.value.out.width});
}

void LayerRows::add(const Residual& residual, const Input& in, const Work& work, const Memory& memory) const {
    const std::size_t width = residual.to.width;
    multiply(in, residual.product, work.count, memory.floats);
    if (residual.norm != nullptr) {
        for (std::size_t r = 0; r < work.count; ++r) {
            float* row = memory.floats + r * width;
            vectors_.rms_norm(row, residual.norm, residual.epsilon, row, width);
        }
    }
    vectors_.add(memory.floats, row_of(residual.to, work.first), work.count * width);
}

/// Gate and up, some columns of all rows at a time, so that they never leave the second-level cache.
LayerRows::Input LayerRows::gate(const LayerCalls& layer, const Work& work, const Memory& memory) const {
    const GatedProjection& gated = layer.gated;
    const std::array products = {&gated.gate, &gated.up};
    const Input in = norm(gated.in, products, work, memory);
    const auto activate = gated.activation == Activation::silu ? vectors_.silu : vectors_.gelu_tanh;
    const bool keep = takes_floats(layer.down.product);
    const std::size_t width = layer.down.in.width;
    const std::size_t groups = divide_up(width, kGroup);
    constexpr std::size_t kGroups = kGateColumns / kGroup;
    for (std::size_t group = 0; group < groups; group += kGroups) {
        const std::size_t some = std::min(kGroups, groups - group);
        const std::size_t first = group * kGroup;
        const std::size_t columns = std::min(some * kGroup, width - first);
        float* left = memory.floats;
        float* right = left + work.count * columns;
        multiply(in, gated.gate, work.count, group, some, left, columns);
        multiply(in, gated.up, work.count, group, some, right, columns);
        activate(left, right, left, work.count * columns);
        if (keep) {
            for (std::size_t r = 0; r < work.count; ++r) {
                std::copy_n(left + r * columns, columns, row_of(layer.down.in, work.first + r) + first);
            }
        } else {
            quantise(left, columns, work.count, columns, memory.gated, width / kBlock, first / kBlock);
        }
    }
    return {row_of(layer.down.in, work.first), width, memory.gated};
}

void LayerRows::attend_and_feed(const LayerCalls& layer, const Work& work) const {
    const Memory memory(work);
    const std::size_t width = layer.attended.width;
    const bool keep = takes_floats(layer.output.product);
    float* attended = keep ? row_of(layer.attended, work.first) : memory.floats;
    attention_.run_rows(*layer.pages, layer.attention, work.plan, layer.heads.query.out, work.first,
                        work.count, attended, work.thread);
    if (!keep) {
        quantise(attended, width, work.count, width, memory.tiles, width / kBlock, 0);
    }
    add(layer.output, {attended, width, memory.tiles}, work, memory);
    add(layer.down, gate(layer, work, memory), work, memory);
}

}  // namespace tendril::engine
