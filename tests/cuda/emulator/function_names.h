// SPDX-License-Identifier: Apache-2.0
// Names of functions by their addresses, those with internal linkage as well.
#pragma once

#include <string>

namespace tendril::emulator {

// The mangled name of the function at this address, from the symbol table of the file that it was loaded
// from; empty if that is stripped.
std::string function_name(const void* function);

// nvcc and g++ name unnamed namespaces differently: both become g++'s form.
std::string common_name(const std::string& mangled);

}  // namespace tendril::emulator
