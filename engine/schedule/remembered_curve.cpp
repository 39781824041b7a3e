// SPDX-License-Identifier: Apache-2.0
// A text file: the key, line by line, then "M milliseconds" for each M, then "end".
#include "engine/schedule/remembered_curve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>

#include "engine/schedule/curve_meter.h"

namespace tendril::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 16384;  // a path has at most 4096
constexpr std::size_t kMostFiles = 64;
constexpr double kLongestStepMs = 1e6;

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, '?');
    return text;
}

std::string head_of(const CurveKey& key) {
    return "tendril step times 1\nmodel " + one_line(key.model.string()) + "\nbytes " +
           std::to_string(key.bytes) + "\nmodified " + std::to_string(key.modified_ns) + "\ndevice " +
           one_line(key.device) + "\nkv " + one_line(key.kv) + "\n";
}

std::uint64_t fnv1a(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    return hash;
}

fs::path file_of(const fs::path& folder, const std::string& head) {
    char name[40];
    std::snprintf(name, sizeof name, "steps-%016llx.txt", static_cast<unsigned long long>(fnv1a(head)));
    return folder / name;
}

/// One line "M milliseconds"; the rest of the text stays.
std::optional<CurvePoint> take_point(std::string_view& text) {
    CurvePoint point;
    const char* const end = text.data() + text.size();
    const auto rows = std::from_chars(text.data(), end, point.rows);
    if (rows.ec != std::errc() || rows.ptr == end || *rows.ptr != ' ') {
        return std::nullopt;
    }
    const auto time = std::from_chars(rows.ptr + 1, end, point.step_ms);
    if (time.ec != std::errc() || time.ptr == end || *time.ptr != '\n' || !(point.step_ms > 0) ||
        point.step_ms > kLongestStepMs) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(time.ptr + 1 - text.data()));
    return point;
}

Status failed(const char* what, const fs::path& file) {
    return fail(ErrorCode::io, "Measurements cannot be kept in " + file.parent_path().string() + ".",
                std::string(what) + ": " + std::strerror(errno));
}

Status write_whole(const fs::path& file, const std::string& text) {
    const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return failed("open", file);
    }
    std::string_view rest = text;
    bool good = true;
    while (good && !rest.empty()) {
        const ssize_t count = write(descriptor, rest.data(), rest.size());
        good = count > 0 || (count < 0 && errno == EINTR);
        rest.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    good = good && fsync(descriptor) == 0;
    const Status status = good ? Status() : failed("write", file);
    close(descriptor);
    return status;
}

void drop_oldest(const fs::path& folder) {
    std::error_code error;
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().filename().string().rfind("steps-", 0) == 0) {
            std::error_code unknown;
            files.emplace_back(entry->last_write_time(unknown), entry->path());
        }
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + kMostFiles < files.size(); ++i) {
        fs::remove(files[i].second, error);
    }
}

}  // namespace

std::optional<CurveKey> CurveKey::of(const fs::path& model, std::string device, std::string kv) {
    struct stat status {};
    if (stat(model.c_str(), &status) != 0) {
        return std::nullopt;
    }
    std::error_code error;
    fs::path whole = fs::absolute(model, error);
    return CurveKey{error ? model : std::move(whole), static_cast<std::uint64_t>(status.st_size),
                    std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                    std::move(device), std::move(kv)};
}

std::optional<std::vector<CurvePoint>> read_curve(const fs::path& folder, const CurveKey& key) {
    const std::string head = head_of(key);
    std::ifstream file(file_of(folder, head), std::ios::binary);
    std::string content(kMostBytes, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    if (content.compare(0, head.size(), head) != 0) {
        return std::nullopt;
    }
    std::string_view rest = std::string_view(content).substr(head.size());
    std::vector<CurvePoint> curve;
    for (const std::uint32_t rows : kCurveRows) {
        const auto point = take_point(rest);
        if (!point || point->rows != rows) {
            return std::nullopt;
        }
        curve.push_back(*point);
    }
    return rest == "end\n" ? std::optional(std::move(curve)) : std::nullopt;
}

Status write_curve(const fs::path& folder, const CurveKey& key, const std::vector<CurvePoint>& curve) {
    std::error_code error;
    fs::create_directories(folder, error);
    const std::string head = head_of(key);
    std::string text = head;
    for (const CurvePoint& point : curve) {
        char line[64];
        const auto rows = std::to_chars(line, line + sizeof line, point.rows);
        *rows.ptr = ' ';
        const auto time = std::to_chars(rows.ptr + 1, line + sizeof line - 1, point.step_ms);
        *time.ptr = '\n';
        text.append(line, time.ptr + 1);
    }
    const fs::path file = file_of(folder, head);
    fs::path fresh = file;
    fresh += ".new" + std::to_string(getpid());
    if (Status status = write_whole(fresh, text + "end\n"); !status) {
        fs::remove(fresh, error);
        return status;
    }
    if (std::rename(fresh.c_str(), file.c_str()) != 0) {
        const Status status = failed("rename", file);
        fs::remove(fresh, error);
        return status;
    }
    drop_oldest(folder);
    return {};
}

}  // namespace tendril::engine
