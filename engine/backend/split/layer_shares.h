// SPDX-License-Identifier: Apache-2.0
// Which layers of a model lie on which device when no single one has room for all. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tendril::engine {

/// Bytes that the parts of a model take on a graphics card.
struct ModelShares {
    std::vector<std::uint64_t> layers;  ///< weights and pages of each
    std::uint64_t before = 0;           ///< what is only looked up before the first layer
    std::uint64_t behind = 0;           ///< the output head (and the embedding, where it is the same)
    std::uint64_t each = 0;             ///< of every part, whatever its layers: activations, angles
};

/// How many layers the host and each card take. The host has the first ones, the cards the last, the first
/// card the very last and the head: of the model's ends the head costs the most time. Layers run in the order
/// host, last card ... first card.
struct LayerShares {
    std::size_t host = 0;
    std::vector<std::size_t> cards;  ///< as many as are of use; empty: none is
    /// What lies before the first layer has no room on the cards: the host has it, even with no layer.
    bool host_looks_up = true;
};

/// Fills the cards in their order, each as far as its free bytes go: the fewer parts, the fewer borders that
/// a step's rows have to cross.
LayerShares share_layers(const ModelShares& model, std::span<const std::uint64_t> free_bytes);

}  // namespace tendril::engine
