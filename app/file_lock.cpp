// SPDX-License-Identifier: Apache-2.0
// FileLock over flock(2). The file stays when the lock goes: removing it would let two processes lock two
// files of the same name.
#include "app/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tendril::app {

Result<std::optional<FileLock>> FileLock::try_acquire(const std::filesystem::path& file) {
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        const int reason = errno;
        return fail(reason == ENOSPC ? ErrorCode::disk_full : ErrorCode::io,
                    "The lock file " + file.string() + " cannot be made: " + std::strerror(reason) + ".");
    }
    FileLock lock(descriptor);
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return std::optional<FileLock>();
        }
        if (errno != EINTR) {
            const int reason = errno;
            return fail(ErrorCode::io,
                        "The file " + file.string() + " cannot be locked: " + std::strerror(reason) + ".");
        }
    }
    return std::optional<FileLock>(std::move(lock));
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

std::filesystem::path lock_file_of(const std::filesystem::path& database) {
    std::filesystem::path file = database;
    file += ".lock";
    return file;
}

}  // namespace tendril::app
