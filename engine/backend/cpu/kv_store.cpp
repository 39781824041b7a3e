// SPDX-License-Identifier: Apache-2.0
// Writing keys and values; see kv_store.h.
#include "engine/backend/cpu/kv_store.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engine/limits.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kRun = 16;      // positions at once: a part of a cache line of each key row
constexpr std::size_t kAlone = 8192;  // values below which a fork costs more than it gains

}  // namespace

struct CpuKvStore::Run {
    const CpuKvPages& pages;
    CpuKvPages::Head to;
    std::size_t place;  // in the page, of the first position
    std::size_t count;  // positions
    const float* keys;  // of the first position, this head
    const float* values;
    std::size_t stride;  // floats from position to position
};

void CpuKvStore::store_halves(const Run& run) const {
    const std::size_t size = run.pages.layout().head_size;
    const std::size_t padded = run.pages.padded();
    auto* to_keys = reinterpret_cast<std::uint16_t*>(run.to.keys) + run.place;
    auto* to_values = reinterpret_cast<std::uint16_t*>(run.to.values) + run.place * padded;
    std::uint16_t turned[kRun][64];
    for (std::size_t part = 0; part < size; part += 64) {
        const std::size_t width = std::min<std::size_t>(64, size - part);
        for (std::size_t t = 0; t < run.count; ++t) {
            const std::size_t offset = t * run.stride + part;
            vectors_.to_half(run.keys + offset, turned[t], width);
            vectors_.to_half(run.values + offset, to_values + t * padded + part, width);
        }
        for (std::size_t i = 0; i < width; ++i) {
            for (std::size_t t = 0; t < run.count; ++t) {
                to_keys[(part + i) * kPageTokens + t] = turned[t][i];
            }
        }
    }
}

namespace {

/// Codes of 32 inputs of one position to the layout of keys.
void place_key(KvType type, const std::int8_t* codes, std::uint8_t* keys, std::size_t block,
               std::size_t place) {
    if (type == KvType::q8_0) {
        std::uint8_t* to = keys + (block * 8 * kPageTokens + place) * 4;
        for (std::size_t i = 0; i < 32; ++i) {
            to[i / 4 * kPageTokens * 4 + i % 4] = static_cast<std::uint8_t>(codes[i] + 128);
        }
        return;
    }
    std::uint8_t* to = keys + (block * 4 * kPageTokens + place) * 4;
    for (std::size_t group = 0; group < 4; ++group, to += kPageTokens * 4) {
        for (std::size_t i = 0; i < 4; ++i) {
            to[i] =
                static_cast<std::uint8_t>((codes[group * 8 + i] + 8) | (codes[group * 8 + 4 + i] + 8) << 4);
        }
    }
}

/// The same to the layout of values; `row`: of the position.
void place_value(KvType type, const std::int8_t* codes, std::uint8_t* row, std::size_t block) {
    if (type == KvType::q8_0) {
        std::memcpy(row + block * 32, codes, 32);
        return;
    }
    for (std::size_t i = 0; i < 16; ++i) {
        row[block * 16 + i] = static_cast<std::uint8_t>((codes[i] + 8) | (codes[16 + i] + 8) << 4);
    }
}

}  // namespace

void CpuKvStore::store_quantised(const Run& run) const {
    const KvType type = run.pages.layout().type;
    const std::size_t size = run.pages.layout().head_size;
    const std::size_t padded = run.pages.padded();
    const std::size_t row_bytes = type == KvType::q8_0 ? padded : padded / 2;
    const auto round = kernels_.round[static_cast<std::size_t>(type)];
    float turned[kMaxHeadSize];
    std::int8_t codes[32];
    const auto turn = [&](const float* from) {
        std::copy_n(from, size, turned);
        std::fill(turned + size, turned + padded, 0.0F);
        kernels_.hadamard(turned, size);
    };
    for (std::size_t t = 0; t < run.count; ++t) {
        const std::size_t place = run.place + t;
        turn(run.keys + t * run.stride);
        for (std::size_t block = 0; block < run.pages.blocks(); ++block) {
            round(turned + block * 32, codes, run.to.key_scales + block * kPageTokens + place);
            place_key(type, codes, run.to.keys, block, place);
        }
        turn(run.values + t * run.stride);
        for (std::size_t block = 0; block < run.pages.blocks(); ++block) {
            round(turned + block * 32, codes, run.to.value_scales + block * kPageTokens + place);
            place_value(type, codes, run.to.values + place * row_bytes, block);
        }
    }
}

/// Rows [begin, end) of the view, one head.
void CpuKvStore::store_rows(const CpuKvPages& pages, std::size_t layer, const StepView& view,
                            const Source& from, std::size_t head, std::size_t begin, std::size_t end) const {
    const KvSegment& last = view.segments.back();
    assert(last.delta == 0 && last.length >= view.row_count);
    const std::span<const PageId> ids = last.pages_of(pages.layout().group(layer));
    const std::size_t first_slot = last.first_slot + last.length - view.row_count;
    while (begin < end) {
        const std::size_t slot = first_slot + begin;
        const std::size_t place = slot % kPageTokens;
        const std::size_t count = std::min(kRun - place % kRun, end - begin);
        const std::size_t width = from.keys.width;
        const std::size_t at =
            (view.first_row + begin - from.first) * width + head * pages.layout().head_size;
        const Run run{pages,
                      pages.head(ids[slot / kPageTokens], layer, head),
                      place,
                      count,
                      from.keys.data + at,
                      from.values.data + at,
                      width};
        pages.quantised() ? store_quantised(run) : store_halves(run);
        begin += count;
    }
}

void CpuKvStore::run(CpuKvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys,
                     Rows values) const {
    const std::size_t heads = pages.layout().kv_heads;
    const Source from{keys, values, 0};
    for (const StepView& view : plan.views) {
        if (view.row_count * keys.width < kAlone) {
            for (std::size_t head = 0; head < heads; ++head) {
                store_rows(pages, layer, view, from, head, 0, view.row_count);
            }
            continue;
        }
        const std::size_t chunks = (view.row_count + kPageTokens - 1) / kPageTokens;
        pool_.run(chunks * heads, [&](std::size_t piece, unsigned) {
            const std::size_t begin = piece / heads * kPageTokens;
            store_rows(pages, layer, view, from, piece % heads, begin,
                       std::min(begin + kPageTokens, view.row_count));
        });
    }
}

void CpuKvStore::run_rows(const CpuKvPages& pages, std::size_t layer, const StepPlan& plan, std::size_t first,
                          Rows keys, Rows values) const {
    for (const StepView& view : plan.views) {
        const std::size_t begin = std::max(view.first_row, first);
        const std::size_t end = std::min(view.first_row + view.row_count, first + keys.rows);
        for (std::size_t head = 0; begin < end && head < pages.layout().kv_heads; ++head) {
            store_rows(pages, layer, view, {keys, values, first}, head, begin - view.first_row,
                       end - view.first_row);
        }
    }
}

}  // namespace tendril::engine
