// SPDX-License-Identifier: Apache-2.0
// Counts the calls of operator new of a whole test program, which links count_allocations.cpp for it. Any
// thread.
#pragma once

#include <atomic>

namespace tendril::test {

extern std::atomic<bool> counting;
extern std::atomic<int> allocations;  ///< while counting was true

}  // namespace tendril::test
