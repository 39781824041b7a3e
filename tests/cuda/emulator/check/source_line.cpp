// SPDX-License-Identifier: Apache-2.0
// Names the line of an instruction, once per instruction and only for what is reported.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "tests/cuda/emulator/check/access.h"

extern char** environ;

namespace tendril::emulator {

namespace {

// What addr2line says of an address within a file, without the folders.
std::string ask_addr2line(const char* file, uintptr_t offset) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        return {};
    }
    char address[32];
    std::snprintf(address, sizeof address, "0x%zx", static_cast<size_t>(offset));
    std::string program = "addr2line", option = "-e", name = file;
    char* arguments[] = {program.data(), option.data(), name.data(), address, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int error = posix_spawnp(&child, "addr2line", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    std::string text;
    char buffer[512];
    for (ssize_t n = 0; (n = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<size_t>(n));
    }
    close(pipe_ends[0]);
    if (error == 0) {
        waitpid(child, nullptr, 0);
    }
    text.resize(std::min(text.find_first_of("\n ("), text.size()));
    const size_t slash = text.rfind('/');
    return slash == std::string::npos ? text : text.substr(slash + 1);
}

}  // namespace

std::string source_line(const void* instruction) {
    static std::map<const void*, std::string> known;
    const auto entry = known.find(instruction);
    if (entry != known.end()) {
        return entry->second;
    }
    std::string line;
    Dl_info info{};
    if (instruction != nullptr && dladdr(instruction, &info) != 0 && info.dli_fname != nullptr) {
        const auto offset =
            reinterpret_cast<uintptr_t>(instruction) - reinterpret_cast<uintptr_t>(info.dli_fbase);
        line = ask_addr2line(info.dli_fname, offset - 1);  // the call before the return address
    }
    if (line.empty() || line[0] == '?') {
        line = "an unknown line";
    }
    return known[instruction] = line;
}

}  // namespace tendril::emulator
