// SPDX-License-Identifier: Apache-2.0
// Whether the computer runs on its battery now, from what the kernel says. Any thread; no state.
#pragma once

#include <filesystem>

namespace tendril::app {

inline constexpr const char* kPowerSupplies = "/sys/class/power_supply";

/// True when a battery of the computer itself (not of a mouse) is being emptied and no other supply feeds it.
/// A folder that is not there, or says nothing, means mains: most computers without a battery have none.
bool on_battery(const std::filesystem::path& supplies = kPowerSupplies);

}  // namespace tendril::app
