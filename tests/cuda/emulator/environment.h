// SPDX-License-Identifier: Apache-2.0
// TENDRIL_CUDA_EMULATOR: settings and machine for programs that do not set them themselves.
#pragma once

#include <string>
#include <string_view>

#include "tests/cuda/emulator/machine_control.h"

namespace tendril::emulator {

struct Environment {
    Settings settings;
    MachineDescription machine;
};

// Reads "key=value,key=value"; what it does not know is said in `error`, and the rest still counts.
TENDRIL_EMULATOR_API Environment parse_environment(std::string_view text, std::string& error);
const Environment& environment();

}  // namespace tendril::emulator
