// SPDX-License-Identifier: Apache-2.0
// Stands in for a reader of PDFs that a hostile file has got hold of: does the one bad thing that its first
// argument names, and says on standard output what it could do. One thread.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern char** environ;

namespace {

void write_forever() {
    const std::string line(4096, 'x');
    while (::write(1, line.data(), line.size()) > 0) {
    }
}

void eat_memory() {
    std::size_t taken = 0;
    for (;;) {
        constexpr std::size_t kPiece = 16U << 20U;
        void* piece = std::malloc(kPiece);
        if (piece == nullptr) {
            std::printf("%zu", taken >> 20U);
            std::exit(0);
        }
        std::memset(piece, 1, kPiece);
        taken += kPiece;
    }
}

/// The limit on CPU time counts; a signal handler does not help.
void loop() {
    std::signal(SIGXCPU, SIG_IGN);
    volatile unsigned turns = 0;
    for (;;) {
        turns = turns + 1;
    }
}

/// A second process in the background that holds the pipe, when one can be begun.
void leave_a_child() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
    }
    std::printf("%s %d", child < 0 ? "none" : "one", static_cast<int>(child));
    std::fflush(stdout);
}

void look_around() {
    std::string open;
    for (int fd = 0; fd < 1024; ++fd) {
        open += ::fcntl(fd, F_GETFD) != -1 ? " " + std::to_string(fd) : "";
    }
    std::printf("open%s\n", open.c_str());
    for (char** variable = environ; *variable != nullptr; ++variable) {
        std::printf("env %s\n", *variable);
    }
    std::printf("socket %d\n", ::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 0);
    std::printf("privileges %d\n", ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1);
    std::printf("group %d\n", ::getpgrp() == ::getpid() ? 1 : 0);
    std::signal(SIGXFSZ, SIG_IGN);
    const int file = ::open("/tmp", O_TMPFILE | O_WRONLY, 0600);
    std::printf("file %d\n", file >= 0 && ::write(file, "x", 1) == 1 ? 1 : 0);
}

}  // namespace

int main(int count, char** arguments) {
    // As pdftotext is called: -enc UTF-8 -eol unix FILE -. What is to be done stands in the file then.
    std::string what = count > 1 ? arguments[1] : "";
    if (count > 2) {
        char words[64] = {};
        std::FILE* file = std::fopen(arguments[count - 2], "r");
        if (file == nullptr || std::fgets(words, sizeof words, file) == nullptr) {
            return 9;
        }
        what = std::strrchr(words, ' ') + 1;
        what.erase(what.find_last_not_of('\n') + 1);
    }
    if (what == "forever") {
        write_forever();
    } else if (what == "memory") {
        eat_memory();
    } else if (what == "loop") {
        loop();
    } else if (what == "wait") {
        ::pause();
    } else if (what == "close") {
        ::close(1);
        ::close(2);
        ::pause();
    } else if (what == "child") {
        leave_a_child();
    } else if (what == "look") {
        look_around();
    } else if (what == "crash") {
        std::abort();
    } else if (what == "password") {
        std::fputs("Command Line Error: Incorrect password\n", stderr);
        return 1;
    } else if (what == "hello") {
        std::puts("hello");
        return 3;
    }
    return 0;
}
