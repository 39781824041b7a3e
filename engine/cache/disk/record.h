// SPDX-License-Identifier: Apache-2.0
// The bytes of a stored page part: a block with everything that says what it is, then the payload. Numbers
// are little-endian. Pure, any thread; decoding trusts nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/cache/disk/page_store.h"
#include "engine/types.h"

namespace tendril::engine {

/// Of files and records; a higher one in a file means: written by a newer program, leave it alone.
inline constexpr std::uint32_t kStoreFormat = 1;
/// Headers and payloads begin at multiples of it, so that a part of a file can be given back to the disk.
inline constexpr std::size_t kBlock = 4096;
/// Of one payload; the largest layouts in use have 64 MiB.
inline constexpr std::uint64_t kMaxPayload = 1ULL << 30;

enum class PagePart : std::uint8_t { full = 1, window = 2 };
using Checksum = std::array<std::uint8_t, 16>;  ///< XXH3-128

Checksum checksum(std::span<const std::byte> bytes);
constexpr std::uint64_t to_blocks(std::uint64_t bytes) {
    return (bytes + kBlock - 1) / kBlock * kBlock;
}

/// The first block of a segment file: all its slots are alike.
struct SegmentHeader {
    PagePart part = PagePart::full;
    PageName root;
    std::uint64_t payload = 0;  ///< bytes of one page part
    std::uint64_t slot_bytes() const { return kBlock + to_blocks(payload); }
};

struct RecordHeader {
    PagePart part = PagePart::full;
    PageName root;
    PageName name;
    PageName parent;
    std::uint32_t index = 0;
    std::array<TokenId, kPageTokens> tokens{};
    std::uint64_t payload = 0;
    std::uint64_t written_at = 0;  ///< seconds since 1970; orders pages whose last use is not known
    Checksum payload_sum{};
};

enum class Doubt : std::uint8_t {
    none,
    empty,  ///< zeros: nothing was written, or it was erased
    foreign,
    newer,
    damaged,
    mismatch,  ///< whole, but not what was asked for
};
const char* words_for(Doubt doubt);

void encode(const SegmentHeader& header, std::span<std::byte, kBlock> block);
void encode(const RecordHeader& header, std::span<std::byte, kBlock> block);
/// `verify` false: the checksum is not looked at (negative control of the tests).
Doubt decode(std::span<const std::byte, kBlock> block, SegmentHeader& header);
Doubt decode(std::span<const std::byte, kBlock> block, RecordHeader& header, bool verify = true);

}  // namespace tendril::engine
