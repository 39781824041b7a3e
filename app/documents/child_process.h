// SPDX-License-Identifier: Apache-2.0
// Runs another program on a file that nobody vouches for, under limits that the kernel keeps: what the file
// does to that program it does not do to ours. The calling thread waits; any thread but the window's and the
// chat worker's; no state.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/result.h"

namespace tendril::app {

struct ChildLimits {
    std::uint64_t address_space = 1ULL << 30;  ///< bytes
    std::uint64_t output = 16ULL << 20;        ///< bytes of its standard output
    unsigned cpu_seconds = 30;
    std::chrono::milliseconds wall{60'000};
};

struct ChildOrder {
    std::vector<std::string> arguments;  ///< the first one is the program's whole path
    int input = -1;  ///< a file descriptor that becomes its standard input; -1: nothing. Stays the caller's
    ChildLimits limits;
};

struct ChildResult {
    enum class End : std::uint8_t {
        exited,
        killed /* by a signal: a crash, or the kernel at a limit */,
        too_long,
        too_much,
        cancelled
    };
    End end = End::exited;
    int code = 0;  ///< its exit code, or the signal
    std::string output;
    std::string errors;  ///< the beginning of its standard error
};

/// Runs the program to its end in a process group of its own, which is killed whole at a limit, on
/// `cancelled`, and with our process. It gets no descriptor but the standard ones, no variable of ours, no
/// privileges, no core file; it can write no file, begin no other process (unless we are root, who may) and
/// open no socket. Error: it could not be begun.
Result<ChildResult> run_child(const ChildOrder& order, const std::function<bool()>& cancelled);

/// The whole path of a program in $PATH and the usual folders; empty: there is none.
std::string find_program(const std::string& name);

}  // namespace tendril::app
