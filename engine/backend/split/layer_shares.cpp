// SPDX-License-Identifier: Apache-2.0
// The greedy division; see layer_shares.h.
#include "engine/backend/split/layer_shares.h"

namespace tendril::engine {

LayerShares share_layers(const ModelShares& model, std::span<const std::uint64_t> free_bytes) {
    LayerShares shares;
    shares.host = model.layers.size();
    for (const std::uint64_t free : free_bytes) {
        const std::uint64_t needed = model.each + (shares.cards.empty() ? model.behind : 0);
        std::uint64_t room = free > needed ? free - needed : 0;
        std::size_t taken = 0;
        while (shares.host > 0 && model.layers[shares.host - 1] <= room) {
            --shares.host;
            room -= model.layers[shares.host];
            ++taken;
        }
        if (taken > 0) {
            shares.cards.push_back(taken);
        }
        if (shares.host == 0) {
            shares.host_looks_up = taken == 0 || room < model.before;
            break;
        }
        if (taken == 0) {  // the next one has less room
            break;
        }
    }
    return shares;
}

}  // namespace tendril::engine
