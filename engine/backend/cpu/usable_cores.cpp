// SPDX-License-Identifier: Apache-2.0
// Usable cores; see usable_cores.h.
#include "engine/backend/cpu/usable_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace tendril::engine {
namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Quota over period; none when it is "max", -1, or not there.
std::optional<double> share_of(const std::string& quota, const std::string& period) {
    char* end = nullptr;
    const double time = std::strtod(quota.c_str(), &end);
    if (end == quota.c_str()) {
        return {};
    }
    const double of = std::strtod(period.c_str(), nullptr);
    if (!(time > 0) || !(of > 0)) {
        return {};
    }
    return time / of;
}

std::optional<double> share_of_group(const std::filesystem::path& folder) {
    const std::string both = text_of(folder / "cpu.max");
    if (const std::size_t gap = both.find(' '); gap != std::string::npos) {
        return share_of(both.substr(0, gap), both.substr(gap + 1));
    }
    return share_of(text_of(folder / "cpu.cfs_quota_us"), text_of(folder / "cpu.cfs_period_us"));
}

/// The least of a group's share and of those above it. A group that is not there is passed over: inside a
/// container the mount point itself is the container's group.
void take_least(const std::filesystem::path& mount, std::filesystem::path group,
                std::optional<double>& least) {
    for (group = group.relative_path();; group = group.parent_path()) {
        if (const auto share = share_of_group(mount / group)) {
            least = std::min(*share, least.value_or(*share));
        }
        if (group.empty()) {
            return;
        }
    }
}

bool names_cpu(std::string_view controllers) {
    while (!controllers.empty()) {
        const std::size_t end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == "cpu") {
            return true;
        }
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

}  // namespace

std::optional<double> share_of_groups(const std::filesystem::path& root, std::string_view memberships) {
    std::optional<double> least;
    while (!memberships.empty()) {
        const std::size_t end = std::min(memberships.find('\n'), memberships.size());
        const std::string_view line = memberships.substr(0, end);
        memberships.remove_prefix(std::min(end + 1, memberships.size()));
        const std::size_t first = line.find(':');
        const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
        if (second == line.npos) {
            continue;
        }
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::filesystem::path group(line.substr(second + 1));
        if (controllers.empty()) {
            take_least(root, group, least);
        } else if (names_cpu(controllers)) {
            take_least(root / controllers, group, least);
            take_least(root / "cpu", group, least);
        }
    }
    return least;
}

unsigned usable_cores() {
    unsigned cores = std::max(1U, std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        cores = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    }
    if (const auto share = share_of_groups("/sys/fs/cgroup", text_of("/proc/self/cgroup"))) {
        cores = static_cast<unsigned>(std::clamp(std::round(*share), 1.0, static_cast<double>(cores)));
    }
#endif
    return cores;
}

}  // namespace tendril::engine
