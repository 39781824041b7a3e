// SPDX-License-Identifier: Apache-2.0
// Each scene runs a sample kernel, or host code around one, with a planted bug or without, and compares the
// numbers.
#pragma once

#include <span>

namespace tendril::planted {

struct Bug {
    int number;
    const char* what;
    bool (*scene)(int bug);  // whether the numbers are right; bug 0: the correct code of the same scene
};

std::span<const Bug> bugs();

}  // namespace tendril::planted
