// SPDX-License-Identifier: Apache-2.0
// Shadow memory by mapping.
#include "tests/cuda/emulator/check/shadow.h"

#include <sys/mman.h>

#include <cstdlib>
#include <memory>

#include "tests/cuda/emulator/report.h"

namespace tendril::emulator {

Shadow::Shadow(const void* start, size_t bytes)
    : start_(static_cast<const char*>(start)), bytes_(bytes / kCellBytes * sizeof(Cell)) {
    void* p =
        mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        report("emulator", "no address space for shadow memory");
        std::abort();
    }
    cells_ = static_cast<Cell*>(p);
}

Shadow::~Shadow() {
    munmap(cells_, bytes_);
}

namespace {
using Shadows = std::map<const void*, std::unique_ptr<Shadow>>;
Shadows& shadows() {
    static Shadows& all = *new Shadows;  // never destroyed: the machine may be as late as the program's end
    return all;
}
}  // namespace

Shadow& shadow_of(const void* start, size_t bytes) {
    std::unique_ptr<Shadow>& shadow = shadows()[start];
    if (!shadow) {
        shadow = std::make_unique<Shadow>(start, bytes);
    }
    return *shadow;
}

void forget_shadow(const void* start) {
    shadows().erase(start);
}

}  // namespace tendril::emulator
