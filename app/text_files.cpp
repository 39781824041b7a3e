// SPDX-License-Identifier: Apache-2.0
// Reads text files for messages. Background thread; no state.
#include "app/text_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "engine/text/utf8_stream.h"

namespace tendril::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Length of the longest run of backticks.
std::size_t longest_fence(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

Result<std::string> read_text_file(const fs::path& path) {
    const std::string name = path.filename().string();
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        return fail(ErrorCode::not_found, name + " is not a file that can be read.", error.message());
    }
    const auto bytes = fs::file_size(path, error);
    if (error || bytes > kLargestTextFile) {
        return fail(ErrorCode::too_large, name + " is too large for a message: " +
                                              std::to_string(kLargestTextFile / 1024) + " KiB are the most.");
    }
    std::ifstream in(path, std::ios::binary);
    std::string raw((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in.eof() && in.fail()) {
        return fail(ErrorCode::io, name + " cannot be read.");
    }
    if (raw.find('\0') != std::string::npos || !engine::is_valid_utf8(raw)) {
        return fail(ErrorCode::unsupported, name + " is no text (UTF-8), so it cannot be part of a message.");
    }
    std::string text;
    text.reserve(raw.size());
    const std::size_t begin =
        raw.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0 ? kByteOrderMark.size() : 0;
    for (std::size_t i = begin; i < raw.size(); ++i) {
        if (raw[i] != '\r') {
            text += raw[i];
        } else if (i + 1 == raw.size() || raw[i + 1] != '\n') {
            text += '\n';
        }
    }
    return text;
}

std::string framed_text(std::string_view name, std::string_view text) {
    const std::string fence(std::max<std::size_t>(3, longest_fence(text) + 1), '`');
    std::string framed(name);
    framed += ":\n" + fence + "\n";
    framed += text;
    framed += text.ends_with('\n') ? "" : "\n";
    return framed + fence + "\n\n";
}

}  // namespace tendril::app
