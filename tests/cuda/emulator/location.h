// SPDX-License-Identifier: Apache-2.0
// A place in a kernel's source. Device functions take it as a last argument that defaults to the caller's
// line; code translated from PTX gives the line that nvcc recorded.
#pragma once

namespace tendril::emulator {

struct Location {
    const char* file = nullptr;
    int line = 0;

    static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

}  // namespace tendril::emulator
