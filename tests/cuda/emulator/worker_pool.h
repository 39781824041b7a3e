// SPDX-License-Identifier: Apache-2.0
// Threads that help with launches. They live as long as the program.
#pragma once

#include <functional>

namespace tendril::emulator {

// Calls body(0) here and body(1) .. body(count - 1) on helpers, and returns when all have returned.
void run_on_workers(unsigned count, const std::function<void(unsigned)>& body);

}  // namespace tendril::emulator
