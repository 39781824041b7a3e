// SPDX-License-Identifier: Apache-2.0
// A text file with a line for each model file.
#include "engine/cache/disk/model_hash.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "engine/model/describe.h"

namespace tendril::engine {
namespace {

constexpr const char* kFile = "models";
constexpr std::size_t kMaxBytes = 1U << 20;
constexpr std::size_t kMaxModels = 256;
constexpr std::size_t kHashDigits = 64;

std::vector<std::string> lines_in(const Descriptor& store) {
    std::vector<std::string> lines;
    const Result<std::vector<std::byte>> read = read_file(store, kFile, kMaxBytes);
    if (!read) {
        return lines;
    }
    std::string line;
    for (const std::byte byte : *read) {
        if (byte == std::byte{'\n'}) {
            lines.push_back(std::move(line));
            line.clear();
        } else {
            line += static_cast<char>(byte);
        }
    }
    return lines;
}

bool is_hash(const std::string& text) {
    return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string model_marks(const std::filesystem::path& model) {
    // The time of the last change of the inode is among them: it cannot be set back by ordinary means.
    struct stat about {};
    std::error_code error;
    const std::filesystem::path full = std::filesystem::canonical(model, error);
    if (error || ::stat(full.c_str(), &about) != 0 || full.native().find('\n') != std::string::npos) {
        return {};
    }
    const auto time = [](const timespec& at) {
        return std::to_string(at.tv_sec) + "." + std::to_string(at.tv_nsec);
    };
    return std::to_string(about.st_size) + " " + std::to_string(about.st_dev) + " " +
           std::to_string(about.st_ino) + " " + time(about.st_mtim) + " " + time(about.st_ctim) + " " +
           full.native();
}

std::optional<std::string> known_model_hash(const Descriptor& store, const std::string& marks) {
    for (const std::string& line : lines_in(store)) {
        if (!marks.empty() && line.size() > kHashDigits && line.substr(kHashDigits + 1) == marks &&
            is_hash(line.substr(0, kHashDigits))) {
            return line.substr(0, kHashDigits);
        }
    }
    return std::nullopt;
}

Result<std::string> compute_model_hash(const Descriptor& store, const std::filesystem::path& model,
                                       const std::string& marks, const std::function<bool(double)>& progress,
                                       const DiskHooks& hooks) {
    if (marks.empty() || model_marks(model) != marks) {
        return fail(ErrorCode::io, "The model file has changed since it was loaded.",
                    model.filename().string());
    }
    Result<std::string> hash = file_sha256(model, progress);
    if (!hash) {
        return hash;
    }
    if (model_marks(model) != marks) {
        return fail(ErrorCode::io, "The model file has changed since it was loaded.",
                    model.filename().string());
    }
    const std::string path = marks.substr(marks.find('/'));
    std::vector<std::string> lines = lines_in(store);
    std::erase_if(lines, [&](const std::string& line) { return line.ends_with(" " + path); });
    lines.push_back(*hash + " " + marks);
    std::string text;
    for (std::size_t i = lines.size() > kMaxModels ? lines.size() - kMaxModels : 0; i < lines.size(); ++i) {
        text += lines[i] + "\n";
    }
    // When it cannot be remembered it is computed again the next time; nothing else depends on it.
    [[maybe_unused]] const Status remembered = replace_file(store, kFile, bytes_of(text), hooks);
    return hash;
}

}  // namespace tendril::engine
