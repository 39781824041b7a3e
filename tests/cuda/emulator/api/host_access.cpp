// SPDX-License-Identifier: Apache-2.0
// A handler that speaks and then makes way for the one that was there before.
#include "tests/cuda/emulator/api/host_access.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <mutex>

#include "tests/cuda/emulator/api/machine.h"

namespace tendril::emulator {

namespace {

struct sigaction previous;

void explain(int, siginfo_t* info, void*) {
    const Machine& m = machine();
    if (m.closed && m.memory.is_device_address(info->si_addr)) {
        char text[256];
        const Allocation* allocation = m.memory.find(info->si_addr);
        const size_t offset =
            allocation == nullptr
                ? 0
                : static_cast<size_t>(static_cast<char*>(info->si_addr) - allocation->start);
        const int length =
            allocation == nullptr
                ? std::snprintf(
                      text, sizeof text,
                      "CUDA emulator: host pointer: the host uses device memory that is not allocated\n")
                : std::snprintf(text, sizeof text,
                                "CUDA emulator: host pointer: the host uses device memory, byte %zu of an "
                                "allocation of %zu\n",
                                offset, allocation->bytes);
        const ssize_t written = write(STDERR_FILENO, text, static_cast<size_t>(length));
        (void)written;  // nothing to be done about it here
    }
    sigaction(SIGSEGV, &previous, nullptr);  // the access is made again, and meets the old handler
}

}  // namespace

void explain_host_access() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = explain;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGSEGV, &action, &previous);
    });
}

}  // namespace tendril::emulator
