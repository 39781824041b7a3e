// SPDX-License-Identifier: Apache-2.0
// write_file(). Any thread but the GUI's.
#include "app/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tendril::app {
namespace {

tl::unexpected<Error> cannot(const std::filesystem::path& file, int reason) {
    const ErrorCode code = reason == ENOSPC || reason == EDQUOT ? ErrorCode::disk_full : ErrorCode::io;
    return fail(code, "The file " + file.string() + " cannot be written: " + std::strerror(reason) + ".");
}

/// 0 or errno.
int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(descriptor, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return errno;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

Status write_file(const std::filesystem::path& file, std::string_view text) {
    std::string temporary = file.string() + ".XXXXXX";
    const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0) {
        return cannot(file, errno);
    }
    int reason = write_all(descriptor, text);
    if (close(descriptor) != 0 && reason == 0) {
        reason = errno;
    }
    if (reason == 0 && std::rename(temporary.c_str(), file.c_str()) != 0) {
        reason = errno;
    }
    if (reason != 0) {
        unlink(temporary.c_str());
        return cannot(file, reason);
    }
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
        fsync(directory);  // so that the new name survives a power cut; not every file system can, which is
                           // no error
        close(directory);
    }
    return {};
}

}  // namespace tendril::app
