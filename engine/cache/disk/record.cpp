// SPDX-License-Identifier: Apache-2.0
// Layout of the two header blocks.
#include "engine/cache/disk/record.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace tendril::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

constexpr std::array<char, 8> kSegmentMagic{'T', 'N', 'D', 'R', 'L', 'S', 'E', 'G'};
constexpr std::array<char, 8> kRecordMagic{'T', 'N', 'D', 'R', 'L', 'P', 'A', 'G'};

/// As they lie in the file. Every byte is named, so that no padding escapes the checksum.
struct SegmentBytes {
    std::array<char, 8> magic;
    std::uint32_t format;
    std::uint32_t part;
    PageName root;
    std::uint64_t payload;
    std::uint64_t reserved;
    Checksum sum;  // of everything before it
};
static_assert(sizeof(SegmentBytes) == 64);

struct RecordBytes {
    std::array<char, 8> magic;
    std::uint32_t format;
    std::uint32_t part;
    PageName root;
    PageName name;
    PageName parent;
    std::uint32_t index;
    std::uint32_t token_count;
    std::array<TokenId, kPageTokens> tokens;
    std::uint64_t payload;
    std::uint64_t written_at;
    Checksum payload_sum;
    Checksum sum;  // of everything before it
};
static_assert(sizeof(RecordBytes) == 376);

template <typename Bytes>
Checksum sum_of(const Bytes& bytes) {
    return checksum(std::as_bytes(std::span(&bytes, 1)).first(sizeof(Bytes) - sizeof(Checksum)));
}

template <typename Bytes>
void put(Bytes& bytes, std::span<std::byte, kBlock> block) {
    bytes.sum = sum_of(bytes);
    std::fill(block.begin(), block.end(), std::byte{0});
    std::memcpy(block.data(), &bytes, sizeof bytes);
}

template <typename Bytes>
Doubt take(std::span<const std::byte, kBlock> block, const std::array<char, 8>& magic, bool verify,
           Bytes& bytes) {
    std::memcpy(&bytes, block.data(), sizeof bytes);
    if (bytes.magic != magic) {
        const bool zeros =
            std::all_of(block.begin(), block.end(), [](std::byte byte) { return byte == std::byte{0}; });
        return zeros ? Doubt::empty : Doubt::foreign;
    }
    if (verify && bytes.sum != sum_of(bytes)) {
        // The newer format may have its sum elsewhere; what claims to be newer is left alone.
        return bytes.format > kStoreFormat && bytes.format < kStoreFormat + 1000 ? Doubt::newer
                                                                                 : Doubt::damaged;
    }
    if (bytes.format != kStoreFormat) {
        return bytes.format > kStoreFormat ? Doubt::newer : Doubt::damaged;
    }
    const bool known = bytes.part == static_cast<std::uint32_t>(PagePart::full) ||
                       bytes.part == static_cast<std::uint32_t>(PagePart::window);
    return known && bytes.payload <= kMaxPayload ? Doubt::none : Doubt::damaged;
}

}  // namespace

Checksum checksum(std::span<const std::byte> bytes) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    Checksum sum{};
    std::memcpy(sum.data(), canonical.digest, sum.size());
    return sum;
}

const char* words_for(Doubt doubt) {
    switch (doubt) {
        case Doubt::none:
            return "it is whole";
        case Doubt::empty:
            return "nothing is there";
        case Doubt::foreign:
            return "it was not written by this program";
        case Doubt::newer:
            return "it was written by a newer version";
        case Doubt::damaged:
            return "it is damaged";
        case Doubt::mismatch:
            return "it belongs to another text or model";
    }
    return "?";
}

void encode(const SegmentHeader& header, std::span<std::byte, kBlock> block) {
    SegmentBytes bytes{kSegmentMagic,
                       kStoreFormat,
                       static_cast<std::uint32_t>(header.part),
                       header.root,
                       header.payload,
                       0,
                       {}};
    put(bytes, block);
}

void encode(const RecordHeader& header, std::span<std::byte, kBlock> block) {
    RecordBytes bytes{kRecordMagic,
                      kStoreFormat,
                      static_cast<std::uint32_t>(header.part),
                      header.root,
                      header.name,
                      header.parent,
                      header.index,
                      kPageTokens,
                      header.tokens,
                      header.payload,
                      header.written_at,
                      header.payload_sum,
                      {}};
    put(bytes, block);
}

Doubt decode(std::span<const std::byte, kBlock> block, SegmentHeader& header) {
    SegmentBytes bytes{};
    const Doubt doubt = take(block, kSegmentMagic, true, bytes);
    if (doubt == Doubt::none) {
        header = {static_cast<PagePart>(bytes.part), bytes.root, bytes.payload};
    }
    return doubt;
}

Doubt decode(std::span<const std::byte, kBlock> block, RecordHeader& header, bool verify) {
    RecordBytes bytes{};
    const Doubt doubt = take(block, kRecordMagic, verify, bytes);
    if (doubt != Doubt::none) {
        return doubt;
    }
    if (bytes.token_count != kPageTokens) {
        return Doubt::damaged;
    }
    header = {static_cast<PagePart>(bytes.part),
              bytes.root,
              bytes.name,
              bytes.parent,
              bytes.index,
              bytes.tokens,
              bytes.payload,
              bytes.written_at,
              bytes.payload_sum};
    return Doubt::none;
}

}  // namespace tendril::engine
