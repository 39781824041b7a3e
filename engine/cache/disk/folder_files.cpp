// SPDX-License-Identifier: Apache-2.0
// POSIX behind folder_files.h.
#include "engine/cache/disk/folder_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace tendril::engine {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

void Descriptor::close() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        descriptor_ = -1;
    }
}

Error disk_error(int number, const std::string& what, const std::string& detail) {
    ErrorCode code = ErrorCode::io;
    if (number == ENOSPC || number == EDQUOT) {
        code = ErrorCode::disk_full;
    } else if (number == EROFS || number == EACCES || number == EPERM) {
        code = ErrorCode::read_only;
    } else if (number == ENOENT) {
        code = ErrorCode::not_found;
    }
    return {code, what, detail + ": " + std::strerror(number)};
}

Result<Descriptor> open_root_folder(const std::filesystem::path& path) {
    std::filesystem::path so_far;
    for (const std::filesystem::path& part : path) {
        so_far /= part;
        if (::mkdir(so_far.c_str(), kFolderMode) != 0 && errno != EEXIST && errno != EISDIR) {
            std::error_code ignored;
            const int number = errno;
            if (!std::filesystem::is_directory(so_far, ignored)) {
                return fail(
                    disk_error(number, "The folder for the cache could not be made.", so_far.string()));
            }
        }
    }
    Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        return fail(disk_error(errno, "The folder for the cache could not be opened.", path.string()));
    }
    return folder;
}

Result<Descriptor> open_folder(const Descriptor& parent, const std::string& name, bool create) {
    if (create && ::mkdirat(parent.get(), name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return fail(disk_error(errno, "A folder of the cache could not be made.", name));
    }
    Descriptor folder(::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        return fail(disk_error(errno, "A folder of the cache could not be opened.", name));
    }
    return folder;
}

Result<Descriptor> open_file(const Descriptor& folder, const std::string& name, int flags) {
    // O_NONBLOCK: a pipe in the place of a file must not hold us up; it means nothing for regular files.
    Descriptor file(
        ::openat(folder.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, kFileMode));
    if (!file) {
        return fail(disk_error(errno, "A file of the cache could not be opened.", name));
    }
    struct stat about {};
    if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return fail(ErrorCode::io, "A file of the cache is not a file.", name);
    }
    return file;
}

std::vector<std::string> names_in(const Descriptor& folder) {
    std::vector<std::string> names;
    const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) {
        return names;
    }
    struct CloseDir {
        void operator()(DIR* dir) const { ::closedir(dir); }
    };
    const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(copy));
    if (!dir) {
        ::close(copy);
        return names;
    }
    while (const dirent* entry = ::readdir(dir.get())) {
        names.emplace_back(entry->d_name);
    }
    return names;
}

Result<std::vector<std::byte>> read_file(const Descriptor& folder, const std::string& name,
                                         std::size_t limit) {
    Result<Descriptor> file = open_file(folder, name, O_RDONLY);
    if (!file) {
        return fail(std::move(file.error()));
    }
    const std::uint64_t size = size_of(*file);
    if (size > limit) {
        return fail(ErrorCode::too_large, "A file of the cache is larger than it can be.", name);
    }
    std::vector<std::byte> bytes(size);
    if (!read_at(*file, bytes, 0)) {
        return fail(ErrorCode::io, "A file of the cache could not be read.", name);
    }
    return bytes;
}

Status replace_file(const Descriptor& folder, const std::string& name, std::span<const std::byte> bytes,
                    const DiskHooks& hooks) {
    const std::string beside = name + ".new";
    remove_file(folder, beside);
    Result<Descriptor> file = open_file(folder, beside, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) {
        return fail(std::move(file.error()));
    }
    int number = write_at(*file, bytes, 0, hooks);
    if (number == 0 && ::fsync(file->get()) != 0) {
        number = errno;
    }
    if (number == 0 && ::renameat(folder.get(), beside.c_str(), folder.get(), name.c_str()) != 0) {
        number = errno;
    }
    if (number != 0) {
        remove_file(folder, beside);
        return fail(disk_error(number, "A file of the cache could not be written.", name));
    }
    ::fsync(folder.get());
    return {};
}

void remove_file(const Descriptor& folder, const std::string& name) {
    ::unlinkat(folder.get(), name.c_str(), 0);
}

int write_at(const Descriptor& file, std::span<const std::byte> bytes, std::uint64_t offset,
             const DiskHooks& hooks) {
    while (!bytes.empty()) {
        const auto at = static_cast<off_t>(offset);
        const ssize_t written = hooks.pwrite ? hooks.pwrite(file.get(), bytes.data(), bytes.size(), at)
                                             : ::pwrite(file.get(), bytes.data(), bytes.size(), at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? errno : EIO;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return 0;
}

bool read_at(const Descriptor& file, std::span<std::byte> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(got));
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

std::uint64_t size_of(const Descriptor& file) {
    struct stat about {};
    return ::fstat(file.get(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

}  // namespace tendril::engine
