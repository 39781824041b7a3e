// SPDX-License-Identifier: Apache-2.0
// KV pages of the CPU backend: f16; [page][layer][kv head][keys: head_size x 64, values: 64 x padded]. Keys
// lie with a position as a column, so that scores of 64 positions are sums down the lanes; head sizes are
// padded to 16 for the same reason. Engine thread.
#pragma once

#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/huge_memory.h"

namespace tendril::engine {

class CpuKvPages final : public KvPages {
  public:
    static Result<std::unique_ptr<CpuKvPages>> make(const KvLayout& layout, std::size_t page_count);

    std::size_t page_count(PageGroup group) const override { return group == PageGroup::full ? count_ : 0; }
    void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) override;
    std::string layout_name() const override;
    std::size_t page_bytes(PageGroup group) const override {
        return group == PageGroup::full ? page_halves_ * sizeof(std::uint16_t) : 0;
    }
    void export_page(PageGroup group, PageId page, std::span<std::byte> to) const override;
    void import_page(PageGroup group, PageId page, std::span<const std::byte> from) override;

    const KvLayout& layout() const { return layout_; }
    std::size_t padded() const { return padded_; }
    std::uint16_t* keys(PageId page, std::size_t layer, std::size_t head) const {
        return data() + page * page_halves_ + (layer * layout_.kv_heads + head) * head_halves_;
    }
    std::uint16_t* values(PageId page, std::size_t layer, std::size_t head) const {
        return keys(page, layer, head) + layout_.head_size * kPageTokens;
    }

  private:
    CpuKvPages(const KvLayout& layout, std::size_t count, std::size_t padded, std::size_t head_halves,
               std::unique_ptr<HugeMemory> memory);
    std::uint16_t* data() const { return reinterpret_cast<std::uint16_t*>(memory_->data()); }

    KvLayout layout_;
    std::size_t count_;
    std::size_t padded_;
    std::size_t head_halves_;  // of one head of one layer of a page
    std::size_t page_halves_;
    std::unique_ptr<HugeMemory> memory_;
};

}  // namespace tendril::engine
