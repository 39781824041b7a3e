// SPDX-License-Identifier: Apache-2.0
// Which page belongs to which conversations: a file that is only appended to, replayed at start. A claim is
// written before its page, so that no page can outlive the knowledge of its owner: a page without a claim is
// removed at start. Used by the store's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/cache/disk/folder_files.h"
#include "engine/cache/disk/page_store.h"

namespace tendril::engine {

using Claims = std::unordered_map<PageName, std::vector<std::uint64_t>, PageNameHash>;

class OwnerLog {
  public:
    static constexpr const char* kFile = "owners";

    /// Replays the file; damaged records are skipped. Pure: what the fuzzer calls.
    struct Replayed {
        Claims claims;
        std::size_t records = 0;
        std::size_t damaged = 0;
    };
    static Replayed replay(std::span<const std::byte> bytes);

    /// Opens or makes the file of a folder; a file with damage or much that is void is written anew. Claims
    /// to pages that do not exist are void.
    static Result<OwnerLog> open(const Descriptor& folder, const DiskHooks& hooks,
                                 const std::function<bool(const PageName&)>& exists, Claims& claims);

    Status claim(const PageName& page, std::uint64_t owner);
    /// Voids all claims of the owner; on the disk when it returns.
    Status forget(std::uint64_t owner);
    void sync();
    std::uint64_t bytes() const { return end_; }

  private:
    OwnerLog(Descriptor file, std::uint64_t end, const DiskHooks& hooks)
        : file_(std::move(file)), end_(end), hooks_(&hooks) {}
    Status append(std::span<const std::byte> record);

    Descriptor file_;
    std::uint64_t end_;
    const DiskHooks* hooks_;
    bool unsynced_ = false;
};

}  // namespace tendril::engine
