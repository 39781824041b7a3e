// SPDX-License-Identifier: Apache-2.0
// Arguments of the kernels that work on positions and on KV pages; see kernels.h. Plain data.
#pragma once

#include <cstdint>

#include "engine/types.h"

namespace tendril::cuda {

/// What one position turns each pair by, in quarter turns, and how pairs are formed.
struct RopeAngles {
    const double* quarter_turns = nullptr;  ///< [head_size / 2]
    float magnitude = 1.0F;
    std::uint32_t adjacent = 0;
};
struct RopeArgs {
    float* x = nullptr;
    const std::int32_t* positions = nullptr;  ///< [rows]
    RopeAngles angles;
    std::uint32_t rows = 0;
    std::uint32_t heads = 0;
    std::uint32_t head_size = 0;
    std::uint32_t unused = 0;
};

/// Pages of one group in device memory, and where a layer's keys of kv head 0 begin within a page. Of each
/// head: keys or values of 64 positions, then (quantised types) their scales. Keys lie in pieces of 8
/// elements, [piece][position] [8], so that threads that each take a position read next to each other; values
/// [position][element].
struct PagePlanes {
    std::uint8_t* pages = nullptr;
    std::uint64_t page_bytes = 0;
    std::uint64_t layer_offset = 0;
    std::uint32_t head_bytes = 0;    ///< of keys, and of values, of one head
    std::uint32_t scale_offset = 0;  ///< from the beginning of a head's bytes
    std::uint32_t padded_size = 0;   ///< head size rounded up to 32 elements
    engine::KvType type = engine::KvType::f16;
    std::uint8_t windowed = 0;  ///< which page ids of a segment count
    std::uint8_t unused[2] = {};
};

/// A step as the kernels see it; rewritten in place for every step (step_plan.h).
struct DeviceSegment {
    std::int32_t begin = 0;  ///< position in the view of its first slot
    std::int32_t end = 0;
    std::int32_t first_slot = 0;
    std::int32_t delta = 0;
    std::int32_t pages = 0;         ///< index of its first page id
    std::int32_t window_pages = 0;  ///< the same of the window group
};
struct DeviceView {
    std::int32_t first_row = 0;
    std::int32_t rows = 0;
    std::int32_t first_position = 0;
    std::int32_t first_segment = 0;
    std::int32_t segments = 0;
    std::int32_t unused = 0;
};
struct StepTables {
    const DeviceView* views = nullptr;
    const DeviceSegment* segments = nullptr;
    const std::int32_t* view_of_row = nullptr;
    const std::uint32_t* page_ids = nullptr;
};

struct StoreArgs {
    PagePlanes planes;
    StepTables step;
    const float* keys = nullptr;  ///< [rows][kv_heads * head_size]
    const float* values = nullptr;
    std::uint32_t rows = 0;
    std::uint32_t kv_heads = 0;
    std::uint32_t head_size = 0;
    std::uint32_t unused = 0;
};
struct CopyPageArgs {
    std::uint8_t* pages = nullptr;
    std::uint64_t page_bytes = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint32_t heads = 0;  ///< of all layers, keys and values: [layer][keys, values][kv head]
    std::uint32_t kv_heads = 0;
    std::uint32_t tokens = 0;
    std::uint32_t head_bytes = 0;
    std::uint32_t scale_offset = 0;
    std::uint32_t padded_size = 0;
    engine::KvType type = engine::KvType::f16;
    std::uint8_t unused[7] = {};
};

/// Of 32 quantised activations: their scale (not a number where one of them is none), and the sums of
/// elements 0-15 (low half) and 16-31 as they were rounded.
struct alignas(8) BlockRecord {
    float scale;
    std::int32_t sums;
};

/// Activations rounded to int8 by blocks of 32: [rows][stride], stride a multiple of 8 blocks, filled up with
/// zeros (up to 8 rows: any stride).
struct QuantisedRows {
    std::int8_t* values = nullptr;
    BlockRecord* records = nullptr;
    std::uint64_t stride = 0;  ///< blocks
};

inline constexpr std::uint32_t kChunk = 256;  ///< positions that are attended to at once, aligned in the view
inline constexpr std::uint32_t kQueries = 8;  ///< (row, head) pairs of a block
struct AttentionArgs {
    PagePlanes planes;
    StepTables step;
    const std::int32_t* block_views = nullptr;  ///< [blocks][2]: view, first query of it
    const float* q = nullptr;                   ///< [rows][heads * head_size]
    float* out = nullptr;
    float* partials = nullptr;  ///< [blocks][kv_heads][splits][kQueries][padded size + 2], or null: no splits
    std::uint32_t* arrived = nullptr;  ///< [blocks][kv_heads], zero before and after
    QuantisedRows quantised;           ///< of `out`, where a head is whole blocks of 32; no values: none
    RopeAngles angles;
    std::uint32_t blocks = 0;
    std::uint32_t splits = 1;
    std::uint32_t heads = 0;
    std::uint32_t kv_heads = 0;
    std::uint32_t head_size = 0;
    std::uint32_t window = 0;
    float scale = 1.0F;
    float softcap = 0.0F;
};

}  // namespace tendril::cuda
