// SPDX-License-Identifier: Apache-2.0
// AddressSanitizer's interface where the build has it, nothing otherwise.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENDRIL_EMULATOR_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TENDRIL_EMULATOR_ASAN 1
#endif

#if defined(TENDRIL_EMULATOR_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace tendril::emulator {

#if defined(TENDRIL_EMULATOR_ASAN)
inline constexpr bool kAddressSanitizer = true;
inline void poison(const void* p, size_t bytes) {
    ASAN_POISON_MEMORY_REGION(p, bytes);
}
inline void unpoison(const void* p, size_t bytes) {
    ASAN_UNPOISON_MEMORY_REGION(p, bytes);
}
inline void begin_switch(void** keep, const void* stack, size_t bytes) {
    __sanitizer_start_switch_fiber(keep, stack, bytes);
}
inline void finish_switch(void* kept) {
    __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
}
#else
inline constexpr bool kAddressSanitizer = false;
inline void poison(const void*, size_t) {}
inline void unpoison(const void*, size_t) {}
inline void begin_switch(void**, const void*, size_t) {}
inline void finish_switch(void*) {}
#endif

}  // namespace tendril::emulator
