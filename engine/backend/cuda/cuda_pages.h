// SPDX-License-Identifier: Apache-2.0
// KV pages in device memory, and in pinned host memory where the engine gives some (PageTier); see PagePlanes
// in kernels.h. Engine thread; calls are ordered with the backend's stream.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/cuda/copy_stream.h"
#include "engine/backend/cuda/device_memory.h"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/page_tier.h"
#include "engine/backend/kv_pages.h"

namespace tendril::cuda {

class Launcher;

class CudaPages final : public engine::KvPages {
  public:
    /// `launcher` must outlive the pages.
    static Result<std::unique_ptr<CudaPages>> make(const engine::KvLayout& layout,
                                                   engine::KvPageCounts counts, Launcher& launcher);

    std::size_t page_count(engine::PageGroup group) const override {
        return part(group).tier ? part(group).tier->page_count() : part(group).frames;
    }
    void copy_page(engine::PageGroup group, engine::PageId from, engine::PageId to,
                   std::size_t tokens) override;
    std::string layout_name() const override;
    std::size_t page_bytes(engine::PageGroup group) const override { return part(group).page_bytes; }
    void export_page(engine::PageGroup group, engine::PageId page, std::span<std::byte> to) const override;
    void import_page(engine::PageGroup group, engine::PageId page, std::span<const std::byte> from) override;
    Result<std::size_t> keep_on_host(std::size_t bytes) override;
    std::size_t step_pages(engine::PageGroup group) const override { return part(group).frames; }
    void discard(engine::PageGroup group, engine::PageId page) override;
    HostTraffic host_traffic() const override;

    /// Before the launches of a step: its pages, some of which may come from host memory first.
    void bring(const engine::StepPlan& plan) const;
    /// Appends where kernels find these pages, which were brought; kNoPage stays.
    void append_frames(engine::PageGroup group, std::span<const engine::PageId> pages,
                       std::vector<std::int32_t>& to) const;
    const engine::KvLayout& layout() const { return layout_; }
    PagePlanes planes(std::size_t layer) const;
    static std::size_t padded_size(const engine::KvLayout& layout) {
        return (layout.head_size + 31) / 32 * 32;
    }

  private:
    struct Part {
        std::size_t frames = 0;
        std::size_t page_bytes = 0;
        DeviceMemory memory;
        std::unique_ptr<PageTier> tier;  ///< null: page n is frame n
    };
    CudaPages(const engine::KvLayout& layout, Launcher& launcher)
        : layout_(layout), launcher_(launcher), copies_(launcher) {}
    const Part& part(engine::PageGroup group) const {
        return parts_[group == engine::PageGroup::window ? 1 : 0];
    }
    std::uint32_t frame(engine::PageGroup group, engine::PageId page) const {
        return part(group).tier ? part(group).tier->frame(page) : page;
    }
    std::uint32_t brought(engine::PageGroup group, engine::PageId page) const;
    std::size_t head_bytes() const { return values_bytes() + scales_bytes(); }
    std::size_t values_bytes() const;
    std::size_t scales_bytes() const;

    engine::KvLayout layout_;
    Launcher& launcher_;
    std::vector<std::size_t> index_;  // [layer] within its group
    Part parts_[2];
    PinnedMemory host_;
    mutable CopyStream copies_;                  // ends before the memory that it copies
    mutable std::vector<engine::PageId> named_;  ///< by the step that is brought
};

}  // namespace tendril::cuda
