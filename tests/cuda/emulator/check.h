// SPDX-License-Identifier: Apache-2.0
// What the runtime tells the checker (shadow memory for races, bounds, uninitialised reads). In the fast and
// asan builds all of it is nothing.
#pragma once

#include <cstddef>
#include <span>

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

#if defined(TENDRIL_EMULATOR_CHECK)
inline constexpr bool kChecking = true;
void check_launch_begins(LaunchState&);
void check_block_begins(const LaunchState&, Block&);
void check_grid_barrier(std::span<Block>);
void check_fence(Thread&);
void check_sync_warp(Warp&, uint32_t lanes);
// A read or write by this thread; `atomic`: a read-modify-write.
void check_read(Thread&, const void*, size_t bytes, Location);
void check_write(Thread&, const void*, size_t bytes, Location);
void check_atomic(Thread&, const void*, size_t bytes, Location, const void* instruction);
// What a block hands on to, and learns from, others through *p, apart from atomic updates.
void check_hand_on(Thread&, const void* p);
void check_release(Thread&, const void* p);
void check_acquire(Thread&, const void* p);
// Device memory as the host's calls change it.
void check_range_gone(const void* start);  // of a device that is no more
void check_host_wrote(const void*, size_t bytes);
void check_copied(void* to, const void* from, size_t bytes);
// A copy or fill of the running operation: its order with those of other streams.
void check_copy_reads(const void*, size_t bytes);
void check_copy_writes(const void*, size_t bytes);
bool check_has_value(const void*, size_t bytes);
#else
inline constexpr bool kChecking = false;
inline void check_launch_begins(LaunchState&) {}
inline void check_block_begins(const LaunchState&, Block&) {}
inline void check_grid_barrier(std::span<Block>) {}
inline void check_fence(Thread&) {}
inline void check_sync_warp(Warp&, uint32_t) {}
inline void check_read(Thread&, const void*, size_t, Location) {}
inline void check_write(Thread&, const void*, size_t, Location) {}
inline void check_atomic(Thread&, const void*, size_t, Location, const void*) {}
inline void check_hand_on(Thread&, const void*) {}
inline void check_release(Thread&, const void*) {}
inline void check_acquire(Thread&, const void*) {}
inline void check_range_gone(const void*) {}
inline void check_host_wrote(const void*, size_t) {}
inline void check_copied(void*, const void*, size_t) {}
inline void check_copy_reads(const void*, size_t) {}
inline void check_copy_writes(const void*, size_t) {}
inline bool check_has_value(const void*, size_t) {
    return true;
}
#endif

}  // namespace tendril::emulator
