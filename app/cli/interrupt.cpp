// SPDX-License-Identifier: Apache-2.0
// Interrupt over signalfd(2).
#include "app/cli/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace tendril::app::cli {
namespace {

void raise_flag(int descriptor) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(descriptor, &one, sizeof one);
}

}  // namespace

Interrupt::Interrupt() {
    std::signal(SIGPIPE,
                SIG_IGN);  // a reader that goes away is an error of write(), not the end of the program
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC);
    told_ = eventfd(0, EFD_CLOEXEC);
    end_ = eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt() {
    raise_flag(end_);
    thread_.join();
    for (const int descriptor : {signals_, told_, end_}) {
        close(descriptor);
    }
}

void Interrupt::watch() {
    pollfd waiting[2] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
    for (;;) {
        if (poll(waiting, 2, -1) < 0) {
            continue;  // interrupted by a debugger
        }
        if ((waiting[1].revents & POLLIN) != 0) {
            return;
        }
        signalfd_siginfo signal{};
        if (read(signals_, &signal, sizeof signal) != sizeof signal) {
            continue;
        }
        const std::lock_guard lock(mutex_);
        if (asked_.exchange(true) || !action_) {
            _exit(128 + static_cast<int>(signal.ssi_signo));
        }
        raise_flag(told_);
        action_();
    }
}

Interrupt::Scope::Scope(Interrupt& interrupt, std::function<void()> action) : interrupt_(interrupt) {
    const std::lock_guard lock(interrupt_.mutex_);
    interrupt_.action_ = std::move(action);
}

Interrupt::Scope::~Scope() {
    const std::lock_guard lock(interrupt_.mutex_);
    interrupt_.action_ = nullptr;
}

}  // namespace tendril::app::cli
