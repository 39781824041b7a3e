// SPDX-License-Identifier: Apache-2.0
// What a folder of pages holds, in one file, so that a start need not look at every page. A hint only: each
// page is checked when it is read, and a file that is missing, old or damaged costs a look at the headers.
// Pure, any thread; decoding trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/cache/disk/record.h"

namespace tendril::engine {

inline constexpr std::uint32_t kNoSlot = 0xffffffffU;

struct SlotNumber {
    std::uint32_t segment = kNoSlot;
    std::uint32_t slot = kNoSlot;
    friend bool operator==(const SlotNumber&, const SlotNumber&) = default;
};

struct IndexedPage {
    PageName name;
    PageName parent;
    std::uint32_t index = 0;
    SlotNumber full;
    SlotNumber window;
    double worth = 0;
    std::uint64_t last_use = 0;
};

/// The slots of a segment that the file speaks of; the ones behind them were written later.
struct IndexedSegment {
    PagePart part = PagePart::full;
    std::uint32_t number = 0;
    std::uint32_t slots = 0;
};

struct IndexContents {
    PageName root;
    double inflation = 0;     ///< of the eviction order
    std::uint64_t clock = 0;  ///< above every last_use
    std::vector<IndexedSegment> segments;
    std::vector<IndexedPage> pages;
};

std::vector<std::byte> encode(const IndexContents& contents);
std::optional<IndexContents> decode_index(std::span<const std::byte> bytes);

}  // namespace tendril::engine
