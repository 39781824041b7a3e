// SPDX-License-Identifier: Apache-2.0
// Allocation by moving on: each allocation has gaps around it that belong to none.
#include "tests/cuda/emulator/api/memory_map.h"

#include <sys/mman.h>

#include <cstring>
#include <mutex>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/sanitizer.h"

namespace tendril::emulator {

namespace {
constexpr size_t kAlignment = 256;  // as cudaMalloc's
constexpr size_t kGap = 2048;
constexpr size_t kPage = 4096;
constexpr size_t kFilled = size_t{64} << 20;  // larger allocations are left as the system gives them

size_t round_up(size_t bytes, size_t to) {
    return (bytes + to - 1) / to * to;
}
}  // namespace

MemoryMap::MemoryMap(size_t devices) : ranges_(devices + 1) {
    for (Range& range : ranges_) {
        void* p = mmap(nullptr, kRangeBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        range.start = p == MAP_FAILED ? nullptr : static_cast<char*>(p);
    }
}

MemoryMap::~MemoryMap() {
    for (const Range& range : ranges_) {
        if (range.start != nullptr) {
            unpoison(range.start, range.used);
            check_range_gone(range.start);
            munmap(range.start, kRangeBytes);
        }
    }
}

void* MemoryMap::allocate(Place place, int device, size_t bytes) {
    Range& range = place == Place::kDevice ? ranges_[static_cast<size_t>(device)] : ranges_.back();
    const size_t span = round_up(bytes, kAlignment) + 2 * kGap;
    const std::unique_lock lock(mutex_);
    if (range.start == nullptr || span > kRangeBytes - range.used) {
        return nullptr;
    }
    char* start = range.start + range.used + kGap;
    poison(range.start + range.used, span);
    unpoison(start, bytes);
    range.used += span;
    if (bytes <= kFilled) {
        std::memset(start, 0xff, bytes);
    }
    by_address_[start] = {start, bytes, place, device, true};
    return start;
}

void MemoryMap::register_host(void* p, size_t bytes) {
    const std::unique_lock lock(mutex_);
    by_address_[static_cast<char*>(p)] = {static_cast<char*>(p), bytes, Place::kRegistered, 0, true};
}

const Allocation* MemoryMap::free(void* p, Place place) {
    const std::unique_lock lock(mutex_);
    const auto entry = by_address_.find(static_cast<const char*>(p));
    if (entry == by_address_.end() || !entry->second.live || entry->second.place != place) {
        return nullptr;
    }
    entry->second.live = false;
    if (place != Place::kRegistered) {
        poison(entry->second.start, entry->second.bytes);
        // Gives whole pages back to the system; the addresses stay ours.
        const auto first = round_up(reinterpret_cast<uintptr_t>(p), kPage);
        const auto last = (reinterpret_cast<uintptr_t>(p) + entry->second.bytes) / kPage * kPage;
        if (last > first) {
            madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
        }
    }
    return &entry->second;
}

const Allocation* MemoryMap::find(const void* p) const {
    const std::shared_lock lock(mutex_);
    auto entry = by_address_.upper_bound(static_cast<const char*>(p));
    if (entry == by_address_.begin()) {
        return nullptr;
    }
    --entry;
    return entry->second.contains(p, 1) || (entry->second.bytes == 0 && entry->first == p) ? &entry->second
                                                                                           : nullptr;
}

bool MemoryMap::is_device_address(const void* p) const {
    for (size_t i = 0; i + 1 < ranges_.size(); ++i) {
        if (p >= ranges_[i].start && p < ranges_[i].start + kRangeBytes) {
            return true;
        }
    }
    return false;
}

size_t MemoryMap::live_bytes(int device) const {
    const std::shared_lock lock(mutex_);
    size_t bytes = 0;
    for (const auto& [start, allocation] : by_address_) {
        if (allocation.live && allocation.place == Place::kDevice && allocation.device == device) {
            bytes += round_up(allocation.bytes, kAlignment);
        }
    }
    return bytes;
}

size_t MemoryMap::live_pinned() const {
    const std::shared_lock lock(mutex_);
    size_t bytes = 0;
    for (const auto& [start, allocation] : by_address_) {
        bytes += allocation.live && allocation.place == Place::kPinned ? allocation.bytes : 0;
    }
    return bytes;
}

size_t MemoryMap::live_count(Place place) const {
    const std::shared_lock lock(mutex_);
    size_t count = 0;
    for (const auto& [start, allocation] : by_address_) {
        count += allocation.live && allocation.place == place ? 1 : 0;
    }
    return count;
}

void MemoryMap::open(bool accessible) {
    for (size_t i = 0; i + 1 < ranges_.size(); ++i) {
        if (ranges_[i].used > 0) {
            mprotect(ranges_[i].start, round_up(ranges_[i].used, kPage),
                     accessible ? PROT_READ | PROT_WRITE : PROT_NONE);
        }
    }
}

}  // namespace tendril::emulator
