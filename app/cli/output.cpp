// SPDX-License-Identifier: Apache-2.0
// What tendril-cli reads and prints. Main thread.
#include "app/cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>

#include "app/cli/options.h"

namespace tendril::app::cli {
namespace {

constexpr std::size_t kLargestInput = 1UL << 30U;

Result<std::string> read_all(int descriptor, const std::string& name) {
    std::string text;
    std::array<char, 65536> chunk{};
    for (;;) {
        const ssize_t count = read(descriptor, chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail(ErrorCode::io, name + " cannot be read: " + std::strerror(errno) + ".");
        }
        if (count == 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(count));
        if (text.size() > kLargestInput) {
            return fail(ErrorCode::too_large, name + " is larger than 1 GiB.");
        }
    }
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(descriptor, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
}

}  // namespace

void hold_standard_descriptors() {
    // Ascending, because open() takes the lowest free number.
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
            // The wrong way round for stdin and stdout: using them fails as it does on a closed one.
            [[maybe_unused]] const int held =
                open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
        }
    }
}

bool print(std::string_view text) {
    return write_all(STDOUT_FILENO, text);
}

bool print_json(const nlohmann::ordered_json& value) {
    return print(std::string_view(
        value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
}

void say(std::string_view message) {
    write_all(STDERR_FILENO, "tendril-cli: " + std::string(message) + "\n");
}

int failed(std::string_view message) {
    say(message);
    return kFailed;
}

Error about_file(Error error, const std::string& path) {
    const bool of_file = error.code == ErrorCode::malformed || error.code == ErrorCode::unsupported;
    if (of_file && error.message.find(path) == std::string::npos) {
        error.message = path + ": " + error.message;
    }
    return error;
}

int failed(const Error& error) {
    return failed(std::string_view(error.message));
}

int done(bool printed) {
    return printed ? kDone : kFailed;
}

Result<std::string> read_stdin() {
    return read_all(STDIN_FILENO, "Standard input");
}

Result<std::string> read_file(const std::string& path) {
    if (path == "-") {
        return read_stdin();
    }
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail(ErrorCode::not_found,
                    "The file " + path + " cannot be opened: " + std::strerror(errno) + ".");
    }
    auto text = read_all(descriptor, "The file " + path);
    close(descriptor);
    return text;
}

}  // namespace tendril::app::cli
