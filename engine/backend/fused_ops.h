// SPDX-License-Identifier: Apache-2.0
// The sub-layers of a transformer as one op each: what a device may do in few launches, because what one part
// makes is what the next one takes. Backend has an implementation of each that calls the parts
// (fused_ops.cpp); one that overrides it gives the bits that its own parts give. Included by backend.h only;
// plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/backend/op_types.h"

namespace tendril::engine {

/// Rows and the RMS norm through which a product reads them; `normed` is scratch, [rows][width], that the op
/// may leave as it is.
struct NormedRows {
    Rows rows;
    const float* weight = nullptr;  // [width]
    float epsilon = 0.0F;
    Rows normed;
};

/// What a step's rows are before the first layer: as embed() gives it.
struct Embedding {
    const Weight* table = nullptr;
    std::span<const TokenId> tokens;
    float scale = 1.0F;
};

/// Queries, keys and values of a layer: products of the normed rows, norms of each head, rotation; keys and
/// values go to the pages.
struct HeadProjection {
    NormedRows in;
    const Embedding* embedding = nullptr;  ///< not null: in.rows is made of it first
    Product query, key, value;          // key.out and value.out are scratch: an op may leave them as they are
    const float* query_norm = nullptr;  // [head_size], or null; with in.epsilon
    const float* key_norm = nullptr;
    const RopeTable* rope = nullptr;
    std::size_t head_size = 0;
    std::size_t layer = 0;
};

/// to += norm(in · weightᵀ + bias); product.out is scratch that the op may leave as it is.
struct Residual {
    Rows in;
    Product product;
    const float* norm = nullptr;  // [width], or null: none
    float epsilon = 0.0F;
    Rows to;
    /// Rows of `to`, ascending, that anybody reads again: others, and what only they depend on in the layer,
    /// may be left undone. None: all.
    std::optional<std::span<const std::uint32_t>> wanted{};
};

/// gate.out = activation(gate) * up of the normed rows; up.out is scratch that the op may leave as it is.
struct GatedProjection {
    NormedRows in;
    Product gate, up;
    Activation activation = Activation::silu;
};

/// product.out = softcap(product) of the normed rows; softcap 0: none.
struct LogitProjection {
    NormedRows in;
    Product product;
    float softcap = 0.0F;
};

}  // namespace tendril::engine
