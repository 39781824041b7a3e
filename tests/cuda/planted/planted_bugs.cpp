// SPDX-License-Identifier: Apache-2.0
// Runs every scene with its bug, and without (bug 0), each in a process of its own, as TENDRIL_CUDA_EMULATOR
// says. Prints a line "number <tab> finding" for each: what the emulator reported, "numbers" for wrong
// results, "sanitizer" or "signal" for an end in between, "-" for nothing.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

#include "tests/cuda/emulator/machine_control.h"
#include "tests/cuda/planted/scenes.h"

using namespace tendril;

namespace {

std::string finding(const planted::Bug& bug, bool correct, bool verbose) {
    emulator::print_problems(verbose);
    const bool right = bug.scene(correct ? 0 : bug.number);
    std::set<std::string> kinds;
    for (const emulator::Problem& problem : emulator::problems()) {
        kinds.insert(problem.kind);
    }
    std::string text;
    for (const std::string& kind : kinds) {
        text += (text.empty() ? "" : "+") + kind;
    }
    if (!right) {
        text += text.empty() ? "numbers" : "+numbers";
    }
    return text.empty() ? "-" : text;
}

// In a child: a sanitizer ends the process that it finds something in.
std::string finding_of_child(const planted::Bug& bug, bool correct, bool verbose) {
    int ends[2];
    if (pipe(ends) != 0) {
        return "no pipe";
    }
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        if (!verbose && std::freopen("/dev/null", "w", stderr) == nullptr) {
            _exit(3);
        }
        const std::string text = finding(bug, correct, verbose);
        const bool written = write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
        _exit(written ? 0 : 3);
    }
    close(ends[1]);
    char buffer[256] = "";
    const ssize_t length = read(ends[0], buffer, sizeof buffer - 1);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        return std::string("signal ") + strsignal(WTERMSIG(status));
    }
    return length > 0 ? std::string(buffer, static_cast<size_t>(length)) : "sanitizer";
}

}  // namespace

// Arguments: none for all; or numbers (0: the correct code of each), and then the emulator's reports are
// shown.
int main(int argc, char** argv) {
    std::set<int> wanted;
    for (int i = 1; i < argc; ++i) {
        wanted.insert(std::atoi(argv[i]));
    }
    for (const planted::Bug& bug : planted::bugs()) {
        if (!wanted.empty() && !wanted.contains(bug.number) && !(wanted.contains(0))) {
            continue;
        }
        const bool verbose = !wanted.empty();
        if (wanted.empty() || wanted.contains(bug.number)) {
            std::printf("%d\t%s\n", bug.number, finding_of_child(bug, false, verbose).c_str());
        }
        if (wanted.empty() || wanted.contains(0)) {
            std::printf("-%d\t%s\n", bug.number, finding_of_child(bug, true, verbose).c_str());
        }
        std::fflush(stdout);
    }
    return 0;
}
