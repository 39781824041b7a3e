// SPDX-License-Identifier: Apache-2.0
// Asks Linux how much memory this process may still take. Any thread; reads a few small files of /proc and
// /sys.
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "engine/checked_math.h"
#include "engine/model/memory_plan.h"

namespace tendril::engine {
namespace {

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::uint64_t value = 0;
    return file >> value ? std::optional(value) : std::nullopt;  // "max" is no number: no limit
}

/// The number behind `name` in a file of "name number ..." lines.
std::optional<std::uint64_t> field_in(const std::filesystem::path& path, const std::string& name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        std::uint64_t value = 0;
        if (words >> key >> value && key == name) {
            return value;
        }
    }
    return std::nullopt;
}

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used) {
    return limit > used ? limit - used : 0;
}

std::uint64_t system_memory(const std::filesystem::path& proc) {
    const std::optional<std::uint64_t> kilobytes = field_in(proc / "meminfo", "MemAvailable:");
    return kilobytes ? saturating_multiply(*kilobytes, 1024) : kUnknown;
}

std::uint64_t address_space(const std::filesystem::path& proc) {
    struct rlimit limit {};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return kUnknown;
    }
    const std::optional<std::uint64_t> used = field_in(proc / "self" / "status", "VmSize:");
    return left_of(limit.rlim_cur, saturating_multiply(used.value_or(0), 1024));
}

/// The names of the files of one version of control groups.
struct GroupFiles {
    const char* limit;
    const char* used;
    const char* droppable;
};
constexpr GroupFiles kVersion2 = {"memory.max", "memory.current", "inactive_file"};
constexpr GroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};

/// The least room in a group and all groups around it.
std::uint64_t room_in_groups(const std::filesystem::path& root, const std::string& group,
                             const GroupFiles& files) {
    std::uint64_t least = kUnknown;
    std::filesystem::path inside = std::filesystem::path(group).relative_path();
    while (true) {
        const std::filesystem::path folder = root / inside;
        const std::optional<std::uint64_t> limit = number_in(folder / files.limit);
        const std::optional<std::uint64_t> used = number_in(folder / files.used);
        if (limit && used) {
            const std::uint64_t droppable = field_in(folder / "memory.stat", files.droppable).value_or(0);
            least = std::min(least, left_of(*limit, left_of(*used, droppable)));
        }
        if (inside.empty()) {
            return least;
        }
        inside = inside.parent_path();
    }
}

std::uint64_t control_groups(const MemorySources& sources) {
    std::uint64_t least = kUnknown;
    std::ifstream file(sources.proc / "self" / "cgroup");
    for (std::string line; std::getline(file, line);) {  // hierarchy:controllers:path
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string group = line.substr(second + 1);
        if (controllers == ",,") {
            least = std::min(least, room_in_groups(sources.cgroup, group, kVersion2));
        } else if (controllers.find(",memory,") != std::string::npos) {
            least = std::min(least, room_in_groups(sources.cgroup / "memory", group, kVersion1));
        }
    }
    return least;
}

}  // namespace

std::uint64_t available_memory(const MemorySources& sources) {
    return std::min({system_memory(sources.proc), address_space(sources.proc), control_groups(sources)});
}

}  // namespace tendril::engine
