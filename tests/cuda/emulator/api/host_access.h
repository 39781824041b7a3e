// SPDX-License-Identifier: Apache-2.0
// Says what happened when the host touches device memory and dies of it (settings().protect_device_memory).
#pragma once

namespace tendril::emulator {

// Puts a sentence before what the program does on SIGSEGV; once.
void explain_host_access();

}  // namespace tendril::emulator
