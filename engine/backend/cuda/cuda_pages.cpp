// SPDX-License-Identifier: Apache-2.0
// KV pages in device memory; see cuda_pages.h.
#include "engine/backend/cuda/cuda_pages.h"

#include <cassert>
#include <stdexcept>

#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

using engine::KvType;
using engine::PageGroup;

std::size_t CudaPages::values_bytes() const {
    const std::size_t values = engine::kPageTokens * padded_size(layout_);
    return layout_.type == KvType::f16 ? values * 2 : layout_.type == KvType::q8_0 ? values : values / 2;
}

std::size_t CudaPages::scales_bytes() const {
    return layout_.type == KvType::f16 ? 0 : engine::kPageTokens * padded_size(layout_) / 32 * 2;
}

Result<std::unique_ptr<CudaPages>> CudaPages::make(const engine::KvLayout& layout,
                                                   engine::KvPageCounts counts, Launcher& launcher) {
    std::unique_ptr<CudaPages> pages(new CudaPages(layout, launcher));
    std::size_t next[2] = {};
    for (std::size_t layer = 0; layer < layout.layers; ++layer) {
        pages->index_.push_back(next[layout.group(layer) == PageGroup::window ? 1 : 0]++);
    }
    for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
        Part& part = pages->parts_[group == PageGroup::window ? 1 : 0];
        part.count = group == PageGroup::window ? counts.window : counts.full;
        part.page_bytes = layout.layers_in(group) * 2 * layout.kv_heads * pages->head_bytes();
        if (part.page_bytes != 0 && part.count > SIZE_MAX / 4 / part.page_bytes) {
            return fail(ErrorCode::out_of_memory, "The context is too long for the graphics card's memory.");
        }
        Result<DeviceMemory> memory =
            DeviceMemory::take(part.count * part.page_bytes, "taking memory for the context");
        if (!memory) {
            return fail(std::move(memory.error()));
        }
        part.memory = std::move(*memory);
    }
    return pages;
}

PagePlanes CudaPages::planes(std::size_t layer) const {
    const PageGroup group = layout_.group(layer);
    PagePlanes out;
    out.pages = part(group).memory.data<std::uint8_t>();
    out.page_bytes = part(group).page_bytes;
    out.layer_offset = index_[layer] * 2 * layout_.kv_heads * head_bytes();
    out.head_bytes = static_cast<std::uint32_t>(head_bytes());
    out.scale_offset = static_cast<std::uint32_t>(values_bytes());
    out.padded_size = static_cast<std::uint32_t>(padded_size(layout_));
    out.type = layout_.type;
    out.windowed = group == PageGroup::window ? 1 : 0;
    return out;
}

void CudaPages::copy_page(PageGroup group, engine::PageId from, engine::PageId to, std::size_t tokens) {
    const Part& p = part(group);
    assert(from < p.count && to < p.count && tokens <= engine::kPageTokens);
    if (tokens == 0 || p.page_bytes == 0) {
        return;
    }
    CopyPageArgs args;
    args.pages = p.memory.data<std::uint8_t>();
    args.page_bytes = p.page_bytes;
    args.from = from;
    args.to = to;
    args.heads = static_cast<std::uint32_t>(p.page_bytes / head_bytes());
    args.kv_heads = static_cast<std::uint32_t>(layout_.kv_heads);
    args.tokens = static_cast<std::uint32_t>(tokens);
    args.head_bytes = static_cast<std::uint32_t>(head_bytes());
    args.scale_offset = static_cast<std::uint32_t>(values_bytes());
    args.padded_size = static_cast<std::uint32_t>(padded_size(layout_));
    args.type = layout_.type;
    launcher_.run(cuda::copy_page, args, "copying a page of the context");
}

std::string CudaPages::layout_name() const {
    std::string name = std::string("CUDA ") + engine::name_of(layout_.type) + " 1, heads " +
                       std::to_string(layout_.kv_heads) + " x " + std::to_string(layout_.head_size) +
                       ", layers ";
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        name += layout_.group(layer) == PageGroup::window ? 'w' : 'f';
    }
    return name;
}

void CudaPages::export_page(PageGroup group, engine::PageId page, std::span<std::byte> to) const {
    assert(to.size() == page_bytes(group) && page < page_count(group));
    const auto* from = part(group).memory.data() + page * page_bytes(group);
    launcher_.copy(to.data(), from, to.size(), cudaMemcpyDeviceToHost, "reading a page of the context");
    launcher_.synchronize("reading a page of the context");
    if (!launcher_.status()) {  // what is here must not reach the disk; caught at the engine thread's border
        throw std::runtime_error(launcher_.status().error().detail);
    }
}

void CudaPages::import_page(PageGroup group, engine::PageId page, std::span<const std::byte> from) {
    assert(from.size() == page_bytes(group) && page < page_count(group));
    auto* const to = part(group).memory.data() + page * page_bytes(group);
    launcher_.copy(to, from.data(), from.size(), cudaMemcpyHostToDevice, "writing a page of the context");
    launcher_.synchronize("writing a page of the context");
}

}  // namespace tendril::cuda
