// SPDX-License-Identifier: Apache-2.0
// Accesses of translated PTX.
#include "tests/cuda/emulator/ptx_support.h"

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

static_assert(kSharedWindow == kArenaBytes);

const bool ptx_checks = kChecking;

namespace {
// As the driver gives it to a cooperative launch: a size, and a counter that every barrier leaves as it found
// it but for its top bit.
struct alignas(16) GridWorkspace {
    uint32_t size = sizeof(GridWorkspace);
    uint32_t barrier = 0;
};
GridWorkspace workspace;

bool in_workspace(const void* p) {
    return p >= &workspace && p < &workspace + 1;
}
}  // namespace

uint64_t grid_workspace() {
    return reinterpret_cast<uint64_t>(&workspace);
}

void ptx_see(const void* p, size_t bytes, PtxAccess access, Location where) {
    Thread& thread = Worker::running_thread();
    if (access == PtxAccess::kAcquire) {
        check_acquire(thread, p);
    } else if (access == PtxAccess::kRelease) {
        check_release(thread, p);
    } else if (access == PtxAccess::kAtomic) {
        in_workspace(p) ? check_hand_on(thread, p) : check_atomic(thread, p, bytes, where, nullptr);
    } else if (access == PtxAccess::kRead && !in_workspace(p)) {
        check_read(thread, p, bytes, where);
    } else if (access == PtxAccess::kWrite) {
        check_write(thread, p, bytes, where);
    }
}

void ptx_misaligned(size_t bytes, Location where) {
    report("misaligned", where,
           "an access of " + std::to_string(bytes) + " bytes at an address that is no multiple of it");
}

void ptx_report(const char* kind, const char* text, Location where) {
    report(kind, where, text);
}

}  // namespace tendril::emulator
