// SPDX-License-Identifier: Apache-2.0
// Says which process owns a database: an flock on a file beside it, which the kernel releases however the
// process ends. One owner.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/result.h"

namespace tendril::app {

class FileLock {
  public:
    /// Nothing when another process (or another FileLock of this one) has it.
    static Result<std::optional<FileLock>> try_acquire(const std::filesystem::path& file);

    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();

  private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

/// The file whose lock guards `database`; the window and the command line use the same.
std::filesystem::path lock_file_of(const std::filesystem::path& database);

}  // namespace tendril::app
