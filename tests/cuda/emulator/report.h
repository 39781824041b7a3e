// SPDX-License-Identifier: Apache-2.0
// Problems that the emulator finds in a kernel or in the host's use of the API. Any thread.
#pragma once

#include <string>

#include "tests/cuda/emulator/control.h"
#include "tests/cuda/emulator/location.h"

namespace tendril::emulator {

// kind: a word of the table in README.md. The running CUDA thread, if there is one, is named in what is
// printed.
TENDRIL_EMULATOR_API void report(const char* kind, Location where, const std::string& text);
// For what has no line of its own, or gives its place in words.
TENDRIL_EMULATOR_API void report(const char* kind, const std::string& text);

}  // namespace tendril::emulator
