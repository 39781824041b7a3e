// SPDX-License-Identifier: Apache-2.0
// The memory of the emulated machine: an address range per device and one for pinned host memory. Addresses
// are never used twice, so that a use after free is seen. Calls are made under the machine's lock, but for
// the look-ups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <vector>

namespace tendril::emulator {

enum class Place { kDevice, kPinned, kRegistered };

struct Allocation {
    char* start = nullptr;
    size_t bytes = 0;
    Place place = Place::kDevice;
    int device = 0;  // of device memory
    bool live = true;
    bool contains(const void* p, size_t n) const {
        const char* at = static_cast<const char*>(p);
        return at >= start && n <= bytes && static_cast<size_t>(at - start) <= bytes - n;
    }
};

class MemoryMap {
  public:
    static constexpr size_t kRangeBytes = size_t{1} << 36;  // of address space, per device

    explicit MemoryMap(size_t devices);
    ~MemoryMap();
    MemoryMap(const MemoryMap&) = delete;
    MemoryMap& operator=(const MemoryMap&) = delete;

    // Null when the range is used up. Device memory is filled with 0xFF.
    void* allocate(Place, int device, size_t bytes);
    void register_host(void*, size_t bytes);
    // The live allocation that starts here, marked as freed; null if there is none of this place.
    const Allocation* free(void*, Place);

    // The allocation with this address in it, freed or not; null if there is none. Any thread.
    const Allocation* find(const void*) const;
    bool is_device_address(const void*) const;
    const void* range_start(int device) const { return ranges_[static_cast<size_t>(device)].start; }
    size_t live_bytes(int device) const;
    size_t live_pinned() const;  // bytes
    size_t live_count(Place) const;

    // Device memory is accessible to all (open) or to nobody.
    void open(bool);

  private:
    struct Range {
        char* start = nullptr;
        size_t used = 0;
    };
    std::vector<Range> ranges_;  // one per device, then the pinned one
    std::map<const char*, Allocation> by_address_;
    mutable std::shared_mutex mutex_;
};

}  // namespace tendril::emulator
