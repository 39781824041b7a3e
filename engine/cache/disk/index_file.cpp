// SPDX-License-Identifier: Apache-2.0
// Layout of the index file: a head, the segments, the pages, a checksum over all of it.
#include "engine/cache/disk/index_file.h"

#include <array>
#include <cmath>
#include <cstring>

namespace tendril::engine {
namespace {

constexpr std::array<char, 8> kMagic{'T', 'N', 'D', 'R', 'L', 'I', 'D', 'X'};

struct HeadBytes {
    std::array<char, 8> magic;
    std::uint32_t format;
    std::uint32_t segments;
    std::uint64_t pages;
    double inflation;
    std::uint64_t clock;
    PageName root;
};
static_assert(sizeof(HeadBytes) == 56);

struct SegmentEntry {
    std::uint32_t part;
    std::uint32_t number;
    std::uint32_t slots;
    std::uint32_t reserved;
};
static_assert(sizeof(SegmentEntry) == 16);

struct PageEntry {
    PageName name;
    PageName parent;
    std::uint32_t index;
    std::uint32_t reserved;
    SlotNumber full;
    SlotNumber window;
    double worth;
    std::uint64_t last_use;
};
static_assert(sizeof(PageEntry) == 72);

template <typename T>
void put(std::vector<std::byte>& bytes, const T& value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <typename T>
T take(std::span<const std::byte>& bytes) {
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes = bytes.subspan(sizeof value);
    return value;
}

}  // namespace

std::vector<std::byte> encode(const IndexContents& contents) {
    std::vector<std::byte> bytes;
    bytes.reserve(sizeof(HeadBytes) + contents.segments.size() * sizeof(SegmentEntry) +
                  contents.pages.size() * sizeof(PageEntry) + sizeof(Checksum));
    put(bytes, HeadBytes{kMagic, kStoreFormat, static_cast<std::uint32_t>(contents.segments.size()),
                         contents.pages.size(), contents.inflation, contents.clock, contents.root});
    for (const IndexedSegment& segment : contents.segments) {
        put(bytes, SegmentEntry{static_cast<std::uint32_t>(segment.part), segment.number, segment.slots, 0});
    }
    for (const IndexedPage& page : contents.pages) {
        put(bytes, PageEntry{page.name, page.parent, page.index, 0, page.full, page.window, page.worth,
                             page.last_use});
    }
    put(bytes, checksum(bytes));
    return bytes;
}

std::optional<IndexContents> decode_index(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(HeadBytes) + sizeof(Checksum)) {
        return std::nullopt;
    }
    const std::span<const std::byte> covered = bytes.first(bytes.size() - sizeof(Checksum));
    std::span<const std::byte> last = bytes.subspan(covered.size());
    if (take<Checksum>(last) != checksum(covered)) {
        return std::nullopt;
    }
    std::span<const std::byte> rest = covered;
    const auto head = take<HeadBytes>(rest);
    const bool sizes_fit =
        head.segments <= rest.size() / sizeof(SegmentEntry) &&
        head.pages <= rest.size() / sizeof(PageEntry) &&
        head.segments * sizeof(SegmentEntry) + head.pages * sizeof(PageEntry) == rest.size();
    if (head.magic != kMagic || head.format != kStoreFormat || !sizes_fit || !std::isfinite(head.inflation)) {
        return std::nullopt;
    }
    IndexContents contents{head.root, head.inflation, head.clock, {}, {}};
    for (std::uint32_t i = 0; i < head.segments; ++i) {
        const auto entry = take<SegmentEntry>(rest);
        if (entry.part != static_cast<std::uint32_t>(PagePart::full) &&
            entry.part != static_cast<std::uint32_t>(PagePart::window)) {
            return std::nullopt;
        }
        contents.segments.push_back({static_cast<PagePart>(entry.part), entry.number, entry.slots});
    }
    for (std::uint64_t i = 0; i < head.pages; ++i) {
        const auto entry = take<PageEntry>(rest);
        if (!std::isfinite(entry.worth)) {
            return std::nullopt;
        }
        contents.pages.push_back(
            {entry.name, entry.parent, entry.index, entry.full, entry.window, entry.worth, entry.last_use});
    }
    return contents;
}

}  // namespace tendril::engine
