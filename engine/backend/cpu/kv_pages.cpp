// SPDX-License-Identifier: Apache-2.0
// KV pages; see kv_pages.h.
#include "engine/backend/cpu/kv_pages.h"

#include <algorithm>
#include <cstring>

namespace tendril::engine {

Result<std::unique_ptr<CpuKvPages>> CpuKvPages::make(const KvLayout& layout, std::size_t page_count) {
    const std::size_t padded = (layout.head_size + 15) / 16 * 16;
    const std::size_t head_halves = (layout.head_size + padded) * kPageTokens;
    std::size_t bytes = 0;
    if (layout.head_size == 0 || layout.head_size > 4096 ||
        __builtin_mul_overflow(layout.layers, layout.kv_heads, &bytes) ||
        __builtin_mul_overflow(bytes, head_halves * 2, &bytes) ||
        __builtin_mul_overflow(bytes, page_count, &bytes)) {
        return fail(ErrorCode::too_large, "The model's attention heads are of a size that is not supported.");
    }
    auto memory = HugeMemory::take(bytes);
    if (!memory) {
        return fail(memory.error());
    }
    return std::unique_ptr<CpuKvPages>(
        new CpuKvPages(layout, page_count, padded, head_halves, std::move(*memory)));
}

CpuKvPages::CpuKvPages(const KvLayout& layout, std::size_t count, std::size_t padded, std::size_t head_halves,
                       std::unique_ptr<HugeMemory> memory)
    : layout_(layout),
      count_(count),
      padded_(padded),
      head_halves_(head_halves),
      page_halves_(layout.layers * layout.kv_heads * head_halves),
      memory_(std::move(memory)) {}

std::string CpuKvPages::layout_name() const {
    return "cpu f16 1 padded " + std::to_string(padded_);
}

void CpuKvPages::export_page(PageGroup, PageId page, std::span<std::byte> to) const {
    std::memcpy(to.data(), data() + page * page_halves_, page_halves_ * sizeof(std::uint16_t));
}

void CpuKvPages::import_page(PageGroup, PageId page, std::span<const std::byte> from) {
    std::memcpy(data() + page * page_halves_, from.data(), page_halves_ * sizeof(std::uint16_t));
}

void CpuKvPages::copy_page(PageGroup, PageId from, PageId to, std::size_t tokens) {
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        for (std::size_t head = 0; head < layout_.kv_heads; ++head) {
            const std::uint16_t* source = keys(from, layer, head);
            std::uint16_t* target = keys(to, layer, head);
            for (std::size_t i = 0; i < layout_.head_size; ++i) {
                std::copy_n(source + i * kPageTokens, tokens, target + i * kPageTokens);
            }
            std::copy_n(values(from, layer, head), tokens * padded_, values(to, layer, head));
        }
    }
}

}  // namespace tendril::engine
