// SPDX-License-Identifier: Apache-2.0
// KV pages; see kv_pages.h.
#include "engine/backend/cpu/kv_pages.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engine/limits.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kVersion = 2;  // of the layout: part of what the disk tier goes by

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

CpuKvPages::CpuKvPages(const KvLayout& layout, const char* kernels)
    : layout_(layout),
      kernels_(kernels),
      padded_(round_up(layout.head_size, layout.type == KvType::f16 ? 16 : 32)) {
    std::size_t next[2] = {};
    for (std::size_t layer = 0; layer < layout.layers; ++layer) {
        index_.push_back(next[layout.group(layer) == PageGroup::window ? 1 : 0]++);
    }
}

Result<std::unique_ptr<CpuKvPages>> CpuKvPages::make(const KvLayout& layout, KvPageCounts counts,
                                                     const char* kernels) {
    if (layout.head_size == 0 || layout.head_size > kMaxHeadSize || layout.layers > (1U << 20)) {
        return fail(ErrorCode::too_large, "The model's attention heads are of a size that is not supported.");
    }
    std::unique_ptr<CpuKvPages> pages(new CpuKvPages(layout, kernels));
    for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
        Part& p = pages->parts_[group == PageGroup::window ? 1 : 0];
        p.count = group == PageGroup::window ? counts.window : counts.full;
        std::size_t bytes = 0;
        if (__builtin_mul_overflow(layout.layers_in(group), layout.kv_heads, &bytes) ||
            __builtin_mul_overflow(bytes, pages->head_bytes(), &p.page_bytes) ||
            __builtin_mul_overflow(p.page_bytes, p.count, &bytes)) {
            return fail(ErrorCode::too_large, "The model's attention heads are too many to keep.");
        }
        if (bytes == 0) {
            continue;
        }
        auto memory = HugeMemory::take(bytes);
        if (!memory) {
            return fail(memory.error());
        }
        p.memory = std::move(*memory);
    }
    return pages;
}

std::size_t CpuKvPages::key_bytes() const {
    switch (layout_.type) {
        case KvType::f16:
            return layout_.head_size * kPageTokens * sizeof(std::uint16_t);
        case KvType::q8_0:
            return padded_ * kPageTokens;
        case KvType::q4_0:
            return padded_ * kPageTokens / 2;
    }
    return 0;
}

std::size_t CpuKvPages::value_bytes() const {
    return layout_.type == KvType::f16 ? padded_ * kPageTokens * sizeof(std::uint16_t) : key_bytes();
}

CpuKvPages::Head CpuKvPages::head(PageId page, std::size_t layer, std::size_t head) const {
    const Part& p = part(layout_.group(layer));
    assert(page < p.count && head < layout_.kv_heads);
    std::uint8_t* at =
        p.memory->data() + page * p.page_bytes + (index_[layer] * layout_.kv_heads + head) * head_bytes();
    Head out{};
    out.keys = at;
    out.key_scales = reinterpret_cast<std::uint16_t*>(at + key_bytes());
    out.values = at + key_bytes() + scale_bytes();
    out.value_scales = reinterpret_cast<std::uint16_t*>(out.values + value_bytes());
    return out;
}

std::string CpuKvPages::layout_name() const {
    std::string name = std::string("cpu ") + kernels_ + " " + name_of(layout_.type) + " " +
                       std::to_string(kVersion) + ", heads " + std::to_string(layout_.kv_heads) + " x " +
                       std::to_string(layout_.head_size) + " padded " + std::to_string(padded_) + ", layers ";
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        name += layout_.group(layer) == PageGroup::window ? 'w' : 'f';
    }
    return name;
}

void CpuKvPages::export_page(PageGroup group, PageId page, std::span<std::byte> to) const {
    const Part& p = part(group);
    assert(page < p.count && to.size() == p.page_bytes);
    if (p.page_bytes > 0) {  // a model of windowed layers alone has nothing in the other group
        std::memcpy(to.data(), p.memory->data() + page * p.page_bytes, p.page_bytes);
    }
}

void CpuKvPages::import_page(PageGroup group, PageId page, std::span<const std::byte> from) {
    const Part& p = part(group);
    assert(page < p.count && from.size() == p.page_bytes);
    if (p.page_bytes > 0) {
        std::memcpy(p.memory->data() + page * p.page_bytes, from.data(), p.page_bytes);
    }
}

void CpuKvPages::copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) {
    const Part& p = part(group);
    assert(from < p.count && to < p.count && tokens <= kPageTokens);
    if (p.page_bytes == 0) {
        return;
    }
    if (tokens == kPageTokens) {
        std::memcpy(p.memory->data() + to * p.page_bytes, p.memory->data() + from * p.page_bytes,
                    p.page_bytes);
        return;
    }
    // Of each run of 64 entries of `entry` bytes the first `tokens`.
    const auto copy_runs = [tokens](const void* source, void* target, std::size_t bytes, std::size_t entry) {
        for (std::size_t at = 0; at < bytes; at += kPageTokens * entry) {
            std::memcpy(static_cast<std::uint8_t*>(target) + at,
                        static_cast<const std::uint8_t*>(source) + at, tokens * entry);
        }
    };
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        if (layout_.group(layer) != group) {
            continue;
        }
        for (std::size_t h = 0; h < layout_.kv_heads; ++h) {
            const Head source = head(from, layer, h);
            const Head target = head(to, layer, h);
            copy_runs(source.keys, target.keys, key_bytes(), quantised() ? 4 : sizeof(std::uint16_t));
            copy_runs(source.values, target.values, value_bytes(), value_bytes() / kPageTokens);
            copy_runs(source.key_scales, target.key_scales, scale_bytes(), sizeof(std::uint16_t));
            copy_runs(source.value_scales, target.value_scales, scale_bytes(), sizeof(std::uint16_t));
        }
    }
}

/// Runs of keys of one place lie `entry` bytes wide, 64 places apart; values of a place lie together.
void CpuKvPages::gather(const KvGather& g) {
    assert(layout_.group(g.layer) == PageGroup::full);
    const std::size_t entry = quantised() ? 4 : sizeof(std::uint16_t);
    const std::size_t value_row = value_bytes() / kPageTokens;
    for (std::size_t i = 0; i < g.slots.size(); ++i) {
        const std::size_t from_slot = g.slots[i];
        const std::size_t to_slot = g.first_slot + i;
        const std::size_t from = from_slot % kPageTokens;
        const std::size_t to = to_slot % kPageTokens;
        const Head source = head(g.from[from_slot / kPageTokens], g.layer, g.head);
        const Head target = head(g.to[to_slot / kPageTokens], g.layer, g.head);
        for (std::size_t at = 0; at < key_bytes(); at += kPageTokens * entry) {
            if (entry == 4) {
                std::memcpy(target.keys + at + to * 4, source.keys + at + from * 4, 4);
            } else {
                std::memcpy(target.keys + at + to * 2, source.keys + at + from * 2, 2);
            }
        }
        std::memcpy(target.values + to * value_row, source.values + from * value_row, value_row);
        for (std::size_t block = 0; block < blocks(); ++block) {
            target.key_scales[block * kPageTokens + to] = source.key_scales[block * kPageTokens + from];
            target.value_scales[block * kPageTokens + to] = source.value_scales[block * kPageTokens + from];
        }
    }
}

}  // namespace tendril::engine
