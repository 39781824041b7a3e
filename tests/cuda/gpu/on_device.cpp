// SPDX-License-Identifier: Apache-2.0
// Lets the tests that are written for the emulator run on a real card: what they say to the emulator goes
// nowhere, and a machine without a card ends the program at once with exit status 77 and the reason, which
// ctest calls skipped.
#include <cuda_runtime_api.h>
#include <unistd.h>

#include <cstdio>

#include "tests/cuda/emulator/machine_control.h"

namespace tendril::emulator {

Settings& settings() {
    static Settings settings;
    return settings;
}
std::string problem_report() {
    return {};  // a real device does not tell; compute-sanitizer does
}
std::string_view build_name() {
    return "device";
}
Counters counters() {
    return {};
}
void reset_machine(const MachineDescription&) {}

namespace {

constexpr int kSkipped = 77;

[[gnu::constructor]] void need_a_card() {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0) {
        std::printf("skipped: no graphics card can be used here (%s)\n", cudaGetErrorString(error));
        std::fflush(stdout);
        _exit(kSkipped);
    }
}

}  // namespace

}  // namespace tendril::emulator
