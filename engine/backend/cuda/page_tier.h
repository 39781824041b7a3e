// SPDX-License-Identifier: Apache-2.0
// Where the pages of one group lie when there are more of them than the device has frames for: in a frame of
// the device, in a slot of pinned host memory, or, when nobody needs their contents, nowhere. Pages of a step
// are brought into frames before it; those that were used longest ago make room, some ahead of need, so that
// a growing text seldom waits for a copy. Engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/cuda/copy_stream.h"
#include "engine/backend/kv_pages.h"

namespace tendril::cuda {

class PageTier {
  public:
    /// Slots that no page is promised: a page on its way in and one on its way out need both at once.
    static constexpr std::size_t kAhead = 4;

    struct Memory {
        std::byte* device = nullptr;  ///< [frames][page_bytes]
        std::size_t frames = 0;
        std::byte* host = nullptr;  ///< pinned, [slots][page_bytes]
        std::size_t slots = 0;      ///< more than kAhead
        std::size_t page_bytes = 0;
    };
    PageTier(const Memory& memory, CopyStream& copies);

    std::size_t page_count() const { return places_.size(); }
    /// Into frames with all of them, together at most as many as there are frames. Copies are enqueued, and
    /// the backend's stream waits for them.
    void bring(std::span<const engine::PageId> pages);
    /// Of a page that was brought and that no other bring() has been called since.
    std::uint32_t frame(engine::PageId page) const { return places_[page].index; }
    bool on_device(engine::PageId page) const { return places_[page].where == Where::device; }
    /// The page's bytes in host memory, when all copies are done; null: it lies elsewhere.
    const std::byte* on_host(engine::PageId page) const;
    void discard(engine::PageId page);
    engine::KvPages::HostTraffic traffic() const { return traffic_; }

  private:
    enum class Where : std::uint8_t { nowhere, device, host };
    struct Place {
        Where where = Where::nowhere;
        std::uint32_t index = 0;  ///< of the frame or slot
    };
    struct Frame {
        engine::PageId page = engine::kNoPage;
        std::uint64_t used = 0;  ///< the bring() that named it last
    };
    std::byte* bytes_of(std::uint32_t frame) const { return memory_.device + frame * memory_.page_bytes; }
    std::byte* slot(std::uint32_t index) const { return memory_.host + index * memory_.page_bytes; }
    void begin_copies();
    std::uint32_t take_frame();
    /// Puts off the page that was used longest ago and is not of this bring(). False: there is none.
    bool put_one_off();

    Memory memory_;
    CopyStream& copies_;
    std::vector<Place> places_;  ///< [page]
    std::vector<Frame> frames_;
    std::vector<std::uint32_t> free_frames_;  // stacks
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t now_ = 0;
    bool copying_ = false;  ///< within this bring()
    bool copied_ = false;   ///< ever: a free frame may still be read by a copy
    engine::KvPages::HostTraffic traffic_;
};

}  // namespace tendril::cuda
