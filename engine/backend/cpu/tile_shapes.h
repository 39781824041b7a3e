// SPDX-License-Identifier: Apache-2.0
// Shapes of the eight matrix tiles, as LDTILECFG reads them (palette 1). For tiles_amx.inl and
// tiles_emulated.inl. Plain data, any thread.
#pragma once

#include <cstdint>

namespace tendril::engine {

struct alignas(64) TileShapes {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::uint8_t reserved[14] = {};
    std::uint16_t column_bytes[16] = {};  // at most 64
    std::uint8_t rows[16] = {};           // at most 16

    void set(int tile, int tile_rows, int bytes) {
        rows[tile] = static_cast<std::uint8_t>(tile_rows);
        column_bytes[tile] = static_cast<std::uint16_t>(bytes);
    }
};
static_assert(sizeof(TileShapes) == 64);

}  // namespace tendril::engine
