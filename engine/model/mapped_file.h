// SPDX-License-Identifier: Apache-2.0
// A file mapped into memory for reading, which stays safe to read when the file shrinks or its device goes
// away. Any thread may read; the owner must outlive all readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "engine/result.h"

namespace tendril::engine {

/// Reading a page that is no longer there raises SIGBUS, which would end the process. A handler, installed
/// once when the first file is opened, is the only process-wide state of the engine: it finds the mapping
/// among a fixed table of atomics, puts zero pages over the rest of it, notes the damage and returns. All
/// other faults go to the handler that was there before.
class MappedFile {
  public:
    /// Regular, non-empty files only. Errors: not_found, io, malformed (empty), too_large (too many files are
    /// open).
    static Result<std::unique_ptr<MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return bytes_; }

    /// True once the file is shorter than it was at open, or a page could not be read: what was read since
    /// then may be zeros. One system call; ask after loading and when a step ends, not for each row.
    bool damaged() const;

    /// The error that a caller gives when damaged() is true.
    static Error damage_error();

    /// Gives the memory of whole pages inside `part` back; reading them again brings them back from the disk.
    void release_pages(std::span<const std::byte> part) const;
    /// Asks the system to read `part` ahead.
    void prefetch(std::span<const std::byte> part) const;

  private:
    struct Slot;
    class Guard;
    MappedFile(std::span<const std::byte> bytes, int descriptor, Slot& slot)
        : bytes_(bytes), descriptor_(descriptor), slot_(&slot) {}

    std::span<const std::byte> bytes_;
    int descriptor_;
    Slot* slot_;
};

}  // namespace tendril::engine
