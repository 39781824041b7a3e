// SPDX-License-Identifier: Apache-2.0
// The replaced operators new and delete; see count_allocations.h.
#include "tests/support/count_allocations.h"

#include <cstdlib>
#include <new>

namespace tendril::test {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

}  // namespace tendril::test

namespace {

void* counted(std::size_t size) {
    if (tendril::test::counting) {
        ++tendril::test::allocations;
    }
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
