// SPDX-License-Identifier: Apache-2.0
// KV pages in device memory; see cuda_pages.h.
#include "engine/backend/cuda/cuda_pages.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "engine/backend/cuda/launcher.h"

namespace tendril::cuda {

using engine::KvType;
using engine::PageGroup;

namespace {

constexpr int kHostTries = 3;  // each for half as much

}  // namespace

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
        part.frames = group == PageGroup::window ? counts.window : counts.full;
        part.page_bytes = layout.layers_in(group) * 2 * layout.kv_heads * pages->head_bytes();
        if (part.page_bytes != 0 && part.frames > SIZE_MAX / 4 / part.page_bytes) {
            return fail(ErrorCode::out_of_memory, "The context is too long for the graphics card's memory.");
        }
        Result<DeviceMemory> memory =
            DeviceMemory::take(part.frames * part.page_bytes, "taking memory for the context");
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

Result<std::size_t> CudaPages::keep_on_host(std::size_t bytes) {
    std::size_t all = 0;
    for (const Part& part : parts_) {
        all += part.frames * part.page_bytes;
    }
    for (int tries = 0; all > 0 && tries < kHostTries; ++tries, bytes /= 2) {
        // Both groups grow alike, so that neither is full long before the other.
        PageTier::Memory memory[2];
        std::size_t wanted = 0;
        for (std::size_t i = 0; i < 2; ++i) {
            const Part& part = parts_[i];
            const double share = static_cast<double>(bytes) / static_cast<double>(all);
            const auto more = static_cast<std::size_t>(share * static_cast<double>(part.frames));
            const std::size_t slots = part.page_bytes > 0 && more > 0 ? more + PageTier::kAhead : 0;
            memory[i] = {part.memory.data(), part.frames, nullptr, slots, part.page_bytes};
            wanted += slots * part.page_bytes;
        }
        if (wanted == 0) {
            return std::size_t{0};
        }
        Result<PinnedMemory> host = PinnedMemory::take(wanted, "taking host memory for pages");
        if (!host) {
            continue;
        }
        if (Status status = copies_.open(); !status) {
            return fail(std::move(status.error()));
        }
        host_ = std::move(*host);
        std::byte* next = host_.data();
        for (std::size_t i = 0; i < 2; ++i) {
            if (memory[i].slots > 0) {
                memory[i].host = next;
                next += memory[i].slots * memory[i].page_bytes;
                parts_[i].tier = std::make_unique<PageTier>(memory[i], copies_);
            }
        }
        return wanted;
    }
    return all == 0 ? Result<std::size_t>(0)
                    : fail(ErrorCode::out_of_memory,
                           "The system gave no memory that the graphics card can copy from, so what the card "
                           "has no room for is kept on the disk only.",
                           "pinned memory was refused " + std::to_string(kHostTries) + " times");
}

void CudaPages::discard(PageGroup group, engine::PageId page) {
    if (const Part& p = part(group); p.tier) {
        p.tier->discard(page);
    }
}

engine::KvPages::HostTraffic CudaPages::host_traffic() const {
    HostTraffic sum;
    for (const Part& part : parts_) {
        if (part.tier) {
            sum.put_off += part.tier->traffic().put_off;
            sum.fetched += part.tier->traffic().fetched;
        }
    }
    return sum;
}

void CudaPages::bring(const engine::StepPlan& plan) const {
    for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
        if (!part(group).tier) {
            continue;
        }
        named_.clear();
        for (const engine::StepView& view : plan.views) {
            for (const engine::KvSegment& segment : view.segments) {
                const auto pages = segment.pages_of(group);
                std::copy_if(pages.begin(), pages.end(), std::back_inserter(named_),
                             [](engine::PageId page) { return page != engine::kNoPage; });
            }
        }
        part(group).tier->bring(named_);
    }
}

void CudaPages::append_frames(PageGroup group, std::span<const engine::PageId> pages,
                              std::vector<std::int32_t>& to) const {
    std::transform(pages.begin(), pages.end(), std::back_inserter(to), [&](engine::PageId page) {
        return static_cast<std::int32_t>(page == engine::kNoPage ? page : frame(group, page));
    });
}

/// The frame of a page that something other than a step reads or writes.
std::uint32_t CudaPages::brought(PageGroup group, engine::PageId page) const {
    if (const Part& p = part(group); p.tier && !p.tier->on_device(page)) {
        p.tier->bring({&page, 1});
    }
    return frame(group, page);
}

void CudaPages::copy_page(PageGroup group, engine::PageId from, engine::PageId to, std::size_t tokens) {
    const Part& p = part(group);
    assert(from < page_count(group) && to < page_count(group) && tokens <= engine::kPageTokens);
    if (tokens == 0 || p.page_bytes == 0) {
        return;
    }
    if (p.tier) {
        p.tier->bring(std::array{from, to});
    }
    CopyPageArgs args;
    args.pages = p.memory.data<std::uint8_t>();
    args.page_bytes = p.page_bytes;
    args.from = frame(group, from);
    args.to = frame(group, to);
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
    const Part& p = part(group);
    if (const std::byte* const host = p.tier ? p.tier->on_host(page) : nullptr; host != nullptr) {
        copies_.wait();
        std::memcpy(to.data(), host, to.size());
    } else {
        launcher_.copy(to.data(), p.memory.data() + brought(group, page) * p.page_bytes, to.size(),
                       cudaMemcpyDeviceToHost, "reading a page of the context");
        launcher_.synchronize("reading a page of the context");
    }
    if (!launcher_.status()) {  // what is here must not reach the disk; caught at the engine thread's border
        throw std::runtime_error(launcher_.status().error().detail);
    }
}

void CudaPages::import_page(PageGroup group, engine::PageId page, std::span<const std::byte> from) {
    assert(from.size() == page_bytes(group) && page < page_count(group));
    auto* const to = part(group).memory.data() + brought(group, page) * page_bytes(group);
    launcher_.copy(to, from.data(), from.size(), cudaMemcpyHostToDevice, "writing a page of the context");
    launcher_.synchronize("writing a page of the context");
}

}  // namespace tendril::cuda
