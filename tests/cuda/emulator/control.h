// SPDX-License-Identifier: Apache-2.0
// What a test says to the emulator and asks of it: schedules, the machine it plays, the problems found,
// counters. All of it is set between launches, from the thread that calls the runtime API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#define TENDRIL_EMULATOR_API __attribute__((visibility("default")))

namespace tendril::emulator {

// In which order ready threads, and the blocks of a launch, run: as numbered, the other way round, or drawn
// by seed.
enum class Schedule { kInOrder, kReversed, kRandom };

// When the work of streams is done: at the call that enqueues it; as late as the program's synchronising
// allows; or at moments drawn by seed.
enum class Streams { kEager, kLazy, kRandom };

// What runs as a kernel: its source, compiled for the CPU, or the PTX that nvcc made of it, translated.
enum class Tier { kSource, kPtx };

struct Settings {
    Schedule schedule = Schedule::kInOrder;
    unsigned seed = 0;
    int workers = 1;          // threads of this machine that run blocks; the check build uses one
    int resident_blocks = 1;  // blocks that one worker interleaves
    bool late_copies = true;  // copy_async copies when it is waited for; false: at once
    Streams streams = Streams::kEager;
    Tier tier = Tier::kSource;
    int ptx_arch = 800;  // whose PTX, in Tier::kPtx
    bool protect_device_memory =
        false;  // the host's loads and stores of device memory fault; true in asan and check
};

// At the start: as the environment variable TENDRIL_CUDA_EMULATOR says (README.md), else as above.
TENDRIL_EMULATOR_API Settings& settings();

// What was found wrong. Equal problems are counted, not repeated.
struct Problem {
    std::string kind;  // "race", "bounds", "uninitialised", "barrier", "mask", ...
    std::string text;  // with the place in the kernel's source
    int count = 1;
};
TENDRIL_EMULATOR_API std::vector<Problem> problems();
TENDRIL_EMULATOR_API std::string problem_report();  // one line each; empty if there is none
TENDRIL_EMULATOR_API void forget_problems();
// Problems are also written to stderr as they are found, unless this is off (planted bugs).
TENDRIL_EMULATOR_API void print_problems(bool);

struct Counters {
    uint64_t launches = 0, graph_launches = 0, blocks = 0, threads = 0, barriers = 0, collectives = 0,
             grid_barriers = 0;
};
TENDRIL_EMULATOR_API Counters counters();

// Which of the three builds of the emulator this is: "fast", "asan" or "check".
TENDRIL_EMULATOR_API std::string_view build_name();

}  // namespace tendril::emulator
