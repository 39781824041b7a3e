// SPDX-License-Identifier: Apache-2.0
// KV pages of the reference backend: [group][page][layer of the group][keys, values][kv head][position], each
// entry one head of one position in the layout's type, written and read one at a time. Engine thread.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/kv_pages.h"

namespace tendril::engine {

/// x = H x for each run of `size`'s largest power of two: the normalised Hadamard matrix, which is its own
/// inverse. In T = float the sums are those of every backend, bit for bit.
template <typename T>
void turn_by_hadamard(std::span<T> x) {
    const std::size_t block = std::size_t{1} << std::countr_zero(x.size());
    for (std::size_t start = 0; start < x.size(); start += block) {
        for (std::size_t half = 1; half < block; half *= 2) {
            for (std::size_t i = start; i < start + block; ++i) {
                if (((i - start) & half) == 0) {
                    const T a = x[i];
                    const T b = x[i + half];
                    x[i] = a + b;
                    x[i + half] = a - b;
                }
            }
        }
        for (std::size_t i = start; i < start + block; ++i) {
            x[i] *= T(1) / std::sqrt(static_cast<T>(block));
        }
    }
}

class HostPages final : public KvPages {
  public:
    HostPages(const KvLayout& layout, KvPageCounts counts);

    std::size_t page_count(PageGroup group) const override { return part(group).count; }
    void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) override;
    void gather(const KvGather& gather) override;
    std::string layout_name() const override;
    std::size_t page_bytes(PageGroup group) const override { return part(group).page_bytes; }
    void export_page(PageGroup group, PageId page, std::span<std::byte> to) const override;
    void import_page(PageGroup group, PageId page, std::span<const std::byte> from) override;

    const KvLayout& layout() const { return layout_; }
    bool turned() const { return layout_.type != KvType::f16; }

    struct Place {
        PageId page;
        std::size_t layer, head, position;
        bool values;
    };
    /// Turns (quantised types) and rounds head_size values.
    void write(const Place& place, std::span<const float> from);
    /// What write() kept, still turned.
    void read(const Place& place, std::span<float> to) const;

  private:
    struct Part {
        std::size_t count = 0;
        std::size_t page_bytes = 0;
        std::vector<std::byte> bytes;
    };
    const Part& part(PageGroup group) const { return parts_[group == PageGroup::window ? 1 : 0]; }
    Part& part(PageGroup group) { return parts_[group == PageGroup::window ? 1 : 0]; }
    std::size_t offset(const Place& place) const;

    KvLayout layout_;
    std::size_t entry_bytes_;
    std::vector<std::size_t> index_;  // [layer] within its group
    Part parts_[2];
    std::vector<float> turned_;
};

}  // namespace tendril::engine
