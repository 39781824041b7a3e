// SPDX-License-Identifier: Apache-2.0
// A file of page parts of one model and one kind: a header, then slots of one size, filled in order and never
// written twice but to erase them. The store's thread owns and changes it; other threads may read slots (they
// share the ownership, so that a file that is removed stays readable until they are done).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/cache/disk/folder_files.h"
#include "engine/cache/disk/record.h"

namespace tendril::engine {

/// A larger file is none of ours; bounds the work that a hostile one can cause.
inline constexpr std::uint64_t kMaxSegmentBytes = 1ULL << 30;

class Segment {
  public:
    /// "full-0000002a.pages"
    static std::string file_name(PagePart part, std::uint32_t number);
    struct Named {
        PagePart part = PagePart::full;
        std::uint32_t number = 0;
    };
    static std::optional<Named> parse_name(const std::string& name);

    static Result<std::shared_ptr<Segment>> create(const Descriptor& folder, std::uint32_t number,
                                                   const SegmentHeader& header, const DiskHooks& hooks);
    struct Opened {
        std::shared_ptr<Segment> segment;  ///< null when there is a doubt
        Doubt doubt = Doubt::none;
    };
    /// Checks the header against the folder's root name, and cuts off a slot that was not finished.
    static Result<Opened> open(const Descriptor& folder, const std::string& name, const PageName& root,
                               const DiskHooks& hooks);

    // --- any thread ---
    /// The record at a slot if it is the one asked for and its bytes are what was written; anything else is a
    /// doubt. `payload` has the segment's payload size.
    Doubt read(std::uint32_t slot, const PageKey& key, std::span<std::byte> payload) const;
    void expect(std::uint32_t slot) const;
    const SegmentHeader& header() const { return header_; }

    // --- the store's thread ---
    Doubt read_header(std::uint32_t slot, RecordHeader& header) const;
    /// The slot's bytes as they are, for moving it to another segment. False: could not be read.
    bool read_raw(std::uint32_t slot, std::span<std::byte> slot_bytes) const;
    /// Appends [kBlock header][payload][padding] = slot_bytes(). Gives an errno; then the file is as before.
    int append(std::span<const std::byte> slot);
    /// Erased for good: zeros over the bytes when `overwrite` (synced), then the space is given back where
    /// the file system can. False: neither worked.
    bool erase(std::span<const std::uint32_t> slots, bool overwrite);
    void sync();
    std::uint32_t slots() const { return slots_; }
    std::uint32_t live() const { return live_; }
    void set_live(std::uint32_t live);  ///< after the slots have been looked at; the others were erased
    void drop_live(std::uint32_t count) { live_ -= count < live_ ? count : live_; }
    std::uint64_t disk_bytes() const;  ///< header and all slots but those given back
    std::uint32_t number() const { return number_; }
    std::string name() const { return file_name(header_.part, number_); }
    bool can_free() const { return can_free_; }

  private:
    Segment(Descriptor file, std::uint32_t number, const SegmentHeader& header, const DiskHooks& hooks)
        : file_(std::move(file)), number_(number), header_(header), hooks_(hooks), can_free_(hooks.holes) {}
    std::uint64_t offset(std::uint32_t slot) const { return kBlock + slot * header_.slot_bytes(); }
    bool overwrite_slot(std::uint32_t slot);
    bool free_slot(std::uint32_t slot);

    Descriptor file_;
    std::uint32_t number_;
    SegmentHeader header_;
    const DiskHooks& hooks_;
    std::uint32_t slots_ = 0;
    std::uint32_t live_ = 0;
    std::uint32_t freed_ = 0;
    bool can_free_;
    bool unsynced_ = false;
};

}  // namespace tendril::engine
