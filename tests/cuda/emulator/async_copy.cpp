// SPDX-License-Identifier: Apache-2.0
// cp.async, late: nothing is copied before the thread waits for it, so that a wait that is too weak shows in
// the numbers.
#include <cstring>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/worker.h"

namespace tendril::emulator {

namespace {

void perform(Thread& self, const AsyncCopy& copy) {
    const auto source_bytes = static_cast<size_t>(copy.source_bytes), bytes = static_cast<size_t>(copy.bytes);
    check_read(self, copy.from, source_bytes, copy.where);
    check_write(self, copy.to, bytes, copy.where);
    std::memcpy(copy.to, copy.from, source_bytes);
    std::memset(static_cast<char*>(copy.to) + source_bytes, 0, bytes - source_bytes);
}

}  // namespace

void copy_async(void* to, const void* from, int bytes, int source_bytes, Location where) {
    Thread& self = Worker::running_thread();
    if (((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) &
         static_cast<uintptr_t>(bytes - 1)) != 0) {
        report("misaligned", where, "copy_async of addresses that are no multiples of its size");
    }
    if (source_bytes < 0 || source_bytes > bytes) {
        report("copy", where, "copy_async of more bytes than its size");
        source_bytes = bytes;
    }
    const AsyncCopy copy{to, from, bytes, source_bytes, where, self.copy_group};
    // The place is written to from now on: whoever still reads it races with the copy.
    check_write(self, to, static_cast<size_t>(bytes), where);
    if (settings().late_copies) {
        self.copies.push_back(copy);
    } else {
        perform(self, copy);
    }
}

void copy_async_commit() {
    ++Worker::running_thread().copy_group;
}

void copy_async_wait(int groups_left) {
    Thread& self = Worker::running_thread();
    const int first_left = self.copy_group - groups_left;
    size_t kept = 0;
    for (const AsyncCopy& copy : self.copies) {
        if (copy.group < first_left) {
            perform(self, copy);
        } else {
            self.copies[kept++] = copy;
        }
    }
    self.copies.resize(kept);
}

}  // namespace tendril::emulator
