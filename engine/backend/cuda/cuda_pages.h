// SPDX-License-Identifier: Apache-2.0
// KV pages in device memory; see PagePlanes in kernels.h. Engine thread; calls are ordered with the backend's
// stream.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/kv_pages.h"

namespace tendril::cuda {

class Launcher;

class CudaPages final : public engine::KvPages {
  public:
    /// `launcher` must outlive the pages.
    static Result<std::unique_ptr<CudaPages>> make(const engine::KvLayout& layout,
                                                   engine::KvPageCounts counts, Launcher& launcher);

    std::size_t page_count(engine::PageGroup group) const override { return part(group).count; }
    void copy_page(engine::PageGroup group, engine::PageId from, engine::PageId to,
                   std::size_t tokens) override;
    std::string layout_name() const override;
    std::size_t page_bytes(engine::PageGroup group) const override { return part(group).page_bytes; }
    void export_page(engine::PageGroup group, engine::PageId page, std::span<std::byte> to) const override;
    void import_page(engine::PageGroup group, engine::PageId page, std::span<const std::byte> from) override;

    const engine::KvLayout& layout() const { return layout_; }
    PagePlanes planes(std::size_t layer) const;
    static std::size_t padded_size(const engine::KvLayout& layout) {
        return (layout.head_size + 31) / 32 * 32;
    }

  private:
    struct Part {
        std::size_t count = 0;
        std::size_t page_bytes = 0;
        DeviceMemory memory;
    };
    CudaPages(const engine::KvLayout& layout, Launcher& launcher) : layout_(layout), launcher_(launcher) {}
    const Part& part(engine::PageGroup group) const {
        return parts_[group == engine::PageGroup::window ? 1 : 0];
    }
    std::size_t head_bytes() const { return values_bytes() + scales_bytes(); }
    std::size_t values_bytes() const;
    std::size_t scales_bytes() const;

    engine::KvLayout layout_;
    Launcher& launcher_;
    std::vector<std::size_t> index_;  // [layer] within its group
    Part parts_[2];
};

}  // namespace tendril::cuda
