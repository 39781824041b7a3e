// SPDX-License-Identifier: Apache-2.0
// Reading, appending and erasing slots.
#include "engine/cache/disk/segment.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <vector>

namespace tendril::engine {
namespace {

constexpr std::string_view kFull = "full-";
constexpr std::string_view kWindow = "window-";
constexpr std::string_view kEnding = ".pages";
constexpr std::size_t kDigits = 8;

}  // namespace

std::string Segment::file_name(PagePart part, std::uint32_t number) {
    std::string digits(kDigits, '0');
    for (std::size_t i = kDigits; i-- > 0; number >>= 4U) {
        digits[i] = "0123456789abcdef"[number & 15U];
    }
    return std::string(part == PagePart::full ? kFull : kWindow) + digits + std::string(kEnding);
}

std::optional<Segment::Named> Segment::parse_name(const std::string& name) {
    for (const PagePart part : {PagePart::full, PagePart::window}) {
        const std::string_view start = part == PagePart::full ? kFull : kWindow;
        if (!name.starts_with(start) || name.size() != start.size() + kDigits + kEnding.size()) {
            continue;
        }
        Named named{part, 0};
        const char* first = name.data() + start.size();
        const auto [end, error] = std::from_chars(first, first + kDigits, named.number, 16);
        if (error == std::errc() && end == first + kDigits && file_name(part, named.number) == name) {
            return named;
        }
    }
    return std::nullopt;
}

Result<std::shared_ptr<Segment>> Segment::create(const Descriptor& folder, std::uint32_t number,
                                                 const SegmentHeader& header, const DiskHooks& hooks) {
    const std::string name = file_name(header.part, number);
    Result<Descriptor> file = open_file(folder, name, O_RDWR | O_CREAT | O_EXCL);
    if (!file) {
        return fail(std::move(file.error()));
    }
    std::array<std::byte, kBlock> block{};
    encode(header, block);
    if (const int number_of_error = write_at(*file, block, 0, hooks); number_of_error != 0) {
        remove_file(folder, name);
        return fail(disk_error(number_of_error, "The cache could not be written.", name));
    }
    return std::shared_ptr<Segment>(new Segment(std::move(*file), number, header, hooks));
}

Result<Segment::Opened> Segment::open(const Descriptor& folder, const std::string& name, const PageName& root,
                                      const DiskHooks& hooks) {
    const std::optional<Named> named = parse_name(name);
    Result<Descriptor> file = open_file(folder, name, O_RDWR);
    if (!file) {
        return fail(std::move(file.error()));
    }
    std::array<std::byte, kBlock> block{};
    SegmentHeader header;
    Doubt doubt = read_at(*file, block, 0) ? decode(block, header) : Doubt::damaged;
    if (doubt == Doubt::none && (!named || named->part != header.part || header.root != root)) {
        doubt = Doubt::mismatch;
    }
    if (doubt != Doubt::none) {
        return Opened{nullptr, doubt};
    }
    std::shared_ptr<Segment> segment(new Segment(std::move(*file), named->number, header, hooks));
    const std::uint64_t size = size_of(segment->file_);
    if (size > kMaxSegmentBytes + header.slot_bytes()) {
        return Opened{nullptr, Doubt::damaged};
    }
    const std::uint64_t slots = (size - kBlock) / header.slot_bytes();
    segment->slots_ = static_cast<std::uint32_t>(slots);
    if (size != segment->offset(segment->slots_) &&
        ::ftruncate(segment->file_.get(), static_cast<off_t>(segment->offset(segment->slots_))) != 0) {
        return fail(disk_error(errno, "The cache could not be repaired.", name));
    }
    return Opened{std::move(segment), Doubt::none};
}

Doubt Segment::read(std::uint32_t slot, const PageKey& key, std::span<std::byte> payload) const {
    if (payload.size() != header_.payload) {
        return Doubt::mismatch;
    }
    std::array<std::byte, kBlock> block{};
    std::array<iovec, 2> parts{iovec{block.data(), block.size()}, iovec{payload.data(), payload.size()}};
    const auto whole = static_cast<ssize_t>(block.size() + payload.size());
    const ssize_t got = ::preadv(file_.get(), parts.data(), 2, static_cast<off_t>(offset(slot)));
    if (got != whole &&
        (!read_at(file_, block, offset(slot)) || !read_at(file_, payload, offset(slot) + kBlock))) {
        return Doubt::damaged;
    }
    RecordHeader record;
    if (const Doubt doubt = decode(block, record, hooks_.verify); doubt != Doubt::none) {
        return doubt;
    }
    const bool same =
        record.part == header_.part && record.root == header_.root && record.name == key.name &&
        record.parent == key.parent && record.index == key.index && record.payload == header_.payload &&
        std::equal(record.tokens.begin(), record.tokens.end(), key.tokens.begin(), key.tokens.end());
    if (!same) {
        return Doubt::mismatch;
    }
    return !hooks_.verify || checksum(payload) == record.payload_sum ? Doubt::none : Doubt::damaged;
}

void Segment::expect(std::uint32_t slot) const {
    ::posix_fadvise(file_.get(), static_cast<off_t>(offset(slot)), static_cast<off_t>(header_.slot_bytes()),
                    POSIX_FADV_WILLNEED);
}

Doubt Segment::read_header(std::uint32_t slot, RecordHeader& header) const {
    std::array<std::byte, kBlock> block{};
    if (!read_at(file_, block, offset(slot))) {
        return Doubt::damaged;
    }
    const Doubt doubt = decode(block, header);
    if (doubt != Doubt::none) {
        return doubt == Doubt::empty ? Doubt::empty : Doubt::damaged;
    }
    const bool same =
        header.part == header_.part && header.root == header_.root && header.payload == header_.payload;
    return same ? Doubt::none : Doubt::damaged;
}

bool Segment::read_raw(std::uint32_t slot, std::span<std::byte> slot_bytes) const {
    return read_at(file_, slot_bytes, offset(slot));
}

int Segment::append(std::span<const std::byte> slot) {
    const int error = write_at(file_, slot, offset(slots_), hooks_);
    if (error != 0) {
        // What could not be cut off is overwritten by the next page, or cut off at the next start.
        [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), static_cast<off_t>(offset(slots_)));
        return error;
    }
    ++slots_;
    ++live_;
    unsynced_ = true;
    return 0;
}

bool Segment::overwrite_slot(std::uint32_t slot) {
    static constexpr std::size_t kPiece = 1U << 20;
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(kPiece, header_.slot_bytes()));
    std::uint64_t left = header_.slot_bytes();
    for (std::uint64_t at = offset(slot); left > 0;) {
        const std::size_t piece = std::min<std::uint64_t>(left, zeros.size());
        if (write_at(file_, std::span(zeros).first(piece), at, hooks_) != 0) {
            return false;
        }
        at += piece;
        left -= piece;
    }
    unsynced_ = true;
    return true;
}

bool Segment::free_slot(std::uint32_t slot) {
    if (!can_free_) {
        return false;
    }
    const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (::fallocate(file_.get(), mode, static_cast<off_t>(offset(slot)),
                    static_cast<off_t>(header_.slot_bytes())) != 0) {
        can_free_ = false;
        return false;
    }
    ++freed_;
    return true;
}

bool Segment::erase(std::span<const std::uint32_t> slots, bool overwrite) {
    bool erased = true;
    if (overwrite || !can_free_) {
        for (const std::uint32_t slot : slots) {
            erased = overwrite_slot(slot) && erased;
        }
        sync();
    }
    for (const std::uint32_t slot : slots) {
        if (!free_slot(slot) && !overwrite && !overwrite_slot(slot)) {
            erased = false;
        }
    }
    return erased;
}

void Segment::sync() {
    if (unsynced_) {
        ::fdatasync(file_.get());
        unsynced_ = false;
    }
}

void Segment::set_live(std::uint32_t live) {
    live_ = std::min(live, slots_);
    freed_ = can_free_ ? slots_ - live_ : 0;
}

std::uint64_t Segment::disk_bytes() const {
    return kBlock + (slots_ - freed_) * header_.slot_bytes();
}

}  // namespace tendril::engine
