// SPDX-License-Identifier: Apache-2.0
// The mapping and its SIGBUS guard. What the handler touches is lock-free and fixed in size, so that it may
// run at any instruction of any thread. POSIX.
#include "engine/model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>

#include "engine/checked_math.h"

namespace tendril::engine {

/// One live mapping, as the signal handler sees it. `end` is 0 while the slot is free or being filled.
struct MappedFile::Slot {
    std::atomic<bool> taken{false};
    std::atomic<bool> damaged{false};
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
};

/// The handler and its table. Statics because a signal handler has no other way to reach its data.
class MappedFile::Guard {
  public:
    static Slot* claim();
    static void publish(Slot& slot, std::span<const std::byte> bytes);
    static void release(Slot& slot);
    static void install();
    static std::uintptr_t page_size() { return page_size_; }

  private:
    static void handle(int signal, siginfo_t* info, void* context);
    static bool repair(std::uintptr_t address);

    static constexpr std::size_t kMostFiles =
        256;  // far above what is open at once; a scan of it takes a microsecond
    static inline std::array<Slot, kMostFiles> slots_{};
    static inline struct sigaction previous_ {};
    static inline std::uintptr_t page_size_ = 4096;
    static_assert(std::atomic<std::uintptr_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
};

MappedFile::Slot* MappedFile::Guard::claim() {
    for (Slot& slot : slots_) {
        if (!slot.taken.exchange(true)) {
            slot.damaged.store(false);
            return &slot;
        }
    }
    return nullptr;
}

void MappedFile::Guard::publish(Slot& slot, std::span<const std::byte> bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    slot.begin.store(begin);
    slot.end.store((begin + bytes.size() + page_size_ - 1) & ~(page_size_ - 1));
}

void MappedFile::Guard::release(Slot& slot) {
    slot.end.store(0);
    slot.taken.store(false);
}

void MappedFile::Guard::install() {
    static std::once_flag once;
    std::call_once(once, [] {
        page_size_ = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
        struct sigaction action {};
        action.sa_sigaction = &Guard::handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(SIGBUS, &action, &previous_);
    });
}

bool MappedFile::Guard::repair(std::uintptr_t address) {
    for (Slot& slot : slots_) {
        const std::uintptr_t end = slot.end.load();
        if (end == 0 || address >= end || address < slot.begin.load()) {
            continue;
        }
        // The rest of the file is most likely gone as well: one mapping for all of it.
        const std::uintptr_t page = address & ~(page_size_ - 1);
        slot.damaged.store(true);
        // The bare system call, which nothing (a sanitizer, a preloaded library) stands in front of: safe in
        // a handler, and readers on other threads see either the old page or the new one.
        const long at =
            syscall(SYS_mmap, page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0L);
        return at != -1 && static_cast<std::uintptr_t>(at) == page;
    }
    return false;
}

void MappedFile::Guard::handle(int signal, siginfo_t* info, void* context) {
    const int saved = errno;
    const bool repaired = info->si_code > 0 && repair(reinterpret_cast<std::uintptr_t>(info->si_addr));
    errno = saved;
    if (repaired) {
        return;
    }
    const bool default_action = (previous_.sa_flags & SA_SIGINFO) == 0 &&
                                (previous_.sa_handler == SIG_DFL || previous_.sa_handler == SIG_IGN);
    if (default_action || (previous_.sa_flags & SA_RESETHAND) != 0) {
        // Such a disposition is for the last moments of a process. With it back in place the fault comes
        // again on return; a signal that was only sent has to be sent again.
        sigaction(signal, &previous_, nullptr);
        if (info->si_code <= 0) {
            raise(signal);
        }
    } else if ((previous_.sa_flags & SA_SIGINFO) != 0) {
        previous_.sa_sigaction(signal, info, context);
    } else {
        previous_.sa_handler(signal);
    }
}

namespace {

tl::unexpected<Error> system_error(const std::filesystem::path& path, int number) {
    const std::string name = path.filename().string();
    const std::string detail = path.string() + ": " + std::strerror(number);
    if (number == ENOENT || number == ENOTDIR) {
        return fail(ErrorCode::not_found, "There is no file " + name + " at this place.", detail);
    }
    if (number == EACCES || number == EPERM) {
        return fail(ErrorCode::io, "You have no permission to read " + name + ".", detail);
    }
    return fail(ErrorCode::io, "The file " + name + " could not be opened: " + std::strerror(number) + ".",
                detail);
}

/// Closes the descriptor unless it was handed on.
struct Descriptor {
    int number = -1;
    explicit Descriptor(int n) : number(n) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number >= 0) {
            close(number);
        }
    }
    int hand_on() { return std::exchange(number, -1); }
};

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::filesystem::path& path) {
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (file.number < 0 || fstat(file.number, &status) != 0) {
        return system_error(path, errno);
    }
    const std::string name = path.filename().string();
    if (S_ISDIR(status.st_mode)) {
        return fail(ErrorCode::invalid_argument, name + " is a folder, not a model file.", path.string());
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::invalid_argument, name + " is not a regular file.", path.string());
    }
    if (status.st_size == 0) {
        return fail(ErrorCode::malformed, "The file is empty.", path.string());
    }
    const std::optional<std::size_t> size = checked_cast<std::size_t>(status.st_size);
    if (!size) {
        return fail(ErrorCode::too_large, "The file " + name + " is larger than this system can map.",
                    path.string());
    }
    Guard::install();
    Slot* const slot = Guard::claim();
    if (slot == nullptr) {
        return fail(ErrorCode::too_large, "Too many model files are open at once.", path.string());
    }
    void* const at = mmap(nullptr, *size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (at == MAP_FAILED) {
        const int number = errno;
        Guard::release(*slot);
        return system_error(path, number);
    }
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(at), *size);
    Guard::publish(*slot, bytes);
    return std::unique_ptr<MappedFile>(new MappedFile(bytes, file.hand_on(), *slot));
}

MappedFile::~MappedFile() {
    // Unmapped before the slot is free: another open() could get the same addresses, and its own slot, at
    // once.
    munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    Guard::release(*slot_);
    close(descriptor_);
}

bool MappedFile::damaged() const {
    if (slot_->damaged.load()) {
        return true;
    }
    // A file that lost only a part of its last page reads as zeros there, without any fault.
    struct stat status {};
    const bool whole =
        fstat(descriptor_, &status) == 0 && static_cast<std::uint64_t>(status.st_size) >= bytes_.size();
    if (!whole) {
        slot_->damaged.store(true);
    }
    return !whole;
}

Error MappedFile::damage_error() {
    return {ErrorCode::io,
            "The model file was cut short or its drive went away while it was in use. Load the model again "
            "once the file is "
            "whole.",
            "mapped file damaged"};
}

namespace {

/// The whole pages inside a part of the mapping.
std::pair<void*, std::size_t> inner_pages(std::span<const std::byte> part, std::uintptr_t page) {
    const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) & ~(page - 1);
    const auto end = (reinterpret_cast<std::uintptr_t>(part.data()) + part.size()) & ~(page - 1);
    return {reinterpret_cast<void*>(begin), end > begin ? end - begin : 0};
}

}  // namespace

void MappedFile::release_pages(std::span<const std::byte> part) const {
    // After damage, dropping pages would only bring zero pages back; and the anonymous ones need no memory.
    if (const auto [at, size] = inner_pages(part, Guard::page_size()); size > 0) {
        madvise(at, size, MADV_DONTNEED);
    }
}

void MappedFile::prefetch(std::span<const std::byte> part) const {
    if (const auto [at, size] = inner_pages(part, Guard::page_size()); size > 0) {
        madvise(at, size, MADV_WILLNEED);
    }
}

}  // namespace tendril::engine
