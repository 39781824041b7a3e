// SPDX-License-Identifier: Apache-2.0
// How many cores this process may use. Any thread; asked once, at start.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace tendril::engine {

/// Those that its affinity allows (taskset, cpuset), and no more than its group's share of time is worth: a
/// gang of more threads would be stopped for a part of each period, in the middle of a step. At least 1.
unsigned usable_cores();

/// The least share of time, in cores, of the control groups that `memberships` (the text of
/// /proc/self/cgroup) names, and of those above them, below the mount point `root`: cpu.max of version 2,
/// cpu.cfs_quota_us of version 1. None: not limited.
std::optional<double> share_of_groups(const std::filesystem::path& root, std::string_view memberships);

}  // namespace tendril::engine
