// SPDX-License-Identifier: Apache-2.0
// The check of one access by a running thread.
#pragma once

#include <cstddef>

#include "tests/cuda/emulator/block.h"

namespace tendril::emulator {

enum class Access { kRead, kWrite, kAtomic };

// While an access is looked at: the texts of a report are strings, whose code may be the program's, and its
// accesses are none of a kernel's.
inline thread_local bool looking = false;

// `instruction`: where in the compiled code, if `where` has no line.
void check_access(Thread&, const void*, size_t bytes, Access, Location where, const void* instruction);

// "kernel.cu:12" of an instruction's address, by the debug information (addr2line).
std::string source_line(const void* instruction);

}  // namespace tendril::emulator
