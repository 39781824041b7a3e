// SPDX-License-Identifier: Apache-2.0
// Bringing and putting off pages; see page_tier.h.
#include "engine/backend/cuda/page_tier.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace tendril::cuda {

using engine::PageId;

namespace {

constexpr std::uint32_t kNoFrame = 0xffffffffU;

}  // namespace

PageTier::PageTier(const Memory& memory, CopyStream& copies)
    : memory_(memory),
      copies_(copies),
      places_(memory.frames + memory.slots - kAhead),
      frames_(memory.frames),
      free_frames_(memory.frames),
      free_slots_(memory.slots) {
    assert(memory.slots > kAhead);
    std::iota(free_frames_.rbegin(), free_frames_.rend(), 0U);
    std::iota(free_slots_.rbegin(), free_slots_.rend(), 0U);
}

void PageTier::begin_copies() {
    if (!copying_) {
        copies_.begin();
        copying_ = copied_ = true;
    }
}

bool PageTier::put_one_off() {
    std::uint32_t oldest = 0;
    std::uint64_t least = now_;
    for (std::uint32_t i = 0; i < frames_.size(); ++i) {
        if (frames_[i].page != engine::kNoPage && frames_[i].used < least) {
            least = frames_[i].used;
            oldest = i;
        }
    }
    if (least == now_ || free_slots_.empty()) {
        return false;
    }
    begin_copies();
    Frame& frame = frames_[oldest];
    const std::uint32_t to = free_slots_.back();
    free_slots_.pop_back();
    copies_.copy(slot(to), bytes_of(oldest), memory_.page_bytes, cudaMemcpyDeviceToHost);
    places_[frame.page] = {Where::host, to};
    frame.page = engine::kNoPage;
    free_frames_.push_back(oldest);
    ++traffic_.put_off;
    return true;
}

std::uint32_t PageTier::take_frame() {
    if (free_frames_.empty() && !put_one_off()) {
        assert(false && "KvPages::step_pages() was not heeded");
        return kNoFrame;
    }
    const std::uint32_t frame = free_frames_.back();
    free_frames_.pop_back();
    return frame;
}

void PageTier::bring(std::span<const PageId> pages) {
    ++now_;
    copying_ = false;
    bool missing = false;
    for (const PageId page : pages) {
        if (on_device(page)) {
            frames_[places_[page].index].used = now_;
        } else {
            missing = true;
        }
    }
    if (!missing) {
        return;
    }
    for (const PageId page : pages) {
        Place& place = places_[page];
        if (place.where == Where::device) {
            continue;  // also one that is named twice
        }
        const std::uint32_t frame = take_frame();
        if (frame == kNoFrame) {
            copies_.fail();
            return;
        }
        if (place.where == Where::host) {
            begin_copies();
            copies_.copy(bytes_of(frame), slot(place.index), memory_.page_bytes, cudaMemcpyHostToDevice);
            free_slots_.push_back(place.index);  // written again behind this copy, on the same stream
            ++traffic_.fetched;
        }
        place = {Where::device, frame};
        frames_[frame] = {page, now_};
    }
    if (copied_) {
        copies_.hand_over();  // also for frames that were emptied ahead of need
    }
    // Behind what this step waits for.
    while (free_frames_.size() < std::min(kAhead, frames_.size() / 4) && put_one_off()) {
    }
}

const std::byte* PageTier::on_host(PageId page) const {
    return places_[page].where == Where::host ? slot(places_[page].index) : nullptr;
}

void PageTier::discard(PageId page) {
    Place& place = places_[page];
    if (place.where == Where::device) {
        frames_[place.index].page = engine::kNoPage;
        free_frames_.push_back(place.index);
    } else if (place.where == Where::host) {
        free_slots_.push_back(place.index);
    }
    place = {};
}

}  // namespace tendril::cuda
