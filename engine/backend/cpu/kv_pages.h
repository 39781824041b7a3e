// SPDX-License-Identifier: Apache-2.0
// KV pages of the CPU backend: [group][page][layer of the group][kv head][keys, key scales, values, value
// scales], padded to whole vectors (f16: 16 values, else 32) with zeros. Keys lie with a position as a
// column, so that scores of 64 positions are sums down the lanes:
//   keys    f16: [size][64] halves; q8_0: [padded / 4][64][4] bytes, value + 128; q4_0: [padded / 8][64][4]
//           bytes, low nibbles inputs 8g..8g+3, high ones 8g+4..8g+7, value + 8
//   values  f16: [64][padded] halves; q8_0: [64][padded] signed bytes; q4_0: [64][padded / 2] bytes, each 32
//           values 16 low nibbles then 16 high ones, value + 8
//   scales  f16 [padded / 32][64]
// Engine thread; kernels read from any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/huge_memory.h"

namespace tendril::engine {

class CpuKvPages final : public KvPages {
  public:
    /// `kernels` names what computes the contents: pages of others are close, not the same.
    static Result<std::unique_ptr<CpuKvPages>> make(const KvLayout& layout, KvPageCounts counts,
                                                    const char* kernels);

    std::size_t page_count(PageGroup group) const override { return part(group).count; }
    void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) override;
    void gather(const KvGather& gather) override;
    std::string layout_name() const override;
    std::size_t page_bytes(PageGroup group) const override { return part(group).page_bytes; }
    void export_page(PageGroup group, PageId page, std::span<std::byte> to) const override;
    void import_page(PageGroup group, PageId page, std::span<const std::byte> from) override;

    const KvLayout& layout() const { return layout_; }
    bool quantised() const { return layout_.type != KvType::f16; }
    std::size_t padded() const { return padded_; }
    std::size_t blocks() const { return quantised() ? padded_ / 32 : 0; }

    struct Head {
        std::uint8_t* keys;
        std::uint16_t* key_scales;  // of quantised types
        std::uint8_t* values;
        std::uint16_t* value_scales;
    };
    Head head(PageId page, std::size_t layer, std::size_t head) const;

  private:
    struct Part {
        std::size_t count = 0;
        std::size_t page_bytes = 0;
        std::unique_ptr<HugeMemory> memory;
    };
    CpuKvPages(const KvLayout& layout, const char* kernels);
    const Part& part(PageGroup group) const { return parts_[group == PageGroup::window ? 1 : 0]; }
    std::size_t key_bytes() const;
    std::size_t value_bytes() const;
    std::size_t head_bytes() const { return key_bytes() + value_bytes() + 2 * scale_bytes(); }
    std::size_t scale_bytes() const { return blocks() * kPageTokens * sizeof(std::uint16_t); }

    KvLayout layout_;
    std::string kernels_;
    std::size_t padded_;
    std::vector<std::size_t> index_;  // [layer] within its group
    Part parts_[2];
};

}  // namespace tendril::engine
