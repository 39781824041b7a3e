// SPDX-License-Identifier: Apache-2.0
// LineReader over poll(2). Main thread.
#include "app/cli/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tendril::app::cli {
namespace {

constexpr std::size_t kLongestLine = 16U << 20U;

}  // namespace

std::optional<std::string> LineReader::next() {
    std::size_t looked_at = 0;
    for (;;) {
        const std::size_t end = buffer_.find('\n', looked_at);
        const bool too_long = end == std::string::npos && buffer_.size() >= kLongestLine;
        if (end != std::string::npos || too_long || (ended_ && !buffer_.empty())) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end == std::string::npos ? end : end + 1);
            if (!line.empty() && line.back() == '\r') {
                line.pop_back();
            }
            return line;
        }
        if (ended_) {
            return std::nullopt;
        }
        looked_at = buffer_.size();
        pollfd waiting[2] = {{STDIN_FILENO, POLLIN, 0}, {stop_, POLLIN, 0}};
        if (poll(waiting, 2, -1) < 0) {
            continue;
        }
        if ((waiting[1].revents & POLLIN) != 0) {
            return std::nullopt;
        }
        std::array<char, 65536> chunk{};
        const ssize_t count = read(STDIN_FILENO, chunk.data(), chunk.size());
        if (count > 0) {
            buffer_.append(chunk.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            ended_ = true;
        }
    }
}

}  // namespace tendril::app::cli
