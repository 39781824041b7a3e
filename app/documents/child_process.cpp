// SPDX-License-Identifier: Apache-2.0
// See child_process.h. Between fork and exec only calls that are safe there: everything they need is made
// before.
#include "app/documents/child_process.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tendril::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kErrorBytes = 4096;
constexpr int kTickMs = 50;  // how often `cancelled` is asked

class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        reset();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    int get() const { return number_; }
    void reset() {
        if (number_ >= 0) {
            ::close(std::exchange(number_, -1));
        }
    }

  private:
    int number_;
};

struct Pipe {
    Descriptor read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return fail(ErrorCode::io, "Another program could not be begun.", std::strerror(errno));
    }
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void limit(int resource, std::uint64_t most) {
    rlimit value{most, most};
    ::setrlimit(static_cast<__rlimit_resource_t>(resource), &value);
}

/// From here on no socket can be opened. Where the kernel has no filters, that one defence is missing.
void forbid_sockets() {
#if defined(__x86_64__)
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 3, 0),  // the same calls by their x32 numbers
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ptrace, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    };
    sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

/// What the child's side of the fork needs, made before it.
struct Start {
    std::vector<char*> arguments;
    int input, output, errors, failure;
    ChildLimits limits;
    pid_t parent;
};

/// In the child. Ends in the other program, or says why not through `failure`.
[[noreturn]] void become(const Start& start) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    // The standard ones may be the numbers that are to be replaced: first out of the way, then into place.
    constexpr int kAbove = 10;
    const int input = ::fcntl(start.input, F_DUPFD, kAbove);
    const int output = ::fcntl(start.output, F_DUPFD, kAbove);
    const int errors = ::fcntl(start.errors, F_DUPFD, kAbove);
    const int failure = ::fcntl(start.failure, F_DUPFD, kAbove);
    constexpr int kFailure = 3;
    if (::dup2(input, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(errors, 2) == 2 &&
        ::dup3(failure, kFailure, O_CLOEXEC) == kFailure) {
        ::syscall(SYS_close_range, kFailure + 1, ~0U, 0);
        ::lseek(0, 0, SEEK_SET);
        limit(RLIMIT_AS, start.limits.address_space);
        limit(RLIMIT_CPU, start.limits.cpu_seconds);
        limit(RLIMIT_FSIZE, 0);
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_NOFILE, 64);
        limit(RLIMIT_NPROC, 0);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        forbid_sockets();
        char path[] = "PATH=/usr/bin:/bin";
        char locale[] = "LC_ALL=C.UTF-8";
        std::array<char*, 3> environment{path, locale, nullptr};
        if (::chdir("/") == 0 && ::getppid() == start.parent) {
            ::execve(start.arguments[0], start.arguments.data(), environment.data());
        }
    }
    const int reason = errno;
    [[maybe_unused]] const auto written = ::write(kFailure, &reason, sizeof reason);
    ::_exit(127);
}

/// Appends what can be read now. False at the end of the stream.
bool drain(int descriptor, std::string& to, std::size_t most) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got > 0) {
        to.append(buffer.data(), std::min(static_cast<std::size_t>(got), most - std::min(most, to.size())));
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Reads until both pipes have ended or something is over; gives what is.
ChildResult::End watch(const ChildLimits& limits, Pipe& out, Pipe& err, ChildResult& result,
                       const std::function<bool()>& cancelled) {
    const auto deadline = Clock::now() + limits.wall;
    bool out_open = true;
    bool err_open = true;
    while (out_open || err_open) {
        std::array<pollfd, 2> waited{pollfd{out_open ? out.read.get() : -1, POLLIN, 0},
                                     pollfd{err_open ? err.read.get() : -1, POLLIN, 0}};
        ::poll(waited.data(), waited.size(), kTickMs);
        if (cancelled && cancelled()) {
            return ChildResult::End::cancelled;
        }
        if (Clock::now() >= deadline) {
            return ChildResult::End::too_long;
        }
        if (waited[0].revents != 0) {
            out_open = drain(out.read.get(), result.output, limits.output + 1);
        }
        if (waited[1].revents != 0) {
            err_open = drain(err.read.get(), result.errors, kErrorBytes);
        }
        if (result.output.size() > limits.output) {
            return ChildResult::End::too_much;
        }
    }
    return ChildResult::End::exited;
}

/// Waits for the child, which has closed its pipes; it may still run.
bool ended_by_itself(pid_t child, Clock::time_point deadline, const std::function<bool()>& cancelled,
                     int& status) {
    for (;;) {
        const pid_t got = ::waitpid(child, &status, WNOHANG);
        if (got == child || (got < 0 && errno != EINTR)) {
            return got == child;
        }
        if (Clock::now() >= deadline || (cancelled && cancelled())) {
            return false;
        }
        ::poll(nullptr, 0, 5);
    }
}

}  // namespace

Result<ChildResult> run_child(const ChildOrder& order, const std::function<bool()>& cancelled) {
    auto out = make_pipe();
    auto err = make_pipe();
    auto failure = make_pipe();
    Descriptor nothing(order.input < 0 ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : -1);
    if (!out || !err || !failure || order.arguments.empty()) {
        return fail(ErrorCode::io, "Another program could not be begun.");
    }
    std::vector<std::string> arguments = order.arguments;
    Start start{{},
                order.input < 0 ? nothing.get() : order.input,
                out->write.get(),
                err->write.get(),
                failure->write.get(),
                order.limits,
                ::getpid()};
    for (std::string& argument : arguments) {
        start.arguments.push_back(argument.data());
    }
    start.arguments.push_back(nullptr);
    const auto begun = Clock::now();
    const pid_t child = ::fork();
    if (child < 0) {
        return fail(ErrorCode::io, "Another program could not be begun.", std::strerror(errno));
    }
    if (child == 0) {
        become(start);
    }
    ::setpgid(child, child);
    out->write.reset();
    err->write.reset();
    failure->write.reset();
    int status = 0;
    int reason = 0;
    if (::read(failure->read.get(), &reason, sizeof reason) == static_cast<ssize_t>(sizeof reason)) {
        ::waitpid(child, &status, 0);
        return fail(ErrorCode::io, order.arguments[0] + " could not be begun.", std::strerror(reason));
    }
    ChildResult result;
    result.end = watch(order.limits, *out, *err, result, cancelled);
    const bool over = result.end == ChildResult::End::exited &&
                      ended_by_itself(child, begun + order.limits.wall, cancelled, status);
    ::kill(-child, SIGKILL);  // whatever is left of its group
    if (!over) {
        ::waitpid(child, &status, 0);
        if (result.end == ChildResult::End::exited) {
            result.end = cancelled && cancelled() ? ChildResult::End::cancelled : ChildResult::End::too_long;
        }
    } else if (WIFSIGNALED(status)) {
        result.end = WTERMSIG(status) == SIGXCPU || (WTERMSIG(status) == SIGKILL) ? ChildResult::End::too_long
                                                                                  : ChildResult::End::killed;
        result.code = WTERMSIG(status);
    } else {
        result.code = WEXITSTATUS(status);
    }
    return result;
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string folders = std::string(path != nullptr ? path : "") + ":/usr/bin:/usr/local/bin:/bin";
    for (std::size_t at = 0; at < folders.size();) {
        const std::size_t end = std::min(folders.find(':', at), folders.size());
        std::string candidate = folders.substr(at, end - at) + "/" + name;
        if (candidate[0] == '/' && candidate.size() > name.size() + 1 &&
            ::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
        at = end + 1;
    }
    return {};
}

}  // namespace tendril::app
