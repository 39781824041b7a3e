// SPDX-License-Identifier: Apache-2.0
// Reads /sys/class/power_supply. Any thread; no state.
#include "app/power.h"

#include <fstream>
#include <string>
#include <system_error>

namespace tendril::app {
namespace {

namespace fs = std::filesystem;

std::string word_in(const fs::path& file) {
    std::ifstream in(file);
    std::string word;
    in >> word;
    return word;
}

}  // namespace

bool on_battery(const fs::path& supplies) {
    std::error_code error;
    bool emptied = false;
    fs::directory_iterator it(supplies, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
        const fs::path& supply = it->path();
        if (word_in(supply / "type") != "Battery") {
            if (word_in(supply / "online") == "1") {
                return false;  // mains, or a charger at a USB port
            }
        } else if (word_in(supply / "scope") != "Device" && word_in(supply / "status") == "Discharging") {
            emptied = true;
        }
    }
    return emptied;
}

}  // namespace tendril::app
