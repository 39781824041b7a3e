// SPDX-License-Identifier: Apache-2.0
// The few file operations that the store is made of, relative to an open folder, so that no link inside the
// folder leads out of it. Files are made 0600, folders 0700. Any thread; no state.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/result.h"

namespace tendril::engine {

/// Owns a file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    void close();
    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

/// What tests replace; production uses the defaults.
struct DiskHooks {
    /// As pwrite(2); -1 and errno for a fault.
    std::function<ssize_t(int, const void*, std::size_t, off_t)> pwrite;
    std::function<std::chrono::steady_clock::time_point()> now;
    bool holes = true;   ///< false: as on a file system that cannot free a part of a file
    bool verify = true;  ///< false: negative control, damaged pages are served
};

/// An Error of the right kind for an errno; `what` is the sentence for a person.
Error disk_error(int number, const std::string& what, const std::string& detail);

/// Makes what is missing of the path (0700) and opens it. A link as the folder itself is the user's choice.
Result<Descriptor> open_root_folder(const std::filesystem::path& path);
/// A folder inside another, not through a link. Made when missing and `create`.
Result<Descriptor> open_folder(const Descriptor& parent, const std::string& name, bool create);
/// A regular file, not through a link. `flags` as of open(2).
Result<Descriptor> open_file(const Descriptor& folder, const std::string& name, int flags);

std::vector<std::string> names_in(const Descriptor& folder);

/// The whole file, at most `limit` bytes; not_found when there is none.
Result<std::vector<std::byte>> read_file(const Descriptor& folder, const std::string& name,
                                         std::size_t limit);
/// Written beside it, synced, renamed over it: after a crash the file is the old or the new one.
Status replace_file(const Descriptor& folder, const std::string& name, std::span<const std::byte> bytes,
                    const DiskHooks& hooks);
void remove_file(const Descriptor& folder, const std::string& name);

/// 0 or an errno. A short write goes on; what has been written stays.
int write_at(const Descriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
             const DiskHooks& hooks);
/// True when all bytes were there.
bool read_at(const Descriptor& file, std::span<std::byte> bytes, std::uint64_t offset);
std::uint64_t size_of(const Descriptor& file);

inline std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

}  // namespace tendril::engine
