// SPDX-License-Identifier: Apache-2.0
// Parsing of the environment variable.
#include "tests/cuda/emulator/environment.h"

#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>

#include "tests/cuda/emulator/check.h"
#include "tests/cuda/emulator/report.h"
#include "tests/cuda/emulator/sanitizer.h"

namespace tendril::emulator {

namespace {

std::optional<size_t> number(std::string_view text) {
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

template <class T>
bool choose(std::string_view text, const std::map<std::string_view, T>& choices, T& value) {
    const auto choice = choices.find(text);
    if (choice != choices.end()) {
        value = choice->second;
    }
    return choice != choices.end();
}

constexpr size_t kMiB = size_t{1} << 20;

// Numbers, by key.
bool set_number(Environment& e, DeviceDescription& device, size_t& devices, std::string_view key,
                size_t value) {
    const auto as_int = static_cast<int>(value);
    if (key == "seed") {
        e.settings.seed = static_cast<unsigned>(value);
    } else if (key == "workers") {
        e.settings.workers = as_int;
    } else if (key == "resident") {
        e.settings.resident_blocks = as_int;
    } else if (key == "protect") {
        e.settings.protect_device_memory = value != 0;
    } else if (key == "late-copies") {
        e.settings.late_copies = value != 0;
    } else if (key == "arch") {
        device.arch = e.settings.ptx_arch = as_int * 10;
    } else if (key == "memory") {
        device.memory = value * kMiB;
    } else if (key == "used") {
        device.used_by_others = value * kMiB;
    } else if (key == "processors") {
        device.processors = as_int;
    } else if (key == "devices") {
        devices = value;
    } else if (key == "driver") {
        e.machine.driver_version = as_int;
    } else {
        return false;
    }
    return true;
}

bool set(Environment& e, DeviceDescription& device, size_t& devices, std::string_view key,
         std::string_view value) {
    if (key == "schedule") {
        return choose<Schedule>(
            value,
            {{"order", Schedule::kInOrder}, {"reverse", Schedule::kReversed}, {"random", Schedule::kRandom}},
            e.settings.schedule);
    }
    if (key == "streams") {
        return choose<Streams>(
            value, {{"eager", Streams::kEager}, {"lazy", Streams::kLazy}, {"random", Streams::kRandom}},
            e.settings.streams);
    }
    if (key == "tier") {
        return choose<Tier>(value, {{"source", Tier::kSource}, {"ptx", Tier::kPtx}}, e.settings.tier);
    }
    const std::optional<size_t> parsed = number(value);
    return parsed && set_number(e, device, devices, key, *parsed);
}

}  // namespace

Environment parse_environment(std::string_view text, std::string& error) {
    Environment e;
    e.settings.protect_device_memory = kChecking || kAddressSanitizer;
    DeviceDescription device;
    size_t devices = 1;
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), item.size() + 1));
        const size_t equals = item.find('=');
        const bool known = equals != std::string_view::npos &&
                           set(e, device, devices, item.substr(0, equals), item.substr(equals + 1));
        if (!known && !item.empty()) {
            error += (error.empty() ? "" : ", ") + std::string(item);
        }
    }
    e.machine.devices.assign(devices, device);
    return e;
}

const Environment& environment() {
    static const Environment parsed = [] {
        const char* text = std::getenv("TENDRIL_CUDA_EMULATOR");
        std::string error;
        Environment e = parse_environment(text == nullptr ? "" : text, error);
        if (!error.empty()) {
            report("emulator", "TENDRIL_CUDA_EMULATOR says what is not known: " + error);
        }
        return e;
    }();
    return parsed;
}

}  // namespace tendril::emulator
